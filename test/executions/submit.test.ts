import {
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  InvalidName,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { cancelJob } from '../../lambdas/executions/cancel.ts';
import { recordCaughtError, recordExecutionEnded } from '../../lambdas/executions/endings/record-failure.ts';
import { Executions } from '../../lambdas/executions/executions.ts';
import { ExecutionQueue } from '../../lambdas/executions/queue/execution-queue.ts';
import { type Submission, submitJob } from '../../lambdas/executions/submit.ts';
import { executionName, type Notified } from '../../lambdas/jobs/job.ts';
import { JobStore, TransitionRefused } from '../../lambdas/jobs/job-store.ts';
import { DEFAULT_JOB_LIMITS } from '../../lambdas/jobs/limits.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import { inSpan } from '../../lambdas/shared/observability/tracing.ts';
import { echo } from '../fixtures/catalogue/echo/operation.ts';
import { startJobsTable, TABLE_NAME } from '../support/jobs-table.ts';

const MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:echo';

// Step Functions fails here on purpose, in ways that the local one does not.
const sfn = mockClient(SFNClient);
const sqs = mockClient(SQSClient);
// The mock is on the class, which other test files of this process use.
afterAll(() => {
  sfn.restore();
  sqs.restore();
});
const executionQueue = new ExecutionQueue(new SQSClient({ region: 'us-east-1' }), 'starts');
const invalidName = new InvalidName({ message: 'secret internals', $metadata: {} });
const throttled = Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
const executions = new Executions(new SFNClient({ region: 'us-east-1' }), []);
let table: Awaited<ReturnType<typeof startJobsTable>>;
let jobs: JobStore;

beforeAll(async () => {
  process.env.STATE_MACHINE_ARN_PREFIX = MACHINE.replace(/echo$/, '');
  table = await startJobsTable();
  jobs = new JobStore({ client: table.client, tableName: TABLE_NAME });
});
afterAll(async () => {
  delete process.env.STATE_MACHINE_ARN_PREFIX;
  await table.close();
});
beforeEach(() => {
  sfn.reset();
  sqs.reset();
  // What is provoked here is logged for the operator.
  for (const level of ['warn', 'error'] as const) jest.spyOn(log, level).mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

const submit = (overrides: Partial<Submission> = {}) =>
  submitJob(
    { jobs, executions, executionQueue, limits: DEFAULT_JOB_LIMITS, notifications: undefined },
    { owner: 'alice', operation: echo, input: { text: 'x' }, ...overrides },
  );

test('a job has the trace of the request that creates it, and another request with its key changes nothing', async () => {
  sfn.on(StartExecutionCommand).resolves({});
  const [first, second] = ['a', 'b'].map((digit) => ({
    traceparent: `00-${digit.repeat(32)}-${digit.repeat(16)}-01`,
    tracestate: `vendor=${digit}`,
    xray: '1-5759e988-bd862e3fe1be46a994272793',
  }));
  for (const trace of [first, second]) {
    const start = () => submit({ idempotencyKey: 'traced' });
    const { jobId } = await (trace ? inSpan(trace, { name: 'request' }, start) : start());
    expect((await jobs.get('alice', jobId))?.trace).toEqual(first);
  }
});

test('a job records what its owner is notified of, and a repeated start changes nothing of it', async () => {
  sfn.on(StartExecutionCommand).resolves({});
  const asked: unknown[] = [];
  const start = (notified: Notified | undefined) =>
    submitJob(
      {
        ...{ jobs, executions, executionQueue, limits: DEFAULT_JOB_LIMITS },
        notifications: {
          of: async (...about) => {
            asked.push(about);
            return notified;
          },
        },
      },
      {
        ...{ owner: 'alice', operation: echo, input: { text: 'x' }, idempotencyKey: 'notified' },
        callback: { url: 'https://example.com/', events: ['job.completed'] },
      },
    );
  expect(await start('end_or_input')).toMatchObject({ notified: 'end_or_input' });
  const { jobId } = await start(undefined);
  expect((await jobs.get('alice', jobId))?.notified).toBe('end_or_input');
  expect(asked[0]).toEqual(['alice', 'echo', ['job.completed']]);
});

test('the execution is named after the job, and knows its id, owner and input', async () => {
  sfn.on(StartExecutionCommand).resolves({});
  const { jobId, trace } = await submit();
  const [start] = sfn.commandCalls(StartExecutionCommand);
  expect(start?.args[0].input).toMatchObject({ stateMachineArn: MACHINE, name: jobId });
  expect(JSON.parse(start?.args[0].input.input ?? '')).toEqual({
    jobId,
    owner: 'alice',
    input: { text: 'x' },
    trace,
    finished: {},
  });
});

test('a job whose start is throttled is pending, and its start is queued', async () => {
  sfn.on(StartExecutionCommand).rejects(throttled);
  const { jobId } = await submit();
  expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'pending', version: 1 });
  expect(sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input)).toEqual([
    { QueueUrl: 'starts', MessageBody: JSON.stringify({ jobId }) },
  ]);
});

test('a job that cannot be queued either is pending: the reconciler starts it', async () => {
  sfn.on(StartExecutionCommand).rejects(throttled);
  sqs.on(SendMessageCommand).rejects(new Error('no queue'));
  expect(await submit()).toMatchObject({ status: 'pending' });
});

test('a job whose execution can never start is failed, and the caller is told to call again', async () => {
  sfn.on(StartExecutionCommand).rejects(invalidName);
  await expect(submit({ owner: 'unlucky' })).rejects.toMatchObject({ code: 'START_FAILED', retryable: true });
  const [job] = (await jobs.list('unlucky', { limit: 1 })).jobs;
  const record = await jobs.get('unlucky', job?.jobId ?? '');
  expect(record).toMatchObject({ status: 'failed', error: { code: 'START_FAILED', retryable: true } });
  expect(JSON.stringify(record)).not.toContain('secret internals');
});

test('called again with its idempotency key, a job that could not be started is made anew', async () => {
  sfn.on(StartExecutionCommand).rejectsOnce(invalidName).resolves({});
  await expect(submit({ idempotencyKey: 'again' })).rejects.toMatchObject({ code: 'START_FAILED' });
  const job = await submit({ idempotencyKey: 'again' });
  expect(await jobs.get('alice', job.jobId)).toMatchObject({
    status: 'pending',
    version: Date.parse(job.createdAt),
  });
});

test('a call that repeats a healthy start cannot fail its job', async () => {
  sfn.on(StartExecutionCommand).resolvesOnce({}).rejects(invalidName);
  const { jobId } = await submit({ idempotencyKey: 'healthy' });
  await expect(submit({ idempotencyKey: 'healthy' })).rejects.toMatchObject({ code: 'START_FAILED' });
  expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'pending' });
  await jobs.begin(jobId, { step: 'answer', progress: 0, lease: 'a' });
  expect(await submit({ idempotencyKey: 'healthy' })).toMatchObject({ jobId, status: 'running' });
});

test('a start whose answer was lost, but which runs, is a start', async () => {
  sfn.on(StartExecutionCommand).callsFake(async ({ name }) => {
    await jobs.begin(name, { step: 'answer', progress: 0, lease: 'a' });
    throw new Error('the connection was reset');
  });
  const { jobId } = await submit();
  expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'running' });
});

test('an execution that exists already is the one that was asked for', async () => {
  sfn.on(StartExecutionCommand).rejects(new ExecutionAlreadyExists({ message: 'taken', $metadata: {} }));
  expect(await submit()).toMatchObject({ status: 'pending' });
});

test('a start that was cut off between the job and its execution is finished by the same call again', async () => {
  const cutOff = new Executions(new SFNClient({ region: 'us-east-1' }), []);
  cutOff.start = () => new Promise(() => {});
  void submitJob(
    { jobs, executions: cutOff, executionQueue, limits: DEFAULT_JOB_LIMITS, notifications: undefined },
    { owner: 'alice', operation: echo, input: { text: 'x' }, idempotencyKey: 'cut-off' },
  );
  sfn.on(StartExecutionCommand).resolves({});
  const job = await submit({ idempotencyKey: 'cut-off' });
  expect(sfn.commandCalls(StartExecutionCommand)[0]?.args[0].input.name).toBe(executionName(job));
});

test.each<[string, Partial<Submission>]>([
  ['input', { input: { text: 'y' } }],
  ['retention', { retentionSeconds: 600 }],
  ['callback', { callback: { url: 'https://example.com/', events: ['job.failed'] } }],
  [
    'events',
    { callback: { url: 'https://example.com/', events: ['job.completed'] }, retentionSeconds: 3_600 },
  ],
])('the same idempotency key with another %s is another request', async (what, other) => {
  const request: Partial<Submission> =
    what === 'events'
      ? { callback: { url: 'https://example.com/', events: ['job.failed'] }, retentionSeconds: 3_600 }
      : {};
  const key = { idempotencyKey: `other ${what}` };
  const { jobId } = await submit({ ...request, ...key });
  await expect(submit({ ...request, ...other, ...key })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  expect(await submit({ ...request, ...key })).toMatchObject({ jobId });
});

test('the default retention is the same request, written or not', async () => {
  const { jobId } = await submit({ idempotencyKey: 'default' });
  expect(await submit({ idempotencyKey: 'default', retentionSeconds: 24 * 60 * 60 })).toMatchObject({
    jobId,
  });
});

test('the execution of an idempotent job is named after its time too, for the key may come again', async () => {
  sfn.on(StartExecutionCommand).resolves({});
  const job = await submit({ idempotencyKey: 'named' });
  expect(executionName(job)).toBe(`${job.jobId}-${Date.parse(job.createdAt)}`);
  expect(executionName(job).length).toBeLessThanOrEqual(80);
});

test('cancelling stops the execution, and does not mind when there is none', async () => {
  sfn.on(StartExecutionCommand).resolves({});
  sfn.on(StopExecutionCommand).rejects(new ExecutionDoesNotExist({ message: 'none', $metadata: {} }));
  const { jobId } = await submit();
  expect(await cancelJob({ jobs, executions, executionQueue }, 'alice', jobId)).toMatchObject({
    status: 'cancelled',
  });
  expect(sfn.commandCalls(StopExecutionCommand)[0]?.args[0].input).toMatchObject({
    executionArn: `arn:aws:states:us-east-1:000000000000:execution:echo:${jobId}`,
  });
});

test('a job is cancelled though its execution cannot be stopped: its next step will not begin', async () => {
  sfn.on(StartExecutionCommand).resolves({});
  sfn.on(StopExecutionCommand).rejects(new Error('no answer'));
  const { jobId } = await submit();
  expect(await cancelJob({ jobs, executions, executionQueue }, 'alice', jobId)).toMatchObject({
    status: 'cancelled',
  });
  expect(sqs.commandCalls(SendMessageCommand)).toHaveLength(1);
  await expect(jobs.begin(jobId, { step: 'answer', progress: 0, lease: 'a' })).rejects.toThrow(
    TransitionRefused,
  );
});

describe('recording a failure that no step could', () => {
  const caught = (jobId: string, error: string) => ({
    jobId,
    finished: {},
    caught: { Error: error },
  });
  beforeEach(() => sfn.on(StartExecutionCommand).resolves({}));

  test.each([
    ['States.Timeout', 'STEP_TIMED_OUT'],
    ['Sandbox.Timedout', 'STEP_TIMED_OUT'],
    ['Runtime.ExitError', 'STEP_CRASHED'],
    ['Lambda.TooManyRequestsException', 'STEP_CRASHED'],
  ])('%s is %s', async (error, code) => {
    const { jobId } = await submit();
    await recordCaughtError(jobs, caught(jobId, error));
    expect(await jobs.get('alice', jobId)).toMatchObject({
      status: 'failed',
      error: { code, retryable: true, details: { cause: error } },
    });
  });

  test('what has ended stays as it ended', async () => {
    const { jobId } = await submit();
    await cancelJob({ jobs, executions, executionQueue }, 'alice', jobId);
    await recordCaughtError(jobs, caught(jobId, 'States.Timeout'));
    expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'cancelled' });
  });

  test('a job that has expired meanwhile is let be', async () => {
    await expect(
      recordCaughtError(jobs, caught('00000000-0000-4000-8000-000000000000', 'x')),
    ).resolves.toBeUndefined();
  });

  test.each(['FAILED', 'TIMED_OUT', 'ABORTED'] as const)(
    'an execution that ended as %s leaves no job open',
    async (status) => {
      const job = await submit({ idempotencyKey: status });
      await recordExecutionEnded(jobs, { detail: { name: executionName(job), status } });
      expect(await jobs.get('alice', job.jobId)).toMatchObject({
        status: 'failed',
        error: { code: 'EXECUTION_STOPPED', retryable: true, details: { cause: status } },
      });
    },
  );

  test('the late end of an execution does not touch the job that its key has made since', async () => {
    const first = await submit({ idempotencyKey: 'late' });
    await jobs.failStart(first, { code: 'START_FAILED', message: 'x', retryable: true });
    await new Promise((resolve) => setTimeout(resolve, 2));
    const second = await submit({ idempotencyKey: 'late' });
    await recordExecutionEnded(jobs, { detail: { name: executionName(first), status: 'FAILED' } });
    expect(await jobs.get('alice', second.jobId)).toMatchObject({ status: 'pending' });
  });
});
