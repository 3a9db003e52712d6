/** Defines the failure that a step's function passes to its state for a retry. */
import type { JobError } from '../jobs/job.ts';
import type { JobEnd } from '../jobs/job-store.ts';

/** The failure to record on the job when no retry is left. */
export interface RetryableFailure extends Pick<JobEnd, 'logTail' | 'logs'> {
  readonly error: JobError;
}
