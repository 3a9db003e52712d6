/** Fails jobs whose execution can never start. */
import type { Job } from '../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { log } from '../shared/observability/log.ts';

/**
 * @param cause what Step Functions refused
 * @returns the error for the caller; undefined when the job is no longer pending: it was cancelled, or it runs after all
 */
export async function failStart(
  jobs: JobStore,
  job: Pick<Job, 'jobId' | 'retentionSeconds'>,
  cause: unknown,
): Promise<AppError | undefined> {
  const error = startFailed(job, cause);
  const { code, message, retryable } = error;
  try {
    await jobs.failStart(job, { code, message, retryable });
    return error;
  } catch (refusal) {
    if (!(refusal instanceof TransitionRefused)) throw refusal;
    return undefined;
  }
}

/** Logs why a job cannot start. @returns the error for its caller */
export function startFailed({ jobId }: Pick<Job, 'jobId'>, cause: unknown): AppError {
  log.error('Step Functions refused to start a job', { job_id: jobId, error: cause });
  return new AppError(
    ErrorCode.startFailed,
    'Step Functions refused to start the job. Ask the operator to read the log of this job. Then call again, with the same idempotency_key if you gave one.',
    { retryable: true, cause },
  );
}
