/** Accepting work: a job on disk first, then its execution. */
import { randomUUID } from 'node:crypto';
import { longestRunMs, type OperationDefinition } from '../operations/define-operation.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import type { Executions } from './executions.ts';
import { hashInput, type Job, JobStatus, jobIdForKey } from './job.ts';
import type { JobStore } from './job-store.ts';

/** Kept for a day after its end, unless the caller asks for another time. */
export const DEFAULT_RETENTION_SECONDS = 24 * 60 * 60;
/** A week: what a listing of unwatched jobs may grow by. */
export const MAX_RETENTION_SECONDS = 7 * DEFAULT_RETENTION_SECONDS;

/** Step Functions takes 256 KiB of input and returns it at each state beside the steps' results: this leaves them half. */
const MAX_INPUT_BYTES = 128 * 1024;

export interface Submission {
  readonly owner: string;
  readonly operation: OperationDefinition;
  /** Already validated by the operation's schema. */
  readonly input: Json;
  /** At most 255 characters. */
  readonly idempotencyKey?: string;
  /** @default DEFAULT_RETENTION_SECONDS */
  readonly retentionSeconds?: number;
}

/**
 * One write and one StartExecution. Repeated with the same idempotency key it finds the same job, and starts an
 * execution that an earlier call did not come to start.
 * @throws AppError INPUT_TOO_LARGE, IDEMPOTENCY_KEY_REUSED, or START_FAILED when the execution could not be started
 *   (then the job is `failed`).
 */
export async function submitJob(
  { jobs, executions }: { readonly jobs: JobStore; readonly executions: Executions },
  { owner, operation, input, idempotencyKey, retentionSeconds = DEFAULT_RETENTION_SECONDS }: Submission,
): Promise<Job> {
  const inputBytes = Buffer.byteLength(JSON.stringify(input));
  if (inputBytes > MAX_INPUT_BYTES) {
    throw new AppError(
      ErrorCode.inputTooLarge,
      `The arguments take ${inputBytes} bytes; ${MAX_INPUT_BYTES} is the limit. Put large data in the workspace bucket.`,
    );
  }
  const keyed = idempotencyKey !== undefined;
  const { job, created } = await jobs.create({
    jobId: keyed ? jobIdForKey(owner, operation.name, idempotencyKey) : randomUUID(),
    ...(keyed && { idempotent: true }),
    owner,
    operation: operation.name,
    input,
    inputHash: hashInput(input),
    retentionSeconds,
    longestRunMs: longestRunMs(operation),
  });
  if (created || job.status === JobStatus.pending) await start({ jobs, executions }, job);
  return job;
}

async function start(
  { jobs, executions }: { readonly jobs: JobStore; readonly executions: Executions },
  job: Job,
): Promise<void> {
  try {
    await executions.start(job);
  } catch (cause) {
    const error = new AppError(
      ErrorCode.startFailed,
      'The work could not be started. Call again in a minute.',
      {
        retryable: true,
        cause,
      },
    );
    await jobs.fail(
      job.jobId,
      { code: error.code, message: error.message, retryable: true },
      { retentionSeconds: job.retentionSeconds },
    );
    throw error;
  }
}
