/** Tests at which count each limit refuses a start, and what the error says. */
import type { JobStore } from '../../lambdas/jobs/job-store.ts';
import { checkLimits, DEFAULT_JOB_LIMITS } from '../../lambdas/jobs/limits.ts';

const NOW = Date.parse('2026-01-01T00:01:00.000Z');
const limits = { ...DEFAULT_JOB_LIMITS, jobsInFlight: 3, jobsInFlightPerOperation: 2, startsPerMinute: 4 };

function check(open: readonly string[], started: number) {
  const asked: unknown[] = [];
  const jobs = {
    openOperations: async (...query: unknown[]) => {
      asked.push(query);
      return open;
    },
    countStarted: async (...query: unknown[]) => {
      asked.push(query);
      return started;
    },
  } as unknown as JobStore;
  return { asked, outcome: checkLimits(jobs, limits, 'alice', 'build', NOW) };
}

test('the defaults are those of the documentation', () => {
  expect(DEFAULT_JOB_LIMITS).toEqual({
    jobsInFlight: 100,
    jobsInFlightPerOperation: 50,
    startsPerMinute: 120,
    checksPerSecond: 1,
    callsPerSecond: 5,
    waitingCalls: 5,
  });
});

test('counts the open jobs of the owner, and the starts of the last minute', async () => {
  const { asked, outcome } = check([], 0);
  await outcome;
  expect(asked).toEqual([
    ['alice', 3],
    ['alice', '2026-01-01T00:00:00.000Z', 4],
  ]);
});

test('accepts one job below each limit', async () => {
  await expect(check(['build', 'test'], 3).outcome).resolves.toBeUndefined();
});

const IN_FLIGHT = 'Wait until one of your jobs ends or cancel one, then start the job again.';

test.each([
  ['jobs_in_flight', 3, IN_FLIGHT, ['test', 'test', 'deploy'], 0],
  ['jobs_in_flight_per_operation', 2, IN_FLIGHT, ['build', 'build'], 0],
  ['starts_per_minute', 4, 'Wait a minute, then start the job again.', [], 4],
])('refuses a start at %s (%i)', async (limit, max, remedy, open, started) => {
  await expect(check(open, started).outcome).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    message: `The limit ${limit} (${max}) is reached. ${remedy}`,
    retryable: true,
    details: { limit, max },
  });
});
