/** Checks how many jobs an owner may run and start. It counts index entries, so that starts do not write a shared counter. */
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { JobStore } from './job-store.ts';

/** Limits of one owner. */
export interface JobLimits {
  /** Open jobs of an owner. */
  readonly jobsInFlight: number;
  /** Open jobs of an owner per operation. */
  readonly jobsInFlightPerOperation: number;
  /** Jobs that an owner may start per minute. */
  readonly startsPerMinute: number;
  /** Polls of one job per second and owner, after an initial burst. Each function instance counts its own. */
  readonly checksPerSecond: number;
  /** Synchronous calls of one operation per second and owner, after an initial burst. Each function instance counts its own. */
  readonly callsPerSecond: number;
  /**
   * Calls of an owner that may wait at once, counted over all function instances: `wait_seconds`, `tasks/result`,
   * `subscriptions/listen`, `events/stream`. As many synchronous calls may run besides. Each occupies an instance of a function.
   */
  readonly waitingCalls: number;
}

export const DEFAULT_JOB_LIMITS: JobLimits = {
  jobsInFlight: 100,
  jobsInFlightPerOperation: 50,
  startsPerMinute: 120,
  checksPerSecond: 1,
  callsPerSecond: 5,
  waitingCalls: 5,
};

const MINUTE_MS = 60_000;

/**
 * Runs two queries in parallel. Indexes lag by moments, so a burst can exceed a limit by a few jobs.
 * @throws AppError RESOURCE_EXHAUSTED with the limit
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
    throw exhausted('starts_per_minute', startsPerMinute, 'Wait a minute, then start the job again.');
  }
}

const IN_FLIGHT = 'Wait until one of your jobs ends or cancel one, then start the job again.';

function exhausted(limit: string, max: number, remedy: string): AppError {
  return new AppError(ErrorCode.resourceExhausted, `The limit ${limit} (${max}) is reached. ${remedy}`, {
    retryable: true,
    details: { limit, max },
  });
}
