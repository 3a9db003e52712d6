/** Tests how often and how long a waiting caller reads a job. The clock and the timers are fake. */
import { jest } from '@jest/globals';
import type { Job, JobStatus } from '../../lambdas/jobs/job.ts';
import type { JobStore } from '../../lambdas/jobs/job-store.ts';
import { waitForEnd, waitForEndOrInput } from '../../lambdas/jobs/wait.ts';

let now: number;
let pauses: number[];
let reads: [string, string][];
let looks: string[];

beforeEach(() => {
  now = 1_000_000;
  pauses = [];
  reads = [];
  looks = [];
  held = [];
  freed = 0;
  isFull = false;
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(((resume: () => void, pauseMs: number) => {
    pauses.push(pauseMs);
    now += pauseMs;
    queueMicrotask(resume);
  }) as never);
});
afterEach(() => jest.restoreAllMocks());

const jobAs = (status: JobStatus) => ({ jobId: 'x', owner: 'alice', status }) as Job;

/** A store that returns these statuses one after another, and then no job. */
function storeOf(...statuses: readonly JobStatus[]): JobStore {
  const left = [...statuses];
  const get = async (owner: string, jobId: string) => {
    reads.push([owner, jobId]);
    const status = left.shift();
    return status && jobAs(status);
  };
  const watch = async ({ jobId }: Pick<Job, 'jobId'>) => void looks.push(jobId);
  return { get, watch } as unknown as JobStore;
}

let held: number[];
let freed: number;
let isFull: boolean;

/** The store, and slots that record for how long they are held. */
const waiting = (jobs: JobStore) => ({
  jobs,
  waits: {
    take: async (_owner: string, holdMs: number) => {
      held.push(holdMs);
      return isFull ? undefined : async () => void freed++;
    },
  },
});

const running = (times: number) => Array<JobStatus>(times).fill('running');

test('pauses grow to one second', async () => {
  const store = storeOf(...running(5), 'completed');
  expect(await waitForEnd(waiting(store), jobAs('running'), 60_000)).toMatchObject({ status: 'completed' });
  expect(pauses).toEqual([200, 300, 500, 1_000, 1_000, 1_000]);
  expect(reads[0]).toEqual(['alice', 'x']);
});

test('the last pause ends with the wait', async () => {
  expect(await waitForEnd(waiting(storeOf(...running(9))), jobAs('running'), 1_250)).toMatchObject({
    status: 'running',
  });
  expect(pauses).toEqual([200, 300, 500, 250]);
});

test('a wait of nothing reads nothing', async () => {
  expect(await waitForEnd(waiting(storeOf('completed')), jobAs('running'), 0)).toEqual(jobAs('running'));
  expect(reads).toEqual([]);
});

test.each(['completed', 'failed', 'cancelled'] as const)('a %s job is returned at once', async (status) => {
  expect(await waitForEnd(waiting(storeOf()), jobAs(status), 5_000)).toEqual(jobAs(status));
  expect(await waitForEndOrInput(waiting(storeOf()), jobAs(status), 5_000)).toEqual(jobAs(status));
  expect(pauses).toEqual([]);
});

test('a job that needs input ends a wait for the end or input', async () => {
  const store = storeOf('running', 'input_required', 'completed');
  expect(await waitForEndOrInput(waiting(store), jobAs('pending'), 5_000)).toMatchObject({
    status: 'input_required',
  });
});

test('a job that needs input does not end a wait for the end', async () => {
  const store = storeOf('input_required', 'completed');
  expect(await waitForEnd(waiting(store), jobAs('input_required'), 5_000)).toMatchObject({
    status: 'completed',
  });
});

test('each read of a wait is a look at the job, without a pause more', async () => {
  await waitForEnd(waiting(storeOf('running', 'running', 'completed')), jobAs('running'), 60_000);
  expect(looks).toEqual(['x', 'x']);
  expect(pauses).toEqual([200, 300, 500]);
});

test('a wait does not watch the job that its caller has read, and watches itself', async () => {
  await waitForEnd(waiting(storeOf('completed')), jobAs('running'), 60_000);
  expect(looks).toEqual([]);
});

test('a job that expires meanwhile is gone', async () => {
  expect(await waitForEnd(waiting(storeOf()), jobAs('running'), 5_000)).toBeUndefined();
});

test('a wait holds a slot, a little longer than it may take', async () => {
  await waitForEnd(waiting(storeOf('running', 'completed')), jobAs('running'), 60_000);
  expect([held, freed]).toEqual([[65_000], 1]);
});

test('a wait whose read fails frees its slot', async () => {
  const jobs = { get: () => Promise.reject(new Error('throttled')), watch: async () => {} } as never;
  await expect(waitForEnd(waiting(jobs), jobAs('running'), 60_000)).rejects.toThrow('throttled');
  expect(freed).toBe(1);
});

test('without a free slot, the job is returned at once', async () => {
  isFull = true;
  expect(await waitForEndOrInput(waiting(storeOf('completed')), jobAs('running'), 60_000)).toEqual(
    jobAs('running'),
  );
  expect([pauses, reads]).toEqual([[], []]);
});

test.each([
  ['nothing', 'running', 0],
  ['a job that has ended', 'completed', 5_000],
] as const)('a wait for %s takes no slot', async (_what, status, waitMs) => {
  await waitForEnd(waiting(storeOf()), jobAs(status), waitMs);
  expect(held).toEqual([]);
});
