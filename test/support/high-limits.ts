/** Limits for tests and benchmarks, in which one caller does the work of many. */
import type { JobLimits } from '../../lambdas/jobs/limits.ts';

export const HIGH_LIMITS = {
  jobsInFlight: 5_000,
  jobsInFlightPerOperation: 5_000,
  startsPerMinute: 50_000,
  checksPerSecond: 1_000,
  callsPerSecond: 1_000,
} satisfies Partial<JobLimits>;
