/** Tests what a submission writes, and what happens when its execution does not start. All stores are fakes. */

import { jest } from '@jest/globals';
import * as z from 'zod';
import { defineOperation } from '../../lambdas/definition/define-operation.ts';
import { longestRunMs } from '../../lambdas/definition/operation-definition.ts';
import { type Executions, StartRefused } from '../../lambdas/executions/executions.ts';
import type { ExecutionQueue } from '../../lambdas/executions/queue/execution-queue.ts';
import { type Submission, submitJob } from '../../lambdas/executions/submit.ts';
import { hashInput, type Job, jobIdForKey } from '../../lambdas/jobs/job.ts';
import { type JobStore, type NewJob, TransitionRefused } from '../../lambdas/jobs/job-store.ts';
import { DEFAULT_JOB_LIMITS } from '../../lambdas/jobs/limits.ts';
import { DEFAULT_RETENTION_SECONDS, MAX_RETENTION_SECONDS } from '../../lambdas/jobs/retention.ts';
import type { Json } from '../../lambdas/shared/json.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import { measureFailure, measureRequests } from '../../lambdas/shared/observability/request-metrics.ts';
import { metricDocumentsOf, sumsOf } from '../support/metric-documents.ts';

const LIMIT = 64 * 1024;
const operation = defineOperation({
  name: 'echo',
  description: 'Returns its input.',
  input: z.object({ text: z.string() }),
  output: z.object({}),
  steps: { run: {} },
});

let created: NewJob[];
let started: Job[];
let failed: unknown[];
let queued: unknown[];

beforeEach(() => {
  jest.spyOn(log, 'error').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

interface Fakes {
  readonly existing?: Job;
  readonly isCreated?: boolean;
  readonly status?: Job['status'];
  readonly open?: number;
  readonly startError?: Error;
  readonly failStartError?: Error;
}

function submit(submission: Partial<Submission> = {}, fakes: Fakes = {}): Promise<Job> {
  created = [];
  started = [];
  failed = [];
  queued = [];
  const jobs = {
    openOperations: async () => Array(fakes.open ?? 0).fill('echo'),
    countStarted: async () => 0,
    get: async (owner: string, jobId: string) => fakes.existing && { ...fakes.existing, owner, jobId },
    create: async (job: NewJob) => {
      created.push(job);
      return { job: { ...job, status: fakes.status ?? 'pending' }, created: fakes.isCreated ?? true };
    },
    failStart: async (...args: unknown[]) => {
      if (fakes.failStartError) throw fakes.failStartError;
      failed.push(args);
    },
  } as unknown as JobStore;
  const executions = {
    start: async (job: Job) => {
      started.push(job);
      if (fakes.startError) throw fakes.startError;
    },
  } as unknown as Executions;
  const executionQueue = {
    send: async (...args: unknown[]) => void queued.push(args),
  } as unknown as ExecutionQueue;
  return submitJob(
    { jobs, executions, executionQueue, limits: DEFAULT_JOB_LIMITS, notifications: undefined },
    { owner: 'alice', operation, input: { text: 'x' }, ...submission },
  );
}

/** An input of so many bytes as JSON. */
const inputOf = (bytes: number) => ({ text: 'é'.repeat(2) + 'x'.repeat(bytes - 4 - '{"text":""}'.length) });

test('a job is kept for a day by default and for a week at most', () => {
  expect([DEFAULT_RETENTION_SECONDS, MAX_RETENTION_SECONDS]).toEqual([86_400, 604_800]);
});

test('a job without a key has a random id and no traces of options', async () => {
  const job = await submit();
  expect(created).toStrictEqual([
    {
      jobId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      owner: 'alice',
      operation: 'echo',
      trace: { traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/) },
      input: { text: 'x' },
      inputHash: hashInput({ text: 'x' }),
      retentionSeconds: 86_400,
      longestRunMs: longestRunMs(operation),
    },
  ]);
  expect(started).toEqual([job]);
});

test.each([
  ['web', 'web'],
  [7, '7'],
  [false, 'false'],
])('a job keeps what it is about: %j', async (text, value) => {
  await submit({ operation: { ...operation, subject: 'text' }, input: { text } });
  expect(created[0]?.subject).toEqual({ name: 'text', value });
});

test.each<Json>([{ text: '' }, { text: null }, { text: { a: 1 } }, {}])(
  'a job is about nothing with %j',
  async (input) => {
    await submit({ operation: { ...operation, subject: 'text' }, input });
    expect(created[0]).not.toHaveProperty('subject');
  },
);

test('an idempotency key gives the id', async () => {
  await submit({ idempotencyKey: 'key', call: { jobId: 'ignored' } });
  expect(created[0]).toMatchObject({ jobId: jobIdForKey('alice', 'echo', 'key'), idempotent: true });
});

test.each(['pending', 'running'] as const)(
  'a repeated call that finds a %s job is no start that can fail',
  async (status) => {
    const documents = await metricDocumentsOf(
      async () => {
        await submit({ idempotencyKey: 'key' }, { status, isCreated: false });
        measureFailure(new Error('broken'));
      },
      { middleware: measureRequests() },
    );
    expect(sumsOf(documents)).toMatchObject({ RequestErrors: 1 });
    expect(sumsOf(documents)).not.toHaveProperty('StartsFailed');
  },
);

test('a call that becomes a job keeps its id, its result and its answers', async () => {
  const answers = { ok: { action: 'decline' } } as const;
  await submit({ call: { jobId: 'job', handedOver: { next: 1 }, answers }, retentionSeconds: 60 });
  expect(created[0]).toMatchObject({ jobId: 'job', handedOver: { next: 1 }, answers, retentionSeconds: 60 });
});

test('a callback is part of the job and of the hash of its input', async () => {
  const callback = { url: 'https://example.com/', events: ['job.completed', 'job.failed'] };
  await submit({ callback });
  expect(created[0]).toMatchObject({
    callback,
    inputHash: hashInput([{ text: 'x' }, 'https://example.com/', 'job.completed', 'job.failed']),
  });
});

test('an input of 64 KiB is accepted', async () => {
  const input = inputOf(LIMIT);
  expect(Buffer.byteLength(JSON.stringify(input))).toBe(LIMIT);
  await expect(submit({ input })).resolves.toBeDefined();
});

test.each([LIMIT + 1, 2 * LIMIT])(
  'an input of %i bytes is refused before anything is written',
  async (bytes) => {
    await expect(submit({ input: inputOf(bytes) })).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
      message: `The arguments take ${bytes} bytes; the limit is 65536. Put large data into the workspace bucket.`,
    });
    expect([created, started]).toEqual([[], []]);
  },
);

describe('at a limit', () => {
  const open = DEFAULT_JOB_LIMITS.jobsInFlight;

  test('no job starts', async () => {
    await expect(submit({}, { open, existing: {} as Job })).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
    });
    expect(created).toEqual([]);
  });

  test('a new key starts no job', async () => {
    await expect(submit({ idempotencyKey: 'new' }, { open })).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
    });
  });

  test('a repeated key finds its job', async () => {
    await submit({ idempotencyKey: 'key' }, { open, existing: {} as Job, isCreated: false });
    expect(created).toHaveLength(1);
  });
});

test.each(['running', 'completed'] as const)(
  'a job that is %s is returned without a start',
  async (status) => {
    expect(await submit({}, { status })).toMatchObject({ status });
    expect(started).toEqual([]);
  },
);

describe('an execution that does not start', () => {
  const startError = new Error('throttled');

  test('is queued, and its job stays pending', async () => {
    const job = await submit({}, { startError });
    expect(job.status).toBe('pending');
    expect([queued, failed]).toEqual([[[job, startError]], []]);
  });

  test('is queued by a repeated call too', async () => {
    const job = await submit({ idempotencyKey: 'key' }, { startError, isCreated: false });
    expect(queued).toEqual([[job, startError]]);
  });
});

describe('an execution that can never start', () => {
  const startError = new StartRefused('InvalidName: x');
  const message =
    'Step Functions refused to start the job. Ask the operator to read the log of this job. Then call again, with the same idempotency_key if you gave one.';

  test('fails the job of this call', async () => {
    const error = await submit({}, { startError }).catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'START_FAILED', message, retryable: true, cause: startError });
    expect(failed).toEqual([[started[0], { code: 'START_FAILED', message, retryable: true }]]);
    expect(queued).toEqual([]);
  });

  test('does not fail the job of another call', async () => {
    await expect(submit({ idempotencyKey: 'key' }, { startError, isCreated: false })).rejects.toMatchObject({
      code: 'START_FAILED',
    });
    expect(failed).toEqual([]);
  });

  test('did start when the job is no longer pending', async () => {
    const failStartError = new TransitionRefused('failed', undefined);
    await expect(submit({}, { startError, failStartError })).resolves.toMatchObject({ status: 'pending' });
  });

  test('shows the error of the table when the job cannot be failed', async () => {
    const failStartError = new Error('no table');
    await expect(submit({}, { startError, failStartError })).rejects.toThrow('no table');
  });
});
