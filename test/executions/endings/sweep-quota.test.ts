/** Simulates sweeps of many open jobs with AWS's quotas. The clock is fake, and calls take the time that they take on AWS. */

import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import type { ExecutionRecorder } from '../../../lambdas/executions/endings/execution-recorder.ts';
import { reconcile } from '../../../lambdas/executions/endings/reconcile.ts';
import type { Executions } from '../../../lambdas/executions/executions.ts';
import type { Job } from '../../../lambdas/jobs/job.ts';
import type { JobStore } from '../../../lambdas/jobs/job-store.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';
import { ApiQuotas } from '../../../local/stepfunctions/api-quotas.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const SECOND_MS = 1_000;
const PERIOD_MS = 120 * SECOND_MS;
/** EventBridge starts a rule some time within its minute. */
const JITTER_MS = 60 * SECOND_MS;
const OPERATIONS = 20;
const PAGE = 1_000;

interface SimulatedJob {
  readonly job: Job;
  /** Epoch milliseconds; undefined while its execution runs. */
  diedAtMs?: number;
  foundAtMs?: number;
}

let nowMs: number;
/** The clock of the quotas, in whole seconds. */
let quotaMs: number;
let calls: Record<string, number>;
let quotas: ApiQuotas;

beforeEach(() => {
  for (const level of ['warn', 'error', 'info'] as const) jest.spyOn(log, level).mockImplementation(() => {});
  nowMs = START;
  quotaMs = START;
  calls = {};
  quotas = new ApiQuotas(() => quotaMs);
});
afterEach(() => jest.restoreAllMocks());

/** Makes a call. Until then, the account's other users have made three calls of DescribeExecution a second. */
function callStepFunctions(action: string, latencyMs: number): void {
  calls[action] = (calls[action] ?? 0) + 1;
  nowMs += latencyMs;
  for (; quotaMs < nowMs; quotaMs += SECOND_MS) for (let n = 0; n < 3; n++) quotas.take('DescribeExecution');
  quotas.take(action);
}

function createJobs(count: number): Map<string, SimulatedJob> {
  return new Map(
    Array.from({ length: count }, (_, index) => {
      const jobId = randomUUID();
      const createdAt = new Date(START - 3_600_000 + index).toISOString();
      const operation = `operation${index % OPERATIONS}`;
      const status = index % 3 === 0 ? 'input_required' : 'running';
      return [jobId, { job: { jobId, operation, status, createdAt, retentionSeconds: 60 } as Job }];
    }),
  );
}

function createSweep(jobs: Map<string, SimulatedJob>) {
  const open = () => [...jobs.values()].filter(({ foundAtMs }) => foundAtMs === undefined);
  let cursor: string | undefined;
  return () =>
    reconcile({
      remainingMs: 110 * SECOND_MS,
      deployed: new Set(Array.from({ length: OPERATIONS }, (_, index) => `operation${index}`)),
      longestRunsMs: new Map(),
      findings: { add: async () => {} },
      lease: {
        acquire: async () => ({
          cursor,
          release: async (next) => {
            cursor = next;
          },
        }),
      },
      now: () => nowMs,
      delay: async (ms) => {
        nowMs += ms;
      },
      jobs: {
        async *openBefore() {
          for (const [index, { job }] of open().entries()) {
            if (index % 4_000 === 0) nowMs += 100;
            yield job;
          }
        },
        find: async (jobId: string) => {
          nowMs += 5;
          return jobs.get(jobId)?.job;
        },
        fail: async (jobId: string) => {
          nowMs += 10;
          const failed = jobs.get(jobId);
          if (failed) failed.foundAtMs = nowMs;
        },
      } as unknown as JobStore,
      executions: {
        running: async (operation: string, after = '0') => {
          callStepFunctions('ListExecutions', 200);
          const running = open().filter(
            ({ job, diedAtMs = Number.POSITIVE_INFINITY }) => job.operation === operation && diedAtMs > nowMs,
          );
          const to = Number(after) + PAGE;
          return {
            names: running.slice(Number(after), to).map(({ job }) => job.jobId),
            ...(to < running.length && { next: String(to) }),
          };
        },
        find: async ({ jobId }: Job) => {
          callStepFunctions('DescribeExecution', 50);
          const { diedAtMs = Number.POSITIVE_INFINITY } = jobs.get(jobId) ?? {};
          return diedAtMs > nowMs ? { status: 'RUNNING' } : { status: 'ABORTED', stoppedAtMs: diedAtMs };
        },
      } as unknown as Executions,
      recorder: { operationOf: () => undefined } as unknown as ExecutionRecorder,
      workspace: { find: async () => undefined },
    });
}

/** Runs sweeps on their schedule until no lost job is open. @returns their number */
async function sweepUntilFound(jobs: Map<string, SimulatedJob>, until: number): Promise<number> {
  const sweep = createSweep(jobs);
  const isLost = ({ diedAtMs, foundAtMs }: SimulatedJob) => diedAtMs !== undefined && foundAtMs === undefined;
  for (let sweeps = 1; sweeps <= until; sweeps++) {
    // The latest moment of the rule's minute, at first the earliest: the longest time between two sweeps.
    nowMs = Math.max(nowMs, START + (sweeps - 1) * PERIOD_MS + (sweeps === 1 ? 0 : JITTER_MS));
    await sweep();
    if (![...jobs.values()].some(isLost)) return sweeps;
  }
  throw new Error(`Lost jobs are open after ${until} sweeps.`);
}

test('20,000 open jobs, of which 200 are lost, are found within six minutes', async () => {
  const jobs = createJobs(20_000);
  const lost = [...jobs.values()].filter((_, index) => index % 100 === 0);
  // They die in the minutes around the first sweep: some just too late for it.
  for (const [index, each] of lost.entries()) each.diedAtMs = START - 60_000 + index * 600;
  await sweepUntilFound(jobs, 3);
  const slowestMs = Math.max(...lost.map(({ diedAtMs = 0, foundAtMs = 0 }) => foundAtMs - diedAtMs));
  expect(slowestMs).toBeLessThan(6 * 60 * SECOND_MS);
  expect([...jobs.values()].filter(({ foundAtMs }) => foundAtMs !== undefined)).toHaveLength(200);
  // One page for each operation in each sweep, and one look at each lost job, some of them twice.
  expect(calls.ListExecutions).toBeLessThanOrEqual(3 * OPERATIONS);
  expect(calls.DescribeExecution).toBeLessThanOrEqual(400);
});

test('3,000 jobs that are lost at once are found at 500 a sweep, and looked at once each', async () => {
  const jobs = createJobs(3_000);
  for (const each of jobs.values()) each.diedAtMs = START - 60_000;
  expect(await sweepUntilFound(jobs, 6)).toBe(6);
  expect(calls.DescribeExecution).toBe(3_000);
});
