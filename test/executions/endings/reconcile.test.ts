/** Tests which repair an open job gets after a lost start or a lost event. All stores are fakes. */

import { jest } from '@jest/globals';
import type { ExecutionRecorder } from '../../../lambdas/executions/endings/execution-recorder.ts';
import { reconcile } from '../../../lambdas/executions/endings/reconcile.ts';
import {
  type ExecutionState,
  type Executions,
  type RunningPage,
  StartRefused,
} from '../../../lambdas/executions/executions.ts';
import type { Job } from '../../../lambdas/jobs/job.ts';
import type { JobStore, OpenJob } from '../../../lambdas/jobs/job-store.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';
import { metricDocumentsOf, sumsOf } from '../../support/metric-documents.ts';

const NOW = Date.parse('2026-01-01T00:01:00.000Z');
const CREATED = '2025-12-31T00:00:00.000Z';
const JOB = '7d5fbf9e-0000-4000-8000-000000000001';
const OTHER = '7d5fbf9e-0000-4000-8000-000000000002';
const REMOVED = '7d5fbf9e-0000-4000-8000-000000000003';
const open: OpenJob = { jobId: JOB, operation: 'build', createdAt: CREATED };
const job = { ...open, status: 'running', retentionSeconds: 60 } as Job;
const upload = { step: 'take', message: 'A file.', upload: { key: 'uploads/job', maxBytes: 1 } };

let warnings: ReturnType<typeof jest.spyOn>;
let errors: ReturnType<typeof jest.spyOn>;
let before: string[];
let started: unknown[];
let recorded: unknown[];
let failed: unknown[];
let stopped: unknown[];
let answered: unknown[];
let described: number;
/** Tokens of the pages that were asked for. */
let pages: (string | undefined)[];
let released: unknown[];
let findings: unknown[];
let releasedBeforeFindings: boolean;

beforeEach(() => {
  jest.spyOn(log, 'info').mockImplementation(() => {});
  warnings = jest.spyOn(log, 'warn').mockImplementation(() => {});
  errors = jest.spyOn(log, 'error').mockImplementation(() => {});
  before = [];
  started = [];
  recorded = [];
  failed = [];
  stopped = [];
  answered = [];
  described = 0;
  pages = [];
  released = [];
  findings = [];
  releasedBeforeFindings = false;
});
afterEach(() => jest.restoreAllMocks());

interface Case {
  readonly execution?: ExecutionState | Error;
  /** Pages of the list of running executions. */
  readonly listed?: readonly (Omit<RunningPage, 'next'> | Error)[];
  readonly start?: boolean | Error;
  readonly isHeld?: boolean;
  readonly cursor?: string;
  readonly found?: Job;
  readonly isExternal?: boolean;
  readonly opens?: readonly OpenJob[];
  readonly now?: () => number;
  readonly file?: object;
}

function run(each: Case) {
  const { execution, found, isExternal = false, opens = [open], now = () => NOW, file } = each;
  const { listed = [], start = true, isHeld = false, cursor } = each;
  return reconcile({
    remainingMs: 110_000,
    lease: {
      acquire: async () =>
        isHeld ? undefined : { cursor, release: async (...args) => void released.push(...args) },
    },
    findings: {
      add: async (given) => {
        findings.push(...given);
        releasedBeforeFindings ||= released.length > 0;
      },
    },
    delay: async () => {},
    jobs: {
      async *openBefore(time: string) {
        before.push(time);
        yield* opens;
      },
      find: async (jobId: string) => found && { ...found, jobId },
      failStart: async (...args: unknown[]) => void failed.push(args),
      fail: async (...args: unknown[]) => void failed.push(args),
      answer: async (...args: unknown[]) => {
        answered.push(args);
        return found;
      },
    } as unknown as JobStore,
    executions: {
      running: async (_operation: string, after?: string) => {
        pages.push(after);
        const page = listed[Number(after ?? 0)] ?? { names: [] };
        if (page instanceof Error) throw page;
        const next = Number(after ?? 0) + 1;
        return { ...page, ...(next < listed.length && { next: `${next}` }) };
      },
      find: async () => {
        described += 1;
        if (execution instanceof Error) throw execution;
        return execution;
      },
      stop: async ({ jobId }: Job) => void stopped.push(jobId),
      start: async (job: Job) => {
        started.push(job);
        if (start instanceof Error) throw start;
        return start;
      },
    } as unknown as Executions,
    recorder: {
      operationOf: () => (isExternal ? { name: 'build' } : undefined),
      record: async (...args: unknown[]) => void recorded.push(args),
    } as unknown as ExecutionRecorder,
    workspace: { find: async () => file as never },
    deployed: new Set(['build', 'other']),
    longestRunsMs: new Map([['build', 3_600_000]]),
    now,
  });
}

const nothing = () => expect([started, recorded, failed, answered]).toEqual([[], [], [], []]);
const ended = (stoppedAtMs: number) => ({ status: 'FAILED', stoppedAtMs }) as const;

test('the execution of a removed operation is stopped and its job fails, and the others are swept', async () => {
  const removed = { ...open, jobId: REMOVED, operation: 'thumbnail' };
  await run({ opens: [removed, open], found: job, execution: undefined });
  expect(failed).toEqual([
    [JOB, expect.objectContaining({ code: 'EXECUTION_STOPPED' }), { retentionSeconds: 60 }],
    [REMOVED, expect.objectContaining({ code: 'OPERATION_REMOVED' }), { retentionSeconds: 60 }],
  ]);
  expect(stopped).toEqual([REMOVED]);
});

test('a job that the idempotency key has made since the operation was removed is left alone', async () => {
  const removed = { ...open, operation: 'thumbnail' };
  await run({ opens: [removed], found: { ...job, createdAt: '2026-01-01T00:00:30.000Z' } });
  nothing();
});

test('jobs are left alone in their first minute', async () => {
  await run({ opens: [] });
  expect(before).toEqual(['2026-01-01T00:00:00.000Z']);
});

test('the clock is the system clock by default', async () => {
  const start = Date.now();
  await run({ opens: [], now: undefined });
  expect(Date.parse(before[0] ?? '')).toBeLessThanOrEqual(start);
});

test('a sweep measures the open jobs that it has listed, and counts what it repairs', async () => {
  const aged = (jobId: string, operation: string, ageMs: number) => ({
    jobId,
    operation,
    createdAt: new Date(NOW - ageMs).toISOString(),
  });
  const opens = [aged('a', 'build', 7_200_000), aged('b', 'build', 120_000), aged('c', 'other', 9_000_000)];
  const documents = await metricDocumentsOf(() =>
    run({ opens, found: { ...job, ...opens[0], status: 'pending' } as Job }),
  );
  expect(sumsOf(documents)).toEqual({
    OpenJobs: 3,
    OldestOpenJob: 9_000,
    OverdueJobs: 1,
    SweepFindings: 1,
    Sweeps: 1,
  });
  expect(documents).toHaveLength(1);
});

test('a sweep without open jobs measures zeros', async () => {
  const [document] = await metricDocumentsOf(() => run({ opens: [] }));
  expect(document).toMatchObject({
    OpenJobs: 0,
    OldestOpenJob: 0,
    OverdueJobs: 0,
    SweepFindings: 0,
    Sweeps: 1,
  });
});

test('a sweep that is skipped measures nothing', async () => {
  expect(await metricDocumentsOf(() => run({ isHeld: true }))).toEqual([]);
});

test('nothing happens while another sweep runs', async () => {
  await run({ isHeld: true });
  expect(before).toEqual([]);
  expect(released).toEqual([]);
});

describe('with a running execution in the list', () => {
  const listed = [
    { names: [OTHER], oldestMs: NOW },
    { names: [JOB], oldestMs: NOW },
  ];

  test('a job costs no call', async () => {
    await run({ listed, found: job });
    expect(pages).toEqual([undefined, '1']);
    expect(described).toBe(0);
    nothing();
  });

  test('the list is read no further than the last job', async () => {
    await run({ listed: [...listed.toReversed(), { names: [] }], found: job });
    expect(pages).toEqual([undefined]);
  });

  test('the list is read no further than a minute before the oldest job', async () => {
    const oldestMs = Date.parse(CREATED) - 60_001;
    await run({ listed: [{ names: [], oldestMs }, ...listed], execution: { status: 'RUNNING' }, found: job });
    expect(pages).toEqual([undefined]);
    expect(described).toBe(1);
  });

  test('the list of a busy external state machine is not read to its end', async () => {
    const full = Array.from({ length: 100 }, () => ({ names: [OTHER], oldestMs: NOW }));
    await run({ listed: full, execution: { status: 'RUNNING' }, found: job });
    expect(pages).toHaveLength(11);
    expect(described).toBe(1);
  });

  test('a job that waits for a file costs a look for it', async () => {
    const waiting = { ...job, status: 'input_required', inputRequests: { upload } } as Job;
    const opens = [{ ...open, awaitsUpload: true }];
    await run({ listed, opens, found: waiting });
    expect(answered).toEqual([]);
    await run({ listed, opens, found: waiting, file: { size: 1, version: 'v' } });
    expect(answered).toHaveLength(1);
    expect(warnings).toHaveBeenCalledWith('The event of an upload was lost; resuming its job');
    expect(described).toBe(0);
  });
});

test.each(['completed', 'failed', 'cancelled'] as const)(
  'a job that is %s by now costs no call of Step Functions',
  async (status) => {
    await run({ found: { ...job, status }, execution: ended(0) });
    expect(described).toBe(0);
    nothing();
  },
);

describe('a pending job without a running execution', () => {
  const pending = { ...job, status: 'pending' } as const;

  test('is started', async () => {
    await run({ found: pending });
    expect(started).toEqual([pending]);
    expect(described).toBe(0);
    expect(warnings).toHaveBeenCalledWith('A pending job has no running execution; starting it');
    expect(failed).toEqual([]);
  });

  test('whose execution has ended fails', async () => {
    await run({ found: pending, start: false, execution: ended(0) });
    expect(failed).toMatchObject([[JOB, { details: { cause: 'FAILED' } }, { retentionSeconds: 60 }]]);
  });

  test('fails when Step Functions refuses the start for good', async () => {
    await run({ found: pending, start: new StartRefused('InvalidName: x') });
    expect(failed).toMatchObject([[pending, { code: 'START_FAILED' }]]);
  });

  test.each(['ThrottlingException', 'ExecutionLimitExceeded'])(
    'waits for the next sweep, like all others, after %s',
    async (name) => {
      const start = Object.assign(new Error('why'), { name });
      await run({ found: pending, start, opens: [open, { ...open, jobId: OTHER }] });
      expect(started).toHaveLength(1);
      expect(failed).toEqual([]);
      expect(released).toEqual([undefined]);
    },
  );

  test('that cannot start for another reason does not stop the others', async () => {
    const start = new Error('unavailable');
    const opens = [open, { ...open, jobId: OTHER }];
    await expect(run({ found: pending, start, opens })).rejects.toMatchObject({ errors: [start, start] });
    expect(started).toHaveLength(2);
  });
});

describe('without an execution', () => {
  test('a running job fails', async () => {
    await run({ found: job });
    expect(failed).toMatchObject([
      [JOB, { code: 'EXECUTION_STOPPED', details: { cause: 'ABORTED' } }, { retentionSeconds: 60 }],
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
    expect(failed).toMatchObject([[JOB, { details: { cause: 'FAILED' } }, { retentionSeconds: 60 }]]);
    expect(warnings).toHaveBeenCalledWith('The end event of an execution was lost', { status: 'FAILED' });
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

  test('that waits for an answer and has died, the job fails', async () => {
    await run({ execution: ended(0), found: { ...job, status: 'input_required' } as Job });
    expect(failed).toHaveLength(1);
  });

  test('that exceeded the data limit, the job fails with the reason', async () => {
    await run({ execution: { ...ended(0), error: 'States.DataLimitExceeded' }, found: job });
    expect(failed).toMatchObject([
      [JOB, { retryable: false, message: expect.stringContaining('256 KiB') }, {}],
    ]);
  });
});

describe('with an execution of an external state machine', () => {
  test('its end is recorded', async () => {
    await run({ execution: ended(0), found: job, isExternal: true });
    expect(recorded).toEqual([[job, { name: 'build' }, ended(0)]]);
    expect(failed).toEqual([]);
  });

  test('its progress is not read', async () => {
    await run({ execution: { status: 'RUNNING' }, found: job, isExternal: true });
    nothing();
  });

  test('a job that was created again is left alone', async () => {
    await run({ execution: ended(0), found: { ...job, createdAt: '2026' }, isExternal: true });
    nothing();
  });
});

test('jobs that fail do not stop the others, and are an error at the end', async () => {
  const execution = new Error('unavailable');
  const outcome = run({ execution, found: job, opens: [open, { ...open, jobId: OTHER }] });
  await expect(outcome).rejects.toMatchObject({
    errors: [execution, execution],
    message: 'Failed to reconcile 2 jobs or operations. Read the log for each cause.',
  });
  expect(errors.mock.calls).toEqual([
    ['Failed to reconcile an open job', { job_id: JOB, operation: 'build', error: execution }],
    ['Failed to reconcile an open job', { job_id: OTHER, operation: 'build', error: execution }],
  ]);
});

test('an operation whose executions cannot be listed does not stop the others', async () => {
  const unlisted = { ...open, operation: 'other' };
  const error = new Error('no such machine');
  const listed = [error];
  await expect(run({ listed, opens: [unlisted], found: job })).rejects.toMatchObject({ errors: [error] });
  expect(errors).toHaveBeenCalledWith('Failed to list the executions of an operation', {
    operation: 'other',
    error,
  });
  expect(described).toBe(0);
});

describe('a sweep that runs out of time', () => {
  const idOf = (last: string) => `${JOB.slice(0, -1)}${last}`;
  const opens = ['c', 'a', 'b'].map((last) => ({ ...open, jobId: idOf(last) }));
  const ids = () => failed.map((args) => (args as unknown[])[0]);
  /** A clock that is past the end of the sweep after so many failed jobs. */
  const until = (count: number) => () => NOW + (failed.length >= count ? 90_000 : 0);

  test('keeps where the next one begins', async () => {
    await run({ opens, found: job, execution: ended(0), now: until(2) });
    expect(ids()).toEqual(['a', 'b'].map(idOf));
    expect(released).toEqual([idOf('b')]);
  });

  test('continues after the last job, and comes to the first ones again', async () => {
    await run({ opens, found: job, execution: ended(0), cursor: idOf('b') });
    expect(ids()).toEqual(['c', 'a', 'b'].map(idOf));
    expect(released).toEqual([undefined]);
  });

  test('ends when Step Functions throttles its looks, and says so', async () => {
    const execution = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
    await expect(run({ opens, found: job, execution, cursor: idOf('a') })).rejects.toMatchObject({
      errors: [execution],
    });
    expect(described).toBe(1);
    expect(released).toEqual([idOf('a')]);
  });
});

describe('a finding is kept for operators', () => {
  const waiting = { ...job, status: 'input_required', inputRequests: { upload } } as Job;
  const pending = { ...job, status: 'pending' } as Job;

  test.each<[string, Case]>([
    ['start_lost', { found: pending }],
    ['start_refused', { found: pending, start: new StartRefused('InvalidName: x') }],
    ['end_lost', { found: job }],
    ['end_lost', { found: job, execution: ended(0) }],
    ['end_lost', { found: job, execution: ended(0), isExternal: true }],
    ['operation_removed', { found: job, opens: [{ ...open, operation: 'thumbnail' }] }],
    [
      'upload_lost',
      {
        found: waiting,
        listed: [{ names: [JOB], oldestMs: NOW }],
        opens: [{ ...open, awaitsUpload: true }],
        file: { size: 1, version: 'v' },
      },
    ],
  ])('%s', async (finding, each) => {
    await run(each);
    expect(findings).toEqual([{ finding, jobId: JOB, foundAt: new Date(NOW).toISOString() }]);
  });

  test('while the sweep holds its lease: two sweeps never write at a time', async () => {
    await run({ found: job, execution: ended(0) });
    expect(findings).toHaveLength(1);
    expect(released).toHaveLength(1);
    expect(releasedBeforeFindings).toBe(false);
  });

  test('only when the sweep repaired something', async () => {
    await run({ found: job, execution: { status: 'RUNNING' } });
    await run({ found: pending, start: Object.assign(new Error('why'), { name: 'ThrottlingException' }) });
    await run({ listed: [{ names: [JOB], oldestMs: NOW }], found: waiting });
    expect(findings).toEqual([]);
  });

  test('and a hundred of a sweep at most, the newest first', async () => {
    const opens = Array.from({ length: 101 }, (_, index) => ({ ...open, jobId: `job${1_000 + index}` }));
    await run({ found: job, execution: ended(0), opens });
    expect(findings).toHaveLength(100);
    expect(findings[0]).toMatchObject({ jobId: 'job1100' });
  });
});
