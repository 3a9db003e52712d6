/** Cancels jobs: updates the record first, so that no late write can undo it, then stops the execution. */

import { isJobId, type Job } from '../jobs/job.ts';
import { jobAlreadyEnded, jobNotFound } from '../jobs/job-errors.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import type { Executions } from './executions.ts';
import type { ExecutionQueue } from './queue/execution-queue.ts';

/** Cause of a stopped execution. */
export const JOB_CANCELLED = 'The job was cancelled.';

export interface CancelDependencies {
  readonly jobs: JobStore;
  readonly executions: Executions;
  readonly executionQueue: ExecutionQueue;
}

/**
 * Ends the owner's job as `cancelled` and stops its execution.
 * @param message tells the owner who cancelled it
 * @throws AppError JOB_NOT_FOUND, or JOB_ALREADY_ENDED with the final status.
 */
export async function cancelJob(
  { jobs, executions, executionQueue }: CancelDependencies,
  owner: string,
  jobId: string,
  message = 'Cancelled on request.',
): Promise<Job> {
  const found = isJobId(jobId) ? await jobs.get(owner, jobId) : undefined;
  if (!found) throw jobNotFound();
  const job = await jobs.cancel(owner, found, message).catch((error: unknown) => {
    if (!(error instanceof TransitionRefused)) throw error;
    if (!error.job) throw jobNotFound();
    throw jobAlreadyEnded(error.job);
  });
  // The job stays cancelled. A running step notices it, but an external state machine does not.
  await executions.stop(job, JOB_CANCELLED).catch((error: unknown) => executionQueue.send(job, error));
  return job;
}
