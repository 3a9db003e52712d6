/** Defines the failure that a step's function hands to its state for another attempt. */
import type { JobError } from '../jobs/job.ts';
import type { JobEnd } from '../jobs/job-store.ts';

/** What the record of a job says once its last retryable failure is not tried again. */
export interface RetryableFailure extends Pick<JobEnd, 'logTail' | 'logs'> {
  readonly error: JobError;
}
