/** Defines the failure that a step's function passes to its state for a retry. */
import type { JobError } from '../jobs/job.ts';
import type { JobEnd } from '../jobs/job-store.ts';
import type { Usage } from '../shared/usage.ts';
import { fitsCause } from './state-error.ts';
import { RETRYABLE_STEP_ERROR } from './state-names.ts';

/** The failure to record on the job when no retry is left. */
export interface RetryableFailure extends Pick<JobEnd, 'logTail'> {
  readonly error: JobError;
  /** The log of the step that failed. The execution has those of the steps before. */
  readonly logs: JobEnd['logs'];
  /** What the attempt used, when no other write has it. */
  readonly used?: Usage;
}

/** @returns the failure with as many last lines of its log as fit into a cause; its error is bounded, and always fits */
export function fitFailure(failure: RetryableFailure): RetryableFailure {
  const { logTail = [], ...rest } = failure;
  for (let first = 0; first < logTail.length; first += 1) {
    const shorter = { ...rest, logTail: logTail.slice(first) };
    if (fitsCause(RETRYABLE_STEP_ERROR, shorter)) return shorter;
  }
  return rest;
}
