/** Tests the requests to Step Functions, and how its responses are read. The client is a fake. */
import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  ListExecutionsCommand,
  type SFNClient,
  StartExecutionCommand,
  StateMachineDoesNotExist,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import { executionArn } from '../../lambdas/executions/execution-arn.ts';
import { Executions, isOver, StartRefused } from '../../lambdas/executions/executions.ts';
import type { Job } from '../../lambdas/jobs/job.ts';

const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:jobs-build';
const EXECUTION = 'arn:aws:states:us-east-1:000000000000:execution:jobs-build:job';
const job = {
  jobId: 'job',
  owner: 'alice',
  operation: 'build',
  input: { x: 1 },
  createdAt: '2026-01-01T00:00:00.000Z',
} as unknown as Job;
const notFound = new ExecutionDoesNotExist({ message: 'none', $metadata: {} });

beforeAll(() => {
  process.env.STATE_MACHINE_ARN_PREFIX = 'arn:aws:states:us-east-1:000000000000:stateMachine:jobs-';
  process.env.EXTERNAL_STATE_MACHINES = '{"report":"sales-report"}';
});
afterAll(() => {
  delete process.env.STATE_MACHINE_ARN_PREFIX;
  delete process.env.EXTERNAL_STATE_MACHINES;
});

function clientOf(response: object | Error) {
  const commands: { readonly input: object }[] = [];
  const client = {
    send: async (command: { readonly input: object }) => {
      commands.push(command);
      if (response instanceof Error) throw response;
      return response;
    },
  } as unknown as SFNClient;
  const operations = [
    { name: 'report', stateMachine: {} },
    { name: 'build', steps: {} },
  ] as unknown as OperationDefinition[];
  return { commands, executions: new Executions(client, operations) };
}

test('the ARN of an execution has the name of its state machine and its job', () => {
  expect(executionArn(job)).toBe(EXECUTION);
});

describe('a start', () => {
  const inputOf = async (changes: Partial<Job>) => {
    const { commands, executions } = clientOf({});
    await executions.start({ ...job, ...changes });
    const { input } = (commands[0]?.input ?? {}) as { readonly input: string };
    return JSON.parse(input);
  };

  test('gives the steps their part of the job', async () => {
    const { commands, executions } = clientOf({ executionArn: EXECUTION });
    expect(await executions.start(job)).toBe(true);
    expect(commands[0]).toBeInstanceOf(StartExecutionCommand);
    expect(commands[0]?.input).toEqual({
      stateMachineArn: MACHINE,
      name: 'job',
      input: JSON.stringify({ jobId: 'job', owner: 'alice', input: { x: 1 }, finished: {} }),
    });
  });

  test('gives the steps what a call has handed over', async () => {
    expect((await inputOf({ handedOver: null })).finished).toEqual({ call: { result: null } });
  });

  test('gives an external state machine only the arguments', async () => {
    expect(await inputOf({ operation: 'report' })).toEqual({ x: 1 });
  });

  test('of an Express state machine is an error with the remedy', async () => {
    const { executions } = clientOf({ executionArn: EXECUTION.replace(':states:', ':states:express:') });
    await expect(executions.start(job)).rejects.toThrow(
      new StartRefused(`${MACHINE} is an Express state machine. Define build with type EXPRESS.`),
    );
  });

  test('of an execution that exists has no effect', async () => {
    const { executions } = clientOf(new ExecutionAlreadyExists({ message: 'taken', $metadata: {} }));
    expect(await executions.start(job)).toBe(false);
  });

  test.each([
    'AccessDeniedException',
    'InvalidArn',
    'InvalidExecutionInput',
    'InvalidName',
    'KmsAccessDeniedException',
    'KmsInvalidStateException',
    'StateMachineDeleting',
    'StateMachineDoesNotExist',
    'ValidationException',
  ])('that fails with %s can never succeed', async (name) => {
    const cause = Object.assign(new Error('why'), { name });
    await expect(clientOf(cause).executions.start(job)).rejects.toMatchObject({
      name: 'StartRefused',
      message: `${name}: why`,
      cause,
    });
  });

  test.each([
    'ThrottlingException',
    'ExecutionLimitExceeded',
    'KmsThrottlingException',
    'ServiceUnavailable',
    'TimeoutError',
  ])('that fails with %s can succeed later', async (name) => {
    const error = Object.assign(new Error('why'), { name });
    await expect(clientOf(error).executions.start(job)).rejects.toBe(error);
  });
});

describe('the running executions', () => {
  test('are a page of a thousand, with its oldest start', async () => {
    const { commands, executions } = clientOf({
      executions: [
        { name: 'new', startDate: new Date(9_000) },
        { name: 'old', startDate: new Date(7_000) },
      ],
      nextToken: 'more',
    });
    expect(await executions.running('build', 'page')).toEqual({
      names: ['new', 'old'],
      oldestMs: 7_000,
      next: 'more',
    });
    expect(commands[0]).toBeInstanceOf(ListExecutionsCommand);
    expect(commands[0]?.input).toEqual({
      stateMachineArn: MACHINE,
      statusFilter: 'RUNNING',
      maxResults: 1_000,
      nextToken: 'page',
    });
  });

  test.each([
    ['when none runs', {}],
    ['when the state machine was deleted', new StateMachineDoesNotExist({ message: 'gone', $metadata: {} })],
  ])('are none %s', async (_when, response) => {
    expect(await clientOf(response).executions.running('build')).toEqual({ names: [] });
  });

  test('that cannot be listed are an error', async () => {
    await expect(clientOf(new Error('throttled')).executions.running('build')).rejects.toThrow('throttled');
  });
});

describe('an execution', () => {
  const stopDate = new Date(5_000);
  const find = (response: object | Error) => clientOf(response).executions.find(job);

  test('is found by its ARN', async () => {
    const { commands, executions } = clientOf({ status: 'RUNNING' });
    await executions.find(job);
    expect(commands[0]).toBeInstanceOf(DescribeExecutionCommand);
    expect(commands[0]?.input).toEqual({ executionArn: EXECUTION });
  });

  test.each([
    { status: 'RUNNING', stopDate },
    { status: 'PENDING_REDRIVE', stopDate },
    { status: 'SUCCEEDED' },
    { stopDate },
  ])('%j runs', async (response) => {
    const state = await find(response);
    expect(state).toEqual({ status: 'RUNNING' });
    expect(state && isOver(state)).toBe(false);
  });

  test('that succeeded has its output', async () => {
    const state = await find({ status: 'SUCCEEDED', stopDate, output: '1', error: 'x' });
    expect(state).toStrictEqual({ status: 'SUCCEEDED', stoppedAtMs: 5_000, output: '1' });
    expect(state && isOver(state)).toBe(true);
  });

  test('that failed has its error and its cause', async () => {
    expect(await find({ status: 'FAILED', stopDate, error: 'E', cause: 'C', output: 'x' })).toStrictEqual({
      status: 'FAILED',
      stoppedAtMs: 5_000,
      error: 'E',
      cause: 'C',
    });
  });

  test('that does not exist is not found', async () => {
    expect(await find(notFound)).toBeUndefined();
  });

  test('that cannot be read is an error', async () => {
    await expect(find(new Error('throttled'))).rejects.toThrow('throttled');
  });
});

describe('a stop', () => {
  test('names its reason', async () => {
    const { commands, executions } = clientOf({});
    await executions.stop(job, 'No longer needed.');
    expect(commands[0]).toBeInstanceOf(StopExecutionCommand);
    expect(commands[0]?.input).toEqual({
      executionArn: EXECUTION,
      error: 'JobCancelled',
      cause: 'No longer needed.',
    });
  });

  test('of an execution that never started has no effect', async () => {
    await expect(clientOf(notFound).executions.stop(job, '')).resolves.toBeUndefined();
  });

  test('that fails is an error', async () => {
    await expect(clientOf(new Error('throttled')).executions.stop(job, '')).rejects.toThrow('throttled');
  });
});
