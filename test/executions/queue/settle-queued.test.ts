/** Tests what becomes of queued jobs. All stores are fakes. */

import { jest } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { type Executions, StartRefused } from '../../../lambdas/executions/executions.ts';
import { settleQueued } from '../../../lambdas/executions/queue/settle-queued.ts';
import type { Job } from '../../../lambdas/jobs/job.ts';
import { type JobStore, TransitionRefused } from '../../../lambdas/jobs/job-store.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';

const ID = '00000000-0000-4000-8000-000000000000';
const pending = { jobId: ID, operation: 'echo', status: 'pending', retentionSeconds: 60 } as Job;

let started: Job[];
let failed: unknown[];
let stopped: unknown[];

beforeEach(() => {
  started = [];
  failed = [];
  stopped = [];
  for (const level of ['warn', 'error'] as const) jest.spyOn(log, level).mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

interface Case {
  readonly job?: Job;
  readonly start?: boolean | Error;
  readonly stopError?: Error;
  readonly bodies?: readonly string[];
  readonly failStartError?: Error;
}

function run(each: Case) {
  const { job, start = true, stopError, bodies = [JSON.stringify({ jobId: ID })], failStartError } = each;
  return settleQueued(
    {
      jobs: {
        find: async () => job,
        fail: async (...args: unknown[]) => void failed.push(args),
        failStart: async (...args: unknown[]) => {
          if (failStartError) throw failStartError;
          failed.push(args);
        },
      } as unknown as JobStore,
      executions: {
        start: async (job: Job) => {
          started.push(job);
          if (start instanceof Error) throw start;
          return start;
        },
        stop: async (...args: unknown[]) => {
          stopped.push(args);
          if (stopError) throw stopError;
        },
      } as unknown as Executions,
      deployed: new Set(['echo']),
    },
    bodies.map((body, index) => ({ messageId: `${index}`, body }) as SQSRecord),
  );
}

const done = { batchItemFailures: [] };

test.each([
  ['a pending job', true],
  ['a pending job that a former message started', false],
])('%s is started', async (_what, start) => {
  expect(await run({ job: pending, start })).toEqual(done);
  expect(started).toEqual([pending]);
});

test.each([undefined, ...(['running', 'input_required', 'completed', 'failed'] as const)])(
  'a job that is %s by now is left alone',
  async (status) => {
    expect(await run({ job: status && { ...pending, status } })).toEqual(done);
    expect([started, stopped]).toEqual([[], []]);
  },
);

const cancelled = { ...pending, status: 'cancelled' } as Job;

test('the execution of a cancelled job is stopped', async () => {
  expect(await run({ job: cancelled })).toEqual(done);
  expect([started, stopped]).toEqual([[], [[cancelled, 'The job was cancelled.']]]);
});

test('a stop that is throttled again is delivered again', async () => {
  expect(await run({ job: cancelled, stopError: new Error('throttled') })).toEqual({
    batchItemFailures: [{ itemIdentifier: '0' }],
  });
});

test('a start that is throttled again is delivered again, and the job stays pending', async () => {
  expect(await run({ job: pending, start: new Error('throttled') })).toEqual({
    batchItemFailures: [{ itemIdentifier: '0' }],
  });
  expect(failed).toEqual([]);
});

test('a job that can never start fails', async () => {
  expect(await run({ job: pending, start: new StartRefused('InvalidName: x') })).toEqual(done);
  expect(failed).toMatchObject([[pending, { code: 'START_FAILED', retryable: true }]]);
});

test('a job that was cancelled meanwhile stays cancelled', async () => {
  const failStartError = new TransitionRefused('failed', undefined);
  const start = new StartRefused('InvalidName: x');
  expect(await run({ job: pending, start, failStartError })).toEqual(done);
});

test.each(['no JSON', '{}', '{"jobId":"other"}'])('the message %s goes to the dead letters', async (body) => {
  const bodies = [body, JSON.stringify({ jobId: ID })];
  expect(await run({ job: pending, bodies })).toEqual({ batchItemFailures: [{ itemIdentifier: '0' }] });
  expect(started).toEqual([pending]);
});

test('a pending job of a removed operation ends with OPERATION_REMOVED and is not started', async () => {
  expect(await run({ job: { ...pending, operation: 'thumbnail' } })).toEqual(done);
  expect(started).toEqual([]);
  expect(failed).toEqual([
    [ID, expect.objectContaining({ code: 'OPERATION_REMOVED' }), { retentionSeconds: 60 }],
  ]);
});
