/** Accepting work: a job on disk first, then its execution. */
import { randomUUID } from 'node:crypto';
import { longestRunMs, type OperationDefinition } from '../definition/operation-definition.ts';
import { hashInput, type Job, JobStatus, jobIdForKey } from '../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import { checkLimits, type JobLimits } from '../jobs/limits.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import type { Executions } from './executions.ts';

/** Kept for a day after its end, unless the caller asks for another time. */
export const DEFAULT_RETENTION_SECONDS = 24 * 60 * 60;
/** A week: what a listing of unwatched jobs may grow by. */
export const MAX_RETENTION_SECONDS = 7 * DEFAULT_RETENTION_SECONDS;

/** Step Functions carries the input through every state beside the steps' results, 256 KiB in all. */
const MAX_INPUT_BYTES = 64 * 1024;

export interface Submission {
  readonly owner: string;
  readonly operation: OperationDefinition;
  /** Already validated by the operation's schema. */
  readonly input: Json;
  readonly callback?: Job['callback'];
  /** For a call that becomes a job: the id it had, what it has done, and what its caller has answered. */
  readonly call?: {
    readonly jobId: string;
    readonly handedOver?: Json;
    readonly answers?: Job['answers'];
  };
  /** At most 255 characters. */
  readonly idempotencyKey?: string;
  /** @default DEFAULT_RETENTION_SECONDS */
  readonly retentionSeconds?: number;
}

export interface SubmitDependencies {
  readonly jobs: JobStore;
  readonly executions: Executions;
  readonly limits: JobLimits;
}

/**
 * One write and one StartExecution, after two queries for the limits. Repeated with the same idempotency key it finds the same job, and starts an
 * execution that an earlier call did not come to start.
 * @throws AppError INPUT_TOO_LARGE, RESOURCE_EXHAUSTED, IDEMPOTENCY_KEY_REUSED, or START_FAILED when the execution could not be started.
 *   Then the job that this call made is `failed`, and the same call makes it anew.
 */
export async function submitJob(
  { jobs, executions, limits }: SubmitDependencies,
  {
    owner,
    operation,
    input,
    callback,
    call,
    idempotencyKey,
    retentionSeconds = DEFAULT_RETENTION_SECONDS,
  }: Submission,
): Promise<Job> {
  const inputBytes = Buffer.byteLength(JSON.stringify(input));
  if (inputBytes > MAX_INPUT_BYTES) {
    throw new AppError(
      ErrorCode.inputTooLarge,
      `The arguments take ${inputBytes} bytes; ${MAX_INPUT_BYTES} is the limit. Put large data in the workspace bucket.`,
    );
  }
  const keyed = idempotencyKey !== undefined;
  const jobId = keyed ? jobIdForKey(owner, operation.name, idempotencyKey) : (call?.jobId ?? randomUUID());
  try {
    await checkLimits(jobs, limits, owner, operation.name, Date.now());
  } catch (error) {
    // A call that is repeated finds its job, whatever else its owner has running.
    if (!keyed || !(await jobs.get(owner, jobId))) throw error;
  }
  const { job, created } = await jobs.create({
    jobId,
    ...(keyed && { idempotent: true }),
    owner,
    operation: operation.name,
    input,
    // Another callback is another request: answered with the first job it would never be called.
    inputHash: hashInput(callback ? [input, callback.url, ...callback.events] : input),
    ...(callback && { callback }),
    ...(call && { handedOver: call.handedOver, answers: call.answers }),
    retentionSeconds,
    longestRunMs: longestRunMs(operation),
  });
  if (job.status !== JobStatus.pending) return job;
  try {
    await executions.start(job);
  } catch (cause) {
    const message =
      'The work could not be started. Call again in a minute, with the same idempotency_key if you gave one.';
    const error = new AppError(ErrorCode.startFailed, message, { retryable: true, cause });
    // Only who made the job may fail it: another call with its key may have started it.
    if (!created || (await failedStart(jobs, job, error))) throw error;
  }
  return job;
}

/** @returns false when the execution was started all the same, and only its answer was lost. */
async function failedStart(
  jobs: JobStore,
  job: Job,
  { code, message, retryable }: AppError,
): Promise<boolean> {
  try {
    await jobs.failStart(job, { code, message, retryable });
    return true;
  } catch (error) {
    if (error instanceof TransitionRefused) return false;
    throw error;
  }
}
