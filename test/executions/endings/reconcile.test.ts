/** Tests which repair an open job gets after a lost start or a lost event. All stores are fakes. */
import { jest } from '@jest/globals';
import type { ExecutionRecorder } from '../../../lambdas/executions/endings/execution-recorder.ts';
import { reconcile } from '../../../lambdas/executions/endings/reconcile.ts';
import type { ExecutionState, Executions } from '../../../lambdas/executions/executions.ts';
import type { Job } from '../../../lambdas/jobs/job.ts';
import type { JobStore, OpenJob } from '../../../lambdas/jobs/job-store.ts';

const NOW = Date.parse('2026-01-01T00:01:00.000Z');
const CREATED = '2025-12-31T00:00:00.000Z';
const open: OpenJob = { jobId: 'job', operation: 'build', createdAt: CREATED };
const job = { ...open, status: 'running', retentionSeconds: 60 } as Job;
const upload = { step: 'take', message: 'A file.', upload: { key: 'uploads/job', maxBytes: 1 } };

let warnings: ReturnType<typeof jest.spyOn>;
let errors: ReturnType<typeof jest.spyOn>;
let before: string[];
let started: unknown[];
let recorded: unknown[];
let failed: unknown[];
let answered: unknown[];

beforeEach(() => {
  warnings = jest.spyOn(console, 'warn').mockImplementation(() => {});
  errors = jest.spyOn(console, 'error').mockImplementation(() => {});
  before = [];
  started = [];
  recorded = [];
  failed = [];
  answered = [];
});
afterEach(() => jest.restoreAllMocks());

interface Case {
  readonly execution?: ExecutionState | Error;
  readonly found?: Job;
  readonly isExternal?: boolean;
  readonly opens?: readonly OpenJob[];
  readonly now?: () => number;
  readonly file?: object;
}

function run({ execution, found, isExternal = false, opens = [open], now = () => NOW, file }: Case) {
  return reconcile({
    jobs: {
      async *openBefore(time: string) {
        before.push(time);
        yield* opens;
      },
      find: async () => found,
      fail: async (...args: unknown[]) => void failed.push(args),
      answer: async (...args: unknown[]) => {
        answered.push(args);
        return found;
      },
    } as unknown as JobStore,
    executions: {
      find: async () => {
        if (execution instanceof Error) throw execution;
        return execution;
      },
      start: async (each: Job) => void started.push(each),
    } as unknown as Executions,
    recorder: {
      operationOf: () => (isExternal ? { name: 'build' } : undefined),
      record: async (...args: unknown[]) => void recorded.push(args),
    } as unknown as ExecutionRecorder,
    workspace: { find: async () => file as never },
    now,
  });
}

const nothing = () => expect([started, recorded, failed, answered]).toEqual([[], [], [], []]);
const ended = (stoppedAtMs: number) => ({ status: 'FAILED', stoppedAtMs }) as const;

test('jobs are left alone in their first minute', async () => {
  await run({ opens: [] });
  expect(before).toEqual(['2026-01-01T00:00:00.000Z']);
});

test('the clock is the system clock by default', async () => {
  const start = Date.now();
  await run({ opens: [], now: undefined });
  expect(Date.parse(before[0] ?? '')).toBeLessThanOrEqual(start);
});

describe('without an execution', () => {
  test('a pending job is started', async () => {
    const pending = { ...job, status: 'pending' } as const;
    await run({ found: pending });
    expect(started).toEqual([pending]);
    expect(warnings).toHaveBeenCalledWith({
      message: 'The start of a job was lost; starting it',
      jobId: 'job',
    });
    expect(failed).toEqual([]);
  });

  test('a running job fails', async () => {
    await run({ found: job });
    expect(failed).toMatchObject([
      ['job', { code: 'EXECUTION_STOPPED', details: { cause: 'ABORTED' } }, { retentionSeconds: 60 }],
    ]);
    expect(started).toEqual([]);
  });

  test.each([
    ['gone', undefined],
    ['created again', { ...job, status: 'pending', createdAt: '2026' } as Job],
  ])('a job that is %s is left alone', async (_what, found) => {
    await run({ found });
    nothing();
  });
});

describe('with an execution of steps', () => {
  test('that ended, the job fails with its status', async () => {
    await run({ execution: ended(NOW - 60_000), found: job });
    expect(failed).toMatchObject([['job', { details: { cause: 'FAILED' } }, { retentionSeconds: 60 }]]);
    expect(warnings).toHaveBeenCalledWith({
      message: 'The end event of an execution was lost',
      jobId: 'job',
      status: 'FAILED',
    });
  });

  test('that ended in the last minute, the event may still come', async () => {
    await run({ execution: ended(NOW - 59_999), found: job });
    nothing();
  });

  test('that runs, nothing happens', async () => {
    await run({ execution: { status: 'RUNNING' }, found: job });
    nothing();
    expect(warnings).not.toHaveBeenCalled();
  });

  test('that waits for a file that is there, the job resumes', async () => {
    const waiting = { ...job, status: 'input_required', inputRequests: { upload } } as Job;
    await run({ execution: { status: 'RUNNING' }, found: waiting, file: { size: 1, version: 'v' } });
    expect(answered).toHaveLength(1);
    expect(warnings).toHaveBeenCalledWith({
      message: 'The event of an upload was lost; resuming its job',
      jobId: 'job',
    });
  });
});

describe('with an execution of an external state machine', () => {
  test.each([{ status: 'RUNNING' } as const, ended(0)])('its state %j is recorded', async (execution) => {
    await run({ execution, found: job, isExternal: true });
    expect(recorded).toEqual([[job, { name: 'build' }, execution]]);
    expect(failed).toEqual([]);
  });

  test('a job that was created again is left alone', async () => {
    await run({ execution: ended(0), found: { ...job, createdAt: '2026' }, isExternal: true });
    nothing();
  });
});

test('jobs that fail do not stop the others, and are an error at the end', async () => {
  const execution = new Error('throttled');
  const outcome = run({ execution, opens: [open, { ...open, jobId: 'other' }] });
  await expect(outcome).rejects.toMatchObject({
    errors: [execution, execution],
    message: 'Failed to reconcile 2 jobs. Read the log for each cause.',
  });
  expect(errors.mock.calls).toEqual([
    [{ message: 'Failed to reconcile an open job', jobId: 'job', error: execution }],
    [{ message: 'Failed to reconcile an open job', jobId: 'other', error: execution }],
  ]);
});
