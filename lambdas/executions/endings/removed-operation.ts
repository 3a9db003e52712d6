/** Ends open jobs and executions of operations that are no longer in the catalogue. */
import { type Job, type JobError, logKeysOf } from '../../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../../jobs/job-store.ts';
import { ErrorCode } from '../../shared/errors.ts';
import { log } from '../../shared/observability/log.ts';
import type { Executions } from '../executions.ts';

/** Returns the error of a job whose operation was removed. */
export function operationRemoved({ operation, step }: Pick<Job, 'operation' | 'step'>): JobError {
  const message = `The operation ${operation} was removed before its job ended. Use another operation, or ask the operator.`;
  return { code: ErrorCode.operationRemoved, message, ...(step && { step }), retryable: false };
}

/** Stops the execution of an open job and fails the job with OPERATION_REMOVED, unless it has ended since. */
export async function endRemoved(
  { jobs, executions }: { readonly jobs: JobStore; readonly executions: Executions },
  job: Job,
): Promise<void> {
  const { jobId, retentionSeconds } = job;
  // Step Functions deletes a state machine when its executions have ended, and one that waits for an answer can wait for days.
  await executions.stop(job, 'The operation was removed.');
  try {
    await jobs.fail(jobId, operationRemoved(job), { retentionSeconds });
    log.warn('The operation of an open job was removed', logKeysOf(job));
  } catch (error) {
    if (!(error instanceof TransitionRefused)) throw error;
  }
}
