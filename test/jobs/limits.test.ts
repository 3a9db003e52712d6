/** What one owner may have done at once; each limit met on a real table. */
import { jest } from '@jest/globals';
import type { Executions } from '../../lambdas/executions/executions.ts';
import type { ExecutionQueue } from '../../lambdas/executions/queue/execution-queue.ts';
import { submitJob } from '../../lambdas/executions/submit.ts';
import { JobStore } from '../../lambdas/jobs/job-store.ts';
import { DEFAULT_JOB_LIMITS, type JobLimits } from '../../lambdas/jobs/limits.ts';
import {
  createCallRateLimiter,
  createPollRateLimiter,
  type RateLimiter,
} from '../../lambdas/shared/rate-limiter.ts';
import { echo } from '../fixtures/catalogue/echo/operation.ts';
import { probe } from '../fixtures/catalogue/probe/operation.ts';
import { startJobsTable, TABLE_NAME } from '../support/jobs-table.ts';

const executions = { start: async () => {} } as unknown as Executions;
const executionQueue = {} as ExecutionQueue;
let table: Awaited<ReturnType<typeof startJobsTable>>;
let jobs: JobStore;
let owner: string;

beforeAll(async () => {
  table = await startJobsTable();
  jobs = new JobStore({ client: table.client, tableName: TABLE_NAME });
});
afterAll(() => table.close());
beforeEach(() => {
  owner = crypto.randomUUID();
});
afterEach(() => jest.restoreAllMocks());

const start = (limits: Partial<JobLimits>, operation = echo, idempotencyKey?: string) =>
  submitJob(
    {
      jobs,
      executions,
      executionQueue,
      limits: { ...DEFAULT_JOB_LIMITS, ...limits },
      notifications: undefined,
    },
    { owner, operation: operation as typeof echo, input: { text: 'x' }, idempotencyKey },
  );

test('as many jobs as the limit are in flight, and not one more until one of them has ended', async () => {
  const limits = { jobsInFlight: 3 };
  const first = await start(limits);
  await start(limits);
  await start(limits, probe as never);
  await expect(start(limits)).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    retryable: true,
    details: { limit: 'jobs_in_flight', max: 3 },
  });
  await jobs.cancel(owner, first);
  await expect(start(limits)).resolves.toMatchObject({ status: 'pending' });
});

test('one operation cannot take all that an owner may have', async () => {
  const limits = { jobsInFlightPerOperation: 2 };
  await start(limits);
  await start(limits);
  await expect(start(limits)).rejects.toMatchObject({ details: { limit: 'jobs_in_flight_per_operation' } });
  await expect(start(limits, probe as never)).resolves.toMatchObject({ status: 'pending' });
});

test('starts are counted by the minute, whether or not their jobs have ended', async () => {
  const limits = { startsPerMinute: 2 };
  for (let index = 0; index < 2; index++) await jobs.cancel(owner, await start(limits));
  await expect(start(limits)).rejects.toMatchObject({ details: { limit: 'starts_per_minute', max: 2 } });
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000);
  await expect(start(limits)).resolves.toMatchObject({ status: 'pending' });
});

test('a start that is repeated finds its job, though nothing more may be started', async () => {
  const limits = { jobsInFlight: 1 };
  const { jobId } = await start(limits, echo, 'key');
  expect((await start(limits, echo, 'key')).jobId).toBe(jobId);
  await expect(start(limits, echo, 'another')).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
});

test("another owner's jobs count for nothing", async () => {
  const limits = { jobsInFlight: 1, startsPerMinute: 1 };
  await start(limits);
  owner = crypto.randomUUID();
  await expect(start(limits)).resolves.toMatchObject({ status: 'pending' });
});

test('what is refused leaves nothing behind', async () => {
  await start({ jobsInFlight: 1 });
  await expect(start({ jobsInFlight: 1 })).rejects.toThrow();
  expect((await jobs.list(owner, { limit: 10 })).jobs).toHaveLength(1);
});

describe('a caller who asks over and over', () => {
  let now = 0;
  const ask = (limiter: RateLimiter, caller = 'alice') => {
    try {
      return limiter.check(caller, 'job') ?? 0;
    } catch (error) {
      return (error as { details: { retry_after_ms: number } }).details.retry_after_ms;
    }
  };

  test('may look ten times at once, then as often as the limit, and is told how long to wait', () => {
    const limiter = createPollRateLimiter(2, () => now);
    expect(Array.from({ length: 12 }, () => ask(limiter))).toEqual([...Array(10).fill(0), 500, 500]);
    now += 250;
    expect(ask(limiter)).toBe(250);
    now += 250;
    expect([ask(limiter), ask(limiter)]).toEqual([0, 500]);
  });

  test('of a task waits for a moment, and is refused when it would be longer', async () => {
    const limiter = createPollRateLimiter(20);
    for (let index = 0; index < 12; index++) await limiter.pace('alice', 'job');
    const slow = createPollRateLimiter(0.5);
    for (let index = 0; index < 10; index++) await slow.pace('alice', 'job');
    await expect(slow.pace('alice', 'job')).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  });

  test('does not slow down another', () => {
    const limiter = createPollRateLimiter(1, () => now);
    for (let index = 0; index < 20; index++) ask(limiter);
    expect(ask(limiter, 'bob')).toBe(0);
  });
});

test('calls of an operation have a pace of their own, by owner and operation', () => {
  const now = 0;
  const limiter = createCallRateLimiter(2, () => now);
  const call = (owner: string, operation: string) => {
    try {
      limiter.check(owner, operation);
      return 'taken';
    } catch (error) {
      return (error as { details: object }).details;
    }
  };
  for (let index = 0; index < 20; index++) expect(call('alice', 'search')).toBe('taken');
  expect(call('alice', 'search')).toEqual({ limit: 'calls_per_second', max: 2, retry_after_ms: 500 });
  expect(call('alice', 'read_file')).toBe('taken');
  expect(call('bob', 'search')).toBe('taken');
});
