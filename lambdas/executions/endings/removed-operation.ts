/** Ends open jobs whose operation is no longer in the catalogue: their state machine is gone, or they would stay open. */
import type { Job, JobError } from '../../jobs/job.ts';
import { type JobStore, type OpenJob, TransitionRefused } from '../../jobs/job-store.ts';
import { ErrorCode } from '../../shared/errors.ts';

/** Returns the error of a job whose operation was removed. */
export function operationRemoved({ operation, step }: Pick<Job, 'operation' | 'step'>): JobError {
  const message = `The operation ${operation} was removed before its job ended. Use another operation, or ask the operator.`;
  return { code: ErrorCode.operationRemoved, message, ...(step && { step }), retryable: false };
}

/** Fails an open job with OPERATION_REMOVED, unless it has ended since. */
export async function endRemoved(jobs: JobStore, { jobId, operation, createdAt }: OpenJob): Promise<void> {
  const job = await jobs.find(jobId);
  // The idempotency key may have created another job since.
  if (job?.createdAt !== createdAt) return;
  try {
    await jobs.fail(jobId, operationRemoved(job), { retentionSeconds: job.retentionSeconds });
    console.warn({ message: 'The operation of an open job was removed', jobId, operation });
  } catch (error) {
    if (!(error instanceof TransitionRefused)) throw error;
  }
}
