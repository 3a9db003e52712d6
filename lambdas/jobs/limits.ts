/** How much one owner may have done at once: counted in the indexes, so that no item is written by every start. */
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { JobStore } from './job-store.ts';

export interface JobLimits {
  /** Jobs of an owner that have not ended. */
  readonly jobsInFlight: number;
  /** Those of one operation among them. */
  readonly jobsInFlightPerOperation: number;
  /** Jobs that an owner may start within a minute. */
  readonly startsPerMinute: number;
  /** How often an owner may ask for the same job, beyond a first few calls. */
  readonly checksPerSecond: number;
  /** How often an owner may call the same operation for its result, beyond a first few calls. */
  readonly callsPerSecond: number;
}

export const DEFAULT_JOB_LIMITS: JobLimits = {
  jobsInFlight: 100,
  jobsInFlightPerOperation: 50,
  startsPerMinute: 120,
  checksPerSecond: 1,
  callsPerSecond: 5,
};

const MINUTE_MS = 60_000;

/**
 * Two queries at once. What was started within the last moments may not be counted yet, so that a burst can go over a
 * limit by a few.
 * @throws AppError RESOURCE_EXHAUSTED, naming the limit
 */
export async function checkLimits(
  jobs: JobStore,
  { jobsInFlight, jobsInFlightPerOperation, startsPerMinute }: JobLimits,
  owner: string,
  operation: string,
  nowMs: number,
): Promise<void> {
  const since = new Date(nowMs - MINUTE_MS).toISOString();
  const [open, started] = await Promise.all([
    jobs.openOperations(owner, jobsInFlight),
    jobs.countStarted(owner, since, startsPerMinute),
  ]);
  const ofOperation = open.filter((name) => name === operation).length;
  if (open.length >= jobsInFlight) throw exhausted('jobs_in_flight', jobsInFlight, IN_FLIGHT);
  if (ofOperation >= jobsInFlightPerOperation) {
    throw exhausted('jobs_in_flight_per_operation', jobsInFlightPerOperation, IN_FLIGHT);
  }
  if (started >= startsPerMinute) {
    throw exhausted('starts_per_minute', startsPerMinute, 'Wait a minute, then start it again.');
  }
}

const IN_FLIGHT = 'Wait until one of your jobs has ended, or cancel one, then start it again.';

function exhausted(limit: string, max: number, remedy: string): AppError {
  return new AppError(ErrorCode.resourceExhausted, `No more than ${max} ${limit} are allowed. ${remedy}`, {
    retryable: true,
    details: { limit, max },
  });
}
