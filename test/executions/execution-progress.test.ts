/** Tests how the progress of an external state machine is read from its history, and how often. */

import { jest } from '@jest/globals';
import type { OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import type { EnteredStates, ExecutionHistory } from '../../lambdas/executions/execution-history.ts';
import { ExecutionProgress } from '../../lambdas/executions/execution-progress.ts';
import type { Job } from '../../lambdas/jobs/job.ts';
import { type JobStore, TransitionRefused } from '../../lambdas/jobs/job-store.ts';
import { log } from '../../lambdas/shared/observability/log.ts';

const START = Date.parse('2026-01-01T00:00:00.000Z');
const job = {
  jobId: 'job',
  owner: 'alice',
  operation: 'report',
  status: 'running',
  progress: 0.2,
  step: 'first',
  updatedAt: new Date(START).toISOString(),
} as Job;

let now: number;
let reads: number;
let written: unknown[];
let warn: ReturnType<typeof jest.spyOn>;

beforeEach(() => {
  now = START + 2_000;
  reads = 0;
  written = [];
  warn = jest.spyOn(log, 'warn').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

const STATES = ['first', 'second', 'third', 'fourth'];

function progressOf(entered: EnteredStates | Error | undefined, writeError?: Error): ExecutionProgress {
  return new ExecutionProgress({
    jobs: {
      recordProgress: async (...args: unknown[]) => {
        written.push(args);
        if (writeError) throw writeError;
        return { ...job, progress: 0.9 };
      },
    } as unknown as JobStore,
    history: {
      enteredStates: async () => {
        reads += 1;
        if (entered instanceof Error) throw entered;
        return entered;
      },
    } as unknown as ExecutionHistory,
    operations: [{ name: 'report', stateMachine: {} }, { name: 'build' }] as unknown as OperationDefinition[],
    now: () => now,
  });
}

/** @param latestFirst names of states that were entered a second apart, the first one at 1 s */
function enteredStates(...latestFirst: readonly string[]): EnteredStates {
  const entries = latestFirst.toReversed().map((state, index) => ({ state, atMs: 1_000 * (index + 1) }));
  return { states: STATES, entered: [...new Set(latestFirst)], entries };
}

const third = enteredStates('third', 'second', 'first');

describe('a refresh', () => {
  test('writes the completed states and the current one', async () => {
    expect(await progressOf(third).refresh(job)).toMatchObject({ progress: 0.9 });
    const timeline = [
      { step: 'first', began: 1_000 },
      { step: 'first', ended: 2_000 },
      { step: 'second', began: 2_000 },
      { step: 'second', ended: 3_000 },
      { step: 'third', began: 3_000 },
    ];
    expect(written).toEqual([[job, { step: 'third', progress: 0.5, message: 'Running third.', timeline }]]);
  });

  test.each(['completed', 'failed', 'cancelled', 'input_required'] as const)(
    'of a %s job reads nothing',
    async (status) => {
      const other = { ...job, status };
      expect(await progressOf(third).refresh(other)).toBe(other);
      expect(reads).toBe(0);
    },
  );

  test('of an operation with steps reads nothing', async () => {
    const other = { ...job, operation: 'build' };
    expect(await progressOf(third).refresh(other)).toBe(other);
    expect(reads).toBe(0);
  });

  test('of a pending job reads its history', async () => {
    await progressOf(third).refresh({ ...job, status: 'pending' });
    expect(reads).toBe(1);
  });

  test('within two seconds of a write reads nothing', async () => {
    now = START + 1_999;
    expect(await progressOf(third).refresh(job)).toBe(job);
    expect(reads).toBe(0);
  });

  test('within two seconds of a read reads nothing, for this job', async () => {
    const progress = progressOf(third);
    await progress.refresh(job);
    now += 1_999;
    await progress.refresh(job);
    expect(reads).toBe(1);
    await progress.refresh({ ...job, jobId: 'other' });
    expect(reads).toBe(2);
    now += 1;
    await progress.refresh(job);
    expect(reads).toBe(3);
  });

  test('forgets the job that was read longest ago, beyond ten thousand', async () => {
    const progress = progressOf(undefined);
    for (let index = 0; index < 10_000; index++) await progress.refresh({ ...job, jobId: `${index}` });
    await progress.refresh({ ...job, jobId: '0' });
    expect(reads).toBe(10_000);
    await progress.refresh({ ...job, jobId: 'one more' });
    await progress.refresh({ ...job, jobId: '1' });
    expect(reads).toBe(10_001);
    await progress.refresh({ ...job, jobId: '0' });
    expect(reads).toBe(10_002);
  });

  test('returns the job of another reader that was faster', async () => {
    const faster = { ...job, progress: 0.7 };
    const refusal = new TransitionRefused('running', faster);
    expect(await progressOf(third, refusal).refresh(job)).toBe(faster);
    expect(warn).not.toHaveBeenCalled();
  });

  test.each([
    ['the job is gone', new TransitionRefused('running', undefined)],
    ['the job has another owner', new TransitionRefused('running', { ...job, owner: 'bob' })],
    ['the table fails', new Error('throttled')],
  ])('returns the job as read when %s', async (_what, error) => {
    expect(await progressOf(third, error).refresh(job)).toBe(job);
    expect(warn).toHaveBeenCalledWith('Failed to write the progress of an execution', {
      job_id: 'job',
      operation: 'report',
      owner: 'alice',
      error,
    });
  });

  test('returns the job as read when its history cannot be read', async () => {
    const error = new Error('throttled');
    expect(await progressOf(error).refresh(job)).toBe(job);
    expect(written).toEqual([]);
    expect(warn).toHaveBeenCalledWith('Failed to read the history of an execution', {
      job_id: 'job',
      operation: 'report',
      owner: 'alice',
      error,
    });
  });
});

describe('a snapshot', () => {
  const snapshot = (entered: readonly string[], changes: Partial<Job> = {}) =>
    progressOf(enteredStates(...entered)).snapshot({ ...job, ...changes });

  test('never lowers the progress', async () => {
    expect(await snapshot(['second', 'first'], { progress: 0.8 })).toMatchObject({ progress: 0.8 });
  });

  test('has the span of each state, from its first entry to its last exit', async () => {
    expect(await snapshot(['third', 'second', 'first', 'second', 'first'])).toMatchObject({
      timeline: [
        { step: 'first', began: 1_000 },
        { step: 'first', ended: 4_000 },
        { step: 'second', began: 2_000 },
        { step: 'second', ended: 5_000 },
        { step: 'third', began: 5_000 },
      ],
    });
  });

  test('keeps what is on record of states that the page of history no longer shows', async () => {
    const timeline = [
      { step: 'first', began: 10 },
      { step: 'first', ended: 20 },
      { step: 'second', began: 20 },
    ];
    expect(await snapshot(['third', 'second'], { timeline })).toMatchObject({
      timeline: [...timeline, { step: 'second', ended: 2_000 }, { step: 'third', began: 2_000 }],
    });
  });

  test('does not exist before the first state', async () => {
    expect(await snapshot([])).toBeUndefined();
  });

  test('does not exist before the execution', async () => {
    expect(await progressOf(undefined).snapshot(job)).toBeUndefined();
  });

  test('does not exist when the job has the same progress and step', async () => {
    expect(await snapshot(['first'])).toBeUndefined();
  });

  test.each([
    ['a new step', ['other'], {}],
    ['more progress', ['first', 'second'], {}],
    ['a job that is pending', ['first'], { status: 'pending' }],
  ] as const)('exists for %s', async (_what, entered, changes) => {
    expect(await snapshot(entered, changes)).toBeDefined();
  });
});

test('the clock is the system clock by default', async () => {
  const progress = new ExecutionProgress({
    jobs: {} as JobStore,
    history: { enteredStates: async () => void reads++ } as unknown as ExecutionHistory,
    operations: [{ name: 'report', stateMachine: {} }] as unknown as OperationDefinition[],
  });
  await progress.refresh({ ...job, updatedAt: new Date(Date.now() - 2_500).toISOString() });
  await progress.refresh({ ...job, updatedAt: new Date().toISOString() });
  expect(reads).toBe(1);
});
