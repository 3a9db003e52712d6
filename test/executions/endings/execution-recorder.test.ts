/** Tests what each state of an external execution does to its job. All stores are fakes. */

import { jest } from '@jest/globals';
import * as z from 'zod';
import type {
  OperationDefinition,
  StateMachineOperation,
} from '../../../lambdas/definition/operation-definition.ts';
import type { Workspace } from '../../../lambdas/definition/step-context.ts';
import { ExecutionRecorder } from '../../../lambdas/executions/endings/execution-recorder.ts';
import type { ExecutionProgress, ExecutionSnapshot } from '../../../lambdas/executions/execution-progress.ts';
import type { ExecutionState, Executions } from '../../../lambdas/executions/executions.ts';
import type { Job } from '../../../lambdas/jobs/job.ts';
import { type JobStore, TransitionRefused } from '../../../lambdas/jobs/job-store.ts';
import { AppError, ErrorCode } from '../../../lambdas/shared/errors.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';

const ID = '7d5fbf9e-0000-4000-8000-000000000001';
const ARN = `arn:aws:states:us-east-1:000000000000:execution:report-machine:${ID}`;
const job = {
  jobId: ID,
  operation: 'report',
  status: 'running',
  step: 'first',
  retentionSeconds: 60,
  createdAt: '2026-01-01T00:00:00.000Z',
} as Job;
const operation = {
  name: 'report',
  stateMachine: {},
  output: z.object({ lines: z.number() }),
} as unknown as StateMachineOperation;
const succeeded = { status: 'SUCCEEDED', stoppedAtMs: 0, output: '{"lines":3}' } as const;

let errors: ReturnType<typeof jest.spyOn>;
let calls: [string, ...unknown[]][];

beforeAll(() => {
  process.env.STATE_MACHINE_ARN_PREFIX = 'arn:aws:states:us-east-1:000000000000:stateMachine:jobs-';
  process.env.EXTERNAL_STATE_MACHINES = '{"report":"report-machine"}';
});
afterAll(() => {
  delete process.env.STATE_MACHINE_ARN_PREFIX;
  delete process.env.EXTERNAL_STATE_MACHINES;
});
beforeEach(() => {
  errors = jest.spyOn(log, 'error').mockImplementation(() => {});
  calls = [];
});
afterEach(() => jest.restoreAllMocks());

interface Fakes {
  readonly found?: Job;
  readonly state?: ExecutionState;
  readonly snapshot?: Partial<ExecutionSnapshot>;
  readonly failures?: Readonly<Record<string, Error>>;
}

function recorderOf({ found = job, state, snapshot, failures = {} }: Fakes = {}): ExecutionRecorder {
  const called =
    (name: string, result?: unknown) =>
    async (...args: unknown[]) => {
      calls.push([name, ...args]);
      if (failures[name]) throw failures[name];
      return result;
    };
  return new ExecutionRecorder({
    jobs: {
      find: called('find', found),
      recordProgress: called('recordProgress'),
      complete: called('complete'),
      fail: called('fail'),
    } as unknown as JobStore,
    executions: { find: called('findExecution', state), stop: called('stop') } as unknown as Executions,
    executionProgress: {
      refresh: called('refresh'),
      snapshot: called('snapshot', snapshot),
    } as unknown as ExecutionProgress,
    workspace: { upload: called('upload', { size: 70_000, sha256: 'ab' }) } as unknown as Workspace,
    operations: [{ name: 'build', steps: {} }, operation] as unknown as OperationDefinition[],
  });
}

const record = (state: ExecutionState, changes: Partial<Job> = {}, fakes: Fakes = {}) =>
  recorderOf(fakes).record({ ...job, ...changes }, operation, state);
const names = () => calls.map(([name]) => name);

test('only external state machines have an operation to record', () => {
  expect(recorderOf().operationOf(job)).toBe(operation);
  expect(recorderOf().operationOf({ operation: 'build' })).toBeUndefined();
});

describe('a status event', () => {
  const event = (changes: object = {}) =>
    ({ detail: { executionArn: ARN, name: ID, status: 'RUNNING', ...changes } }) as Parameters<
      ExecutionRecorder['statusChanged']
    >[0];

  test('records the state of its job', async () => {
    await recorderOf().statusChanged(event());
    expect(calls).toEqual([
      ['find', ID],
      ['refresh', job],
    ]);
  });

  test('of an execution that is not named like a job reads nothing', async () => {
    await recorderOf().statusChanged(event({ name: 'nightly' }));
    expect(calls).toEqual([]);
  });

  test.each([
    ['of another state machine', { executionArn: ARN.replace('report-machine', 'other') }, job],
    ['of another execution', { name: `${ID}-1` }, job],
    ['of an operation with steps', {}, { ...job, operation: 'build' }],
  ])('%s records nothing', async (_what, changes, found) => {
    await recorderOf({ found }).statusChanged(event(changes));
    expect(names()).toEqual(['find']);
  });

  test('of a job that is gone records nothing', async () => {
    const recorder = recorderOf({ found: null as unknown as Job });
    await recorder.statusChanged(event());
    expect(names()).toEqual(['find']);
  });

  test.each([
    { status: 'SUCCEEDED', output: '{"lines":3}' },
    { status: 'FAILED', error: 'E' },
  ])('%j is complete', async (changes) => {
    await recorderOf().statusChanged(event(changes));
    expect(names()).not.toContain('findExecution');
  });

  test.each([
    { status: 'SUCCEEDED', output: null },
    { status: 'FAILED', error: null },
  ])('%j is completed by a read', async (changes) => {
    await recorderOf({ state: succeeded }).statusChanged(event(changes));
    expect(calls[1]).toEqual(['findExecution', job]);
    expect(names()).toContain('complete');
  });

  test('of an execution that is gone records nothing', async () => {
    await recorderOf().statusChanged(event({ status: 'FAILED' }));
    expect(names()).toEqual(['find', 'findExecution']);
  });
});

describe('a running execution', () => {
  const running = { status: 'RUNNING' } as const;

  test('makes a pending job run', async () => {
    await record(running, { status: 'pending' });
    expect(calls).toEqual([['recordProgress', { ...job, status: 'pending' }, { message: 'Running.' }]]);
  });

  test('updates the progress of a running job', async () => {
    await record(running);
    expect(names()).toEqual(['refresh']);
  });

  test.each(['cancelled', 'failed'] as const)('of a %s job is stopped', async (status) => {
    await record(running, { status });
    expect(calls).toEqual([['stop', { ...job, status }, 'The job ended before its execution started.']]);
  });

  test('of a completed job is not stopped', async () => {
    await record(running, { status: 'completed' });
    expect(names()).not.toContain('stop');
  });
});

describe('a success', () => {
  test('completes the job without a lease', async () => {
    await record(succeeded);
    expect(calls.at(-1)).toEqual(['complete', ID, undefined, { result: { lines: 3 } }, 60]);
  });

  test('completes the job with its timeline', async () => {
    const timeline = [{ step: 'first', began: 1 }];
    await record(succeeded, {}, { snapshot: { step: 'first', timeline } });
    expect(calls).toEqual([
      ['snapshot', job],
      ['complete', ID, undefined, { result: { lines: 3 }, timeline }, 60],
    ]);
  });

  test('that arrives before the start makes the job run first', async () => {
    await record(succeeded, { status: 'pending' });
    expect(names()).toEqual(['recordProgress', 'snapshot', 'complete']);
  });

  test.each(['completed', 'failed', 'cancelled'] as const)('of a %s job changes nothing', async (status) => {
    await record(succeeded, { status });
    expect(calls).toEqual([]);
  });

  test('without an output has the result null, which this schema refuses', async () => {
    await record({ status: 'SUCCEEDED', stoppedAtMs: 0 });
    expect(calls).toStrictEqual([
      [
        'fail',
        ID,
        {
          code: 'RESULT_INVALID',
          message: 'The result of report does not match its output schema.',
          retryable: false,
        },
        { retentionSeconds: 60 },
      ],
    ]);
    expect(errors).toHaveBeenCalledWith('The output of a state machine does not match its operation', {
      job_id: ID,
      operation: 'report',
      cause: expect.any(z.ZodError),
    });
  });

  test('with a large output stores it in the workspace', async () => {
    const large = { ...operation, output: undefined } as StateMachineOperation;
    const output = JSON.stringify('x'.repeat(70_000));
    await recorderOf().record(job, large, { ...succeeded, output });
    expect(names()).toEqual(['upload', 'snapshot', 'complete']);
    expect(calls[2]?.[3]).toMatchObject({ resultObject: { key: `results/${ID}.json` } });
  });

  test.each([
    ['a retryable error', new AppError(ErrorCode.workspaceUnavailable, 'S3 is down.', { retryable: true })],
    ['another error', new Error('throttled')],
  ])('that meets %s is repeated', async (_what, failure) => {
    await expect(record(succeeded, {}, { failures: { complete: failure } })).rejects.toBe(failure);
    expect(names()).toEqual(['snapshot', 'complete']);
  });
});

describe('a failure', () => {
  const failed = { status: 'FAILED', stoppedAtMs: 0, error: 'E', cause: 'x' } as const;

  test('names the step that the execution has reached', async () => {
    await record(failed, {}, { snapshot: { step: 'second' } });
    expect(calls[1]).toEqual([
      'fail',
      ID,
      expect.objectContaining({ code: 'EXECUTION_FAILED', step: 'second' }),
      { step: 'second', retentionSeconds: 60 },
    ]);
    expect(errors).toHaveBeenCalledWith('An execution failed', {
      job_id: ID,
      operation: 'report',
      status: 'FAILED',
      error: 'E',
      cause: 'x',
    });
  });

  test('without a snapshot names the step of the job', async () => {
    await record(failed);
    expect(calls[1]?.[3]).toEqual({ step: 'first', retentionSeconds: 60 });
  });

  test('before the first step names no step', async () => {
    await record({ ...failed, cause: undefined }, { step: undefined });
    const [, , error, end] = calls[1] ?? [];
    expect(error).not.toHaveProperty('step');
    expect(end).toStrictEqual({ retentionSeconds: 60 });
  });

  test.each(['completed', 'failed', 'cancelled'] as const)('of a %s job changes nothing', async (status) => {
    await record(failed, { status });
    expect(calls).toEqual([]);
  });
});

test('a state that another function has recorded is ignored', async () => {
  const refusal = new TransitionRefused('completed', job);
  await expect(record(succeeded, {}, { failures: { complete: refusal } })).resolves.toBeUndefined();
});
