/** Tests what the canary measures, with a clock of its own. */
import { jest } from '@jest/globals';
import type { Arrival } from '../../lambdas/canary/canary-runs.ts';
import { metricsOf, type RunDependencies, runCanary, WAIT_MS } from '../../lambdas/canary/run-canary.ts';
import { log } from '../../lambdas/shared/observability/log.ts';

beforeEach(() => jest.spyOn(log, 'error').mockImplementation(() => {}));
afterEach(() => jest.restoreAllMocks());

const JOB_ID = '5c2f3b5e-3e0e-4d3e-9d53-0c6b3a6d2f10';

/** @param startMs how long the start takes @param arrival what the table has of the job, by the time since the run began */
async function run({
  startMs = 100,
  arrival,
  ...overrides
}: Partial<RunDependencies> & {
  readonly startMs?: number;
  readonly arrival?: (nowMs: number) => Arrival | undefined;
}) {
  let nowMs = 0;
  const urls: string[] = [];
  const created: string[] = [];
  const result = await runCanary({
    apiUrl: 'https://jobs.example.com',
    publicKeys: async () => [],
    signIn: async () => fetch,
    start: async (_, url) => {
      urls.push(url);
      nowMs += startMs;
      return JOB_ID;
    },
    runs: {
      create: async (token) => void created.push(token),
      arrival: async (_, jobId) => (jobId === JOB_ID ? arrival?.(nowMs) : undefined),
    },
    now: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
    ...overrides,
  });
  return { metrics: Object.fromEntries(metricsOf(result)), urls, created, nowMs };
}

const after = (ms: number): Arrival => ({ endedMs: 10_000, arrivedMs: 10_000 + ms });

test('a good run has a good start and a good delivery', async () => {
  const { metrics, nowMs } = await run({ arrival: (now) => (now >= 1_000 ? after(300) : undefined) });
  expect(metrics).toEqual({
    CanaryStarts: 1,
    CanaryStartsGood: 1,
    CanaryStartTime: 100,
    CanaryDeliveries: 1,
    CanaryDeliveriesGood: 1,
    CanaryDeliveryTime: 300,
  });
  expect(nowMs).toBeLessThan(2_000);
});

test('each run expects its webhook at a path that nobody can guess', async () => {
  const [first, second] = await Promise.all([
    run({ arrival: () => after(1) }),
    run({ arrival: () => after(1) }),
  ]);
  expect(first.urls).toEqual([`https://jobs.example.com/canary/${first.created[0]}`]);
  expect(first.created[0]).toMatch(/^[\w-]{32}$/);
  expect(second.created).not.toEqual(first.created);
});

test.each([
  [1_000, 1],
  [1_001, 0],
])('a start that takes %d ms counts %d as good', async (startMs, good) => {
  expect((await run({ startMs, arrival: () => after(1) })).metrics).toMatchObject({
    CanaryStarts: 1,
    CanaryStartsGood: good,
    CanaryStartTime: startMs,
  });
});

test.each([
  [-20, 1, 0],
  [5_000, 1, 5_000],
  [5_001, 0, 5_001],
])('a webhook %d ms after the end counts %d as good', async (ms, good, shown) => {
  expect((await run({ arrival: () => after(ms) })).metrics).toMatchObject({
    CanaryDeliveries: 1,
    CanaryDeliveriesGood: good,
    CanaryDeliveryTime: shown,
  });
});

test('a webhook that never comes counts as bad, after a minute', async () => {
  const { metrics, nowMs } = await run({});
  expect(metrics).toEqual({
    CanaryStarts: 1,
    CanaryStartsGood: 1,
    CanaryStartTime: 100,
    CanaryDeliveries: 1,
    CanaryDeliveriesGood: 0,
  });
  expect(nowMs).toBe(100 + WAIT_MS);
});

test('a start that is refused counts as bad, and has no delivery', async () => {
  const start = () => Promise.reject(new Error('search was not started.'));
  expect((await run({ start })).metrics).toEqual({
    CanaryStarts: 1,
    CanaryStartsGood: 0,
    CanaryStartTime: 0,
  });
});

test('a sign-in that fails counts as a bad start', async () => {
  const signIn = () => Promise.reject(new Error('no token'));
  expect((await run({ signIn })).metrics).toEqual({ CanaryStarts: 1, CanaryStartsGood: 0 });
});

test.each([
  ['a run that cannot be stored', { runs: { create: fails, arrival: async () => undefined } }],
  ['an API without keys to verify with', { publicKeys: fails }],
])('%s counts as a bad start', async (_, overrides) => {
  expect((await run(overrides)).metrics).toEqual({ CanaryStarts: 1, CanaryStartsGood: 0 });
});

function fails(): Promise<never> {
  return Promise.reject(new Error('unavailable'));
}

test('a read that fails is repeated, and counts as no webhook in the end', async () => {
  jest.spyOn(log, 'warn').mockImplementation(() => {});
  const { metrics, nowMs } = await run({ runs: { create: async () => {}, arrival: fails } });
  expect(metrics).toMatchObject({ CanaryStartsGood: 1, CanaryDeliveries: 1, CanaryDeliveriesGood: 0 });
  expect(nowMs).toBe(100 + WAIT_MS);
});
