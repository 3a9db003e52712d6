/** Cancels jobs: updates the record first, so that no late write can undo it, then stops the execution. */

import { isJobId, type Job } from '../jobs/job.ts';
import { jobAlreadyEnded, jobNotFound } from '../jobs/job-errors.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import type { Executions } from './executions.ts';

/**
 * Ends the owner's job as `cancelled` and stops its execution.
 * @throws AppError JOB_NOT_FOUND, or JOB_ALREADY_ENDED with the final status.
 */
export async function cancelJob(
  { jobs, executions }: { readonly jobs: JobStore; readonly executions: Executions },
  owner: string,
  jobId: string,
): Promise<Job> {
  const found = isJobId(jobId) ? await jobs.get(owner, jobId) : undefined;
  if (!found) throw jobNotFound();
  const job = await jobs.cancel(owner, found).catch((error: unknown) => {
    if (!(error instanceof TransitionRefused)) throw error;
    if (!error.job) throw jobNotFound();
    throw jobAlreadyEnded(error.job);
  });
  await executions.stop(job, 'The owner cancelled the job.').catch((error: unknown) => {
    // The job stays cancelled: a running step notices it, and no further step can begin.
    console.error({ message: 'Failed to stop an execution', jobId, error });
  });
  return job;
}
