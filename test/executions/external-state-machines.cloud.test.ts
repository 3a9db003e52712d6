/** State machines of the operator's own as operations, in the local cloud: run as they are, though they know nothing of jobs. */

import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DescribeExecutionCommand, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { jest } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/client';
import { ExecutionRecorder } from '../../lambdas/executions/endings/execution-recorder.ts';
import { reconcile } from '../../lambdas/executions/endings/reconcile.ts';
import { ExecutionHistory } from '../../lambdas/executions/execution-history.ts';
import { ExecutionProgress } from '../../lambdas/executions/execution-progress.ts';
import { Executions } from '../../lambdas/executions/executions.ts';
import { type Job, jobIdForKey } from '../../lambdas/jobs/job.ts';
import { JobStore } from '../../lambdas/jobs/job-store.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import { S3Workspace } from '../../lambdas/workspace/s3-workspace.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { arn } from '../../local/shared/aws-names.ts';
import { operations } from '../fixtures/catalogue/index.ts';
import { CallCounter } from '../support/call-counter.ts';
import { type ApiCall, apiClient } from '../support/openapi.ts';
import { awsClients, call, connect, fileUrl, startTestCloud } from '../support/test-cloud.ts';

const OWNER = 'arn:aws:iam::000000000000:user/ada';
const ITEMS = [{ amount: 3 }, { amount: 4 }];
/** What the schema adds to what is left out. */
const DEFAULTS = { seconds: 0, items: [], padding: '', copies: 'none', ends: 'well' };
const MACHINE = 'monthly-report';
const TWO_MINUTES_MS = 120_000;

const counter = new CallCounter();
const printed: string[] = [];
let cloud: LocalCloud;
let client: Client;
let api: ApiCall;
let aws: ReturnType<typeof awsClients>;
let jobs: JobStore;
/** Makes records as they were made two minutes ago. */
let earlier: JobStore;
let recorder: ExecutionRecorder;
let executions: Executions;

beforeAll(async () => {
  cloud = await startTestCloud({
    onAwsCall: counter.count,
    onLog: (name, line) => printed.push(`${name} ${line}`),
  });
  client = await connect(cloud, { owner: 'ada' });
  api = apiClient(cloud, 'ada');
  aws = awsClients(cloud);
  const { TableNames = [] } = await aws.dynamodb.send(new ListTablesCommand());
  const tableName = TableNames.find((name) => name.startsWith('Jobs')) ?? '';
  jobs = new JobStore({ client: aws.dynamodb, tableName });
  earlier = new JobStore({ client: aws.dynamodb, tableName, now: () => Date.now() - TWO_MINUTES_MS });
  // For the parts that are called here as their functions would call them.
  Object.assign(process.env, cloud.environment, {
    STATE_MACHINE_ARN_PREFIX: arn('states', 'stateMachine:'),
    EXTERNAL_STATE_MACHINES: JSON.stringify({ report: MACHINE }),
  });
  executions = new Executions(aws.sfn, operations);
  recorder = new ExecutionRecorder({
    jobs,
    executions,
    executionProgress: new ExecutionProgress({ jobs, history: new ExecutionHistory(), operations }),
    workspace: new S3Workspace(aws.s3, cloud.outputs.WorkspaceBucketName ?? ''),
    operations,
  });
});
afterEach(() => jest.restoreAllMocks());
afterAll(async () => {
  for (const each of Object.values(aws)) each.destroy();
  await client.close();
  await cloud.close();
});

const executionArn = (name: string, machine = MACHINE) => arn('states', `execution:${machine}:${name}`);
const describeExecution = (name: string, machine?: string) =>
  aws.sfn.send(new DescribeExecutionCommand({ executionArn: executionArn(name, machine) }));

/** Under a name that somebody has chosen who knows nothing of jobs, or that is a job's. */
function startByHand(name: string, input: object = DEFAULTS) {
  const stateMachineArn = arn('states', `stateMachine:${MACHINE}`);
  return aws.sfn.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) }));
}

async function ended(name: string) {
  for (;;) {
    const execution = await describeExecution(name);
    if (execution.status !== 'RUNNING') return execution;
    await delay(20);
  }
}

async function make(store: JobStore, changes: Partial<Job> = {}): Promise<Job> {
  const { job } = await store.create({
    jobId: randomUUID(),
    owner: OWNER,
    operation: 'report',
    input: DEFAULTS,
    inputHash: '',
    retentionSeconds: 600,
    longestRunMs: 60_000,
    ...changes,
  });
  return job;
}

async function running(jobId: string): Promise<void> {
  while ((await jobs.find(jobId))?.status !== 'running') await delay(20);
}

/** Of jobs and executions, since the last reset: beside what is read in the background. */
function costs() {
  const counted = Object.entries(counter.counts);
  return Object.fromEntries(
    counted.filter(([name]) => /^(states:|dynamodb:(Get|Put|Update)Item)/.test(name)),
  );
}

const run = (args: object) => call(client, 'start_report', { ...args, wait_seconds: 20 });

describe('a Standard machine', () => {
  test('completes with the output of its execution, as its schema has it', async () => {
    const { data, text } = await run({ items: ITEMS });
    expect(data).toMatchObject({ status: 'completed', progress: 1, result: { lines: ITEMS }, error: null });
    const { data: checked } = await call(client, 'check_job', { job_id: data.job_id, include: ['details'] });
    expect(Date.parse(checked.started_at)).toBeLessThanOrEqual(Date.parse(checked.ended_at));
    expect(text).toMatch(/^Job \S+ completed\.\nResult: \{"lines":\[\{"amount":3\},/);
  });

  test('gets what the schema has let through, and nothing of ours', async () => {
    const { data } = await run({ items: ITEMS });
    const { input, name } = await describeExecution(data.job_id);
    expect(name).toBe(data.job_id);
    expect(JSON.parse(input ?? '')).toEqual({ ...DEFAULTS, items: ITEMS });
  });

  test('is followed from state to state, by tool and by API: progress grows, and is below 1 until the end', async () => {
    const { data: started } = await call(client, 'start_report', { items: ITEMS, seconds: 7 });
    const seen: { step?: string; progress: number; status: string }[] = [];
    do {
      const { data } = await call(client, 'check_job', { job_id: started.job_id, include: ['details'] });
      seen.push(data);
      await delay(250);
      seen.push((await api(`GET /jobs/${started.job_id}`)).data as (typeof seen)[number]);
      await delay(250);
    } while (!['completed', 'failed'].includes(seen.at(-1)?.status ?? ''));
    const progress = seen.map((job) => job.progress);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    const before = seen.filter(({ status }) => status === 'running');
    expect(before.every((job) => job.progress < 1)).toBe(true);
    // The audit has states inside, which are not the machine's own.
    const steps = [...new Set(before.flatMap(({ step }) => step ?? []))];
    expect(steps.slice(0, 2)).toEqual(['Wait for the books', 'Wait for the auditor']);
    // The last state is short, and not always seen.
    expect(steps.slice(2)).toEqual(steps.length > 2 ? ['Done'] : []);
    // Two of its eleven states are behind it there.
    const inLast = before.filter(({ step }) => step === 'Done').map((job) => job.progress);
    const others = progress.filter((one) => !inLast.includes(one));
    expect(new Set(others)).toEqual(new Set([0, 0.18, 1]));
    expect(seen.at(-1)).toMatchObject({ status: 'completed', result: { lines: ITEMS } });
    const { timeline } = (await api(`GET /jobs/${started.job_id}`)).data;
    expect(timeline.steps.map(({ step, status }: Record<string, string>) => [step, status])).toEqual([
      ['Wait for the books', 'completed'],
      ['Audit', 'completed'],
      ['Wait for the auditor', 'completed'],
      ['How does it end', 'completed'],
      ['Write lines', 'completed'],
      ['How many copies', 'completed'],
      ['Done', 'completed'],
    ]);
  }, 60_000);

  test('is looked at once in two seconds, however often somebody asks', async () => {
    const { data: started } = await call(client, 'start_report', { seconds: 20 });
    const { job_id } = started;
    await running(job_id);
    counter.reset();
    await call(client, 'check_job', { job_id });
    // It has just been written.
    expect(costs()).toEqual({ 'dynamodb:GetItem': 1 });
    await delay(2_100);
    counter.reset();
    await call(client, 'check_job', { job_id });
    // The definition is read once a function instance.
    const { 'states:DescribeStateMachineForExecution': _, ...others } = costs();
    expect(others).toEqual({
      'dynamodb:GetItem': 1,
      'dynamodb:UpdateItem': 1,
      'states:GetExecutionHistory': 1,
    });
    await delay(2_100);
    counter.reset();
    for (let count = 0; count < 5; count++) await call(client, 'check_job', { job_id });
    // Nothing has changed, and nothing is written.
    expect(costs()).toEqual({ 'dynamodb:GetItem': 5, 'states:GetExecutionHistory': 1 });
    await call(client, 'cancel_job', { job_id });
  });

  test("fails with the error's name and the state it was in, and never tells the cause", async () => {
    printed.length = 0;
    const { data, text } = await run({ ends: 'refused' });
    expect(data).toMatchObject({
      status: 'failed',
      error: {
        code: 'EXECUTION_FAILED',
        step: 'Refused',
        retryable: false,
        details: { status: 'FAILED', error: 'ReportRefused' },
      },
    });
    expect(text).toContain('The state machine failed with ReportRefused.');
    expect(JSON.stringify(data) + text).not.toContain('hunter2');
    // The operator finds it in the log, without the password.
    expect(printed.join('\n')).toMatch(
      /ExecutionRecorder\S+ .*java\.sql\.SQLException: password=\[removed\]/,
    );
    expect(printed.join('\n')).not.toContain('hunter2');
  });

  test('that exceeds its own time limit fails, and may be tried again', async () => {
    const { data } = await call(client, 'start_brief', { seconds: 30, wait_seconds: 20 });
    expect(data).toMatchObject({
      status: 'failed',
      error: { code: 'EXECUTION_TIMED_OUT', retryable: true, details: { status: 'TIMED_OUT' } },
    });
  });

  test('that is stopped by the operator fails', async () => {
    const { data: started } = await call(client, 'start_report', { seconds: 60 });
    await running(started.job_id);
    const error = `Maintenance\u0000 ${'x'.repeat(500)}`;
    await aws.sfn.send(
      new StopExecutionCommand({ executionArn: executionArn(started.job_id), error, cause: 'hunter2' }),
    );
    const { data, text } = await call(client, 'check_job', { job_id: started.job_id, wait_seconds: 20 });
    expect(data).toMatchObject({ status: 'failed', error: { code: 'EXECUTION_STOPPED', retryable: true } });
    // A name, whatever somebody has put there.
    expect(data.error.details.error).toMatch(/^Maintenance x{116}$/);
    expect(JSON.stringify(data) + text).not.toContain('hunter2');
  });

  test('whose output is not what the operation promises fails its job', async () => {
    expect((await run({ ends: 'wrong' })).data).toMatchObject({
      status: 'failed',
      error: { code: 'RESULT_INVALID', retryable: false },
    });
  });

  test.each([
    ['told by the event', 'two', 50_000, 2],
    ['too large for an event', 'four', 55_000, 4],
  ])('with a result above 64 KiB, %s, is linked', async (_what, copies, length, count) => {
    const padding = 'x'.repeat(length);
    const { data } = await run({ copies, padding });
    expect(data).toMatchObject({ status: 'completed', result: null });
    const response = await fetch(await fileUrl(client, data.job_id, 'result.json'));
    const expected = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`copy${index}`, padding]),
    );
    expect(await response.json()).toEqual({ lines: [], ...expected });
  });

  test('is stopped when its job is cancelled, which stays cancelled', async () => {
    const { data: started } = await call(client, 'start_report', { seconds: 60 });
    const { job_id } = started;
    await running(job_id);
    expect((await call(client, 'cancel_job', { job_id })).data).toMatchObject({ status: 'cancelled' });
    expect((await ended(job_id)).status).toBe('ABORTED');
    // Behind the event of the abort.
    await run({});
    expect((await call(client, 'check_job', { job_id })).data).toMatchObject({
      status: 'cancelled',
      error: null,
    });
  });

  test('is stopped later when Step Functions throttles the stop', async () => {
    const { job_id } = (await call(client, 'start_report', { seconds: 60 })).data;
    await running(job_id);
    const endThrottling = cloud.throttle('StopExecution');
    expect((await call(client, 'cancel_job', { job_id })).data).toMatchObject({ status: 'cancelled' });
    expect((await describeExecution(job_id)).status).toBe('RUNNING');
    endThrottling();
    expect((await ended(job_id)).status).toBe('ABORTED');
  });

  test('that begins when its job has been cancelled already is stopped', async () => {
    const job = await make(jobs);
    await jobs.cancel(OWNER, job);
    await startByHand(job.jobId, { ...DEFAULTS, seconds: 60 });
    expect((await ended(job.jobId)).status).toBe('ABORTED');
  });

  test('runs once for an idempotency key', async () => {
    const args = { items: ITEMS, idempotency_key: 'november' };
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => call(client, 'start_report', { ...args, wait_seconds: 20 })),
    );
    expect(new Set(answers.map(({ data }) => data.job_id))).toEqual(
      new Set([jobIdForKey(OWNER, 'report', 'november')]),
    );
    expect(answers.every(({ data }) => data.status === 'completed')).toBe(true);
    const { isError, data } = await call(client, 'start_report', { ...args, items: [] });
    expect([isError, data.error.code]).toEqual([true, 'IDEMPOTENCY_KEY_REUSED']);
  });

  test("somebody else's job is not there", async () => {
    const mallory = await connect(cloud, { owner: 'mallory' });
    const { data: started } = await call(client, 'start_report', { seconds: 60 });
    await running(started.job_id);
    for (const tool of ['check_job', 'cancel_job']) {
      const { data } = await call(mallory, tool, { job_id: started.job_id });
      expect(data.error.code).toBe('JOB_NOT_FOUND');
    }
    expect((await describeExecution(started.job_id)).status).toBe('RUNNING');
    await call(client, 'cancel_job', { job_id: started.job_id });
    await mallory.close();
  });

  test.each([
    ['a wrong type', { items: [{ amount: 'much' }] }],
    ['an unknown argument', { colour: 'red' }],
    ['another ending', { ends: 'badly' }],
  ])('is not started with %s', async (_what, args) => {
    counter.reset();
    const { isError, data } = await call(client, 'start_report', args);
    expect([isError, data.error.code]).toEqual([true, 'INVALID_ARGUMENTS']);
    // What is read in the background is of jobs before.
    expect(costs()).not.toHaveProperty(['states:StartExecution']);
    expect(costs()).not.toHaveProperty(['dynamodb:PutItem']);
  });

  test('that turns out to be an Express one is not started again and again', async () => {
    process.env.EXTERNAL_STATE_MACHINES = '{"report":"price-quote"}';
    await expect(executions.start(await make(jobs))).rejects.toThrow(
      /price-quote is an Express state machine\. Define report with type EXPRESS/,
    );
    process.env.EXTERNAL_STATE_MACHINES = JSON.stringify({ report: MACHINE });
  });
});

describe('executions that are none of ours', () => {
  test('make no job, no noise, and no cost unless they are named like one', async () => {
    const { data: other } = await call(client, 'start_echo', { text: 'x', wait_seconds: 20 });
    const { jobs: before } = (await call(client, 'list_jobs')).data;
    printed.length = 0;
    counter.reset();
    for (const name of ['nightly', 'x'.repeat(80), 'job-1']) await startByHand(name);
    for (const name of ['nightly', 'x'.repeat(80), 'job-1']) await ended(name);
    await delay(200);
    expect(counter.counts['dynamodb:GetItem']).toBeUndefined();
    const likeJobs = [randomUUID(), other.job_id, `${randomUUID()}-1`];
    for (const name of likeJobs) await startByHand(name);
    for (const name of likeJobs) await ended(name);
    await delay(200);
    expect(printed).toEqual([]);
    expect((await call(client, 'list_jobs')).data.jobs).toEqual(before);
    expect((await call(client, 'check_job', { job_id: other.job_id })).data).toMatchObject({
      result: { text: 'x' },
    });
  });

  test('do not touch the job of another operation whose id they are named after', async () => {
    const job = await make(jobs, { operation: 'probe', input: {} });
    await startByHand(job.jobId);
    await ended(job.jobId);
    await run({});
    expect(await jobs.find(job.jobId)).toMatchObject({ status: 'pending', version: 1 });
    await jobs.cancel(OWNER, job);
  });
});

describe('when events are lost, late or told twice', () => {
  const sweep = (aheadMs: number) => {
    // What it does is told to the operator.
    for (const level of ['warn', 'error'] as const) jest.spyOn(log, level).mockImplementation(() => {});
    const workspace = { find: async () => undefined };
    const deployed = new Set(operations.map(({ name }) => name));
    const lease = { acquire: async () => ({ release: async () => {} }) };
    const now = () => Date.now() + aheadMs;
    return reconcile({
      remainingMs: 110_000,
      findings: { add: async () => {} },
      lease,
      jobs,
      executions,
      recorder,
      workspace,
      deployed,
      longestRunsMs: new Map(),
      now,
    }).catch(() => {});
  };

  test.each([
    ['completes', { items: ITEMS }, { status: 'completed', result: { lines: ITEMS } }],
    ['fails', { ends: 'refused' }, { status: 'failed', error: { code: 'EXECUTION_FAILED' } }],
  ])('the job %s within six minutes', async (_what, input, expected) => {
    const jobId = randomUUID();
    await startByHand(jobId, { ...DEFAULTS, ...input });
    await ended(jobId);
    await delay(200);
    // Made after the events: so nobody was told.
    await make(earlier, { jobId });
    await sweep(0);
    // It has ended just now: its event could still come.
    expect(await jobs.find(jobId)).toMatchObject({ status: 'pending' });
    await sweep(TWO_MINUTES_MS);
    expect((await call(client, 'check_job', { job_id: jobId })).data).toMatchObject(expected);
  });

  test('the sweep leaves a job that runs to those who look at it, and reads no history', async () => {
    const jobId = randomUUID();
    await startByHand(jobId, { ...DEFAULTS, seconds: 60 });
    await delay(200);
    await make(earlier, { jobId });
    counter.reset();
    await sweep(0);
    expect(costs()).toMatchObject({ 'states:ListExecutions': 1 });
    expect(Object.keys(costs()).join()).not.toMatch(/Describe|History/);
    const { data } = await call(client, 'check_job', { job_id: jobId, include: ['details'] });
    expect(data).toMatchObject({ status: 'running', step: 'Wait for the books' });
    await call(client, 'cancel_job', { job_id: jobId });
    expect((await ended(jobId)).status).toBe('ABORTED');
  });

  test('a job whose function died before it could start it is started', async () => {
    const { jobId } = await make(earlier, { input: { ...DEFAULTS, items: ITEMS } });
    await sweep(0);
    const { data } = await call(client, 'check_job', { job_id: jobId, wait_seconds: 20 });
    expect(data).toMatchObject({ status: 'completed', result: { lines: ITEMS } });
  });

  test('the end may be told before the start, and again', async () => {
    const job = await make(jobs);
    const output = JSON.stringify({ lines: ITEMS });
    const detail = { executionArn: executionArn(job.jobId), name: job.jobId };
    await recorder.statusChanged({ detail: { ...detail, status: 'SUCCEEDED', output } });
    const completed = await jobs.find(job.jobId);
    expect(completed).toMatchObject({ status: 'completed', result: { lines: ITEMS }, version: 3 });
    await recorder.statusChanged({ detail: { ...detail, status: 'RUNNING' } });
    await recorder.statusChanged({ detail: { ...detail, status: 'SUCCEEDED', output: '{"lines":[]}' } });
    await recorder.statusChanged({ detail: { ...detail, status: 'FAILED', error: 'Late' } });
    expect(await jobs.find(job.jobId)).toEqual(completed);
  });
});

describe('an Express machine', () => {
  const listed = async () => (await call(client, 'list_jobs')).data.jobs.length;

  test('answers the call with its output, and leaves no job behind', async () => {
    const before = await listed();
    counter.reset();
    const { data, isError } = await call(client, 'quote', { product: 'tea' });
    expect([isError, data]).toEqual([undefined, { product: 'tea', price: 7 }]);
    // It thinks, chooses and says. The call takes and frees a slot.
    expect(costs()).toEqual({
      'states:StartSyncExecution': 1,
      'states:StateEntered': 3,
      'dynamodb:UpdateItem': 2,
    });
    expect(await listed()).toBe(before);
  });

  test("fails with the error's name, and never tells the cause", async () => {
    const { data, isError, text } = await call(client, 'quote', { product: 'tea', ends: 'refused' });
    expect(isError).toBe(true);
    expect(data.error).toMatchObject({
      code: 'EXECUTION_FAILED',
      retryable: false,
      details: { error: 'NoPrice' },
    });
    expect(JSON.stringify(data) + text).not.toContain('hunter2');
  });

  test('past the limit it says so, and does not hang', async () => {
    const from = performance.now();
    const { data, isError } = await call(client, 'quote', { product: 'tea', seconds: 20 });
    expect(isError).toBe(true);
    expect(data.error).toMatchObject({ code: 'TIMED_OUT', retryable: true, details: { limit_seconds: 2 } });
    expect(performance.now() - from).toBeLessThan(5_000);
  });

  test('whose output is not what the operation promises is an error', async () => {
    const { data } = await call(client, 'quote', { product: 'tea', ends: 'wrong' });
    expect(data.error).toMatchObject({ code: 'RESULT_INVALID' });
  });

  test('is not run with arguments that the schema refuses', async () => {
    counter.reset();
    const { data } = await call(client, 'quote', { product: 7 });
    expect([data.error.code, costs()]).toEqual(['INVALID_ARGUMENTS', {}]);
  });
});
