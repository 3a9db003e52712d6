/** Jobs whose start or end was lost, in the local cloud: the function that looks after them, called as its schedule would. */

import { randomUUID } from 'node:crypto';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { jest } from '@jest/globals';
import type { Client } from '@modelcontextprotocol/client';
import { ExecutionRecorder } from '../../../lambdas/executions/endings/execution-recorder.ts';
import { reconcile as reconcileNow } from '../../../lambdas/executions/endings/reconcile.ts';
import { ExecutionHistory } from '../../../lambdas/executions/execution-history.ts';
import { ExecutionProgress } from '../../../lambdas/executions/execution-progress.ts';
import { Executions } from '../../../lambdas/executions/executions.ts';
import { type Job, jobIdForKey } from '../../../lambdas/jobs/job.ts';
import { JobStore } from '../../../lambdas/jobs/job-store.ts';
import { uploadKey } from '../../../lambdas/jobs/upload-key.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';
import { S3Workspace } from '../../../lambdas/workspace/s3-workspace.ts';
import type { LocalCloud } from '../../../local/cloud.ts';
import { arn } from '../../../local/shared/aws-names.ts';
import { readAssembly, type Template } from '../../../local/template/assembly.ts';
import { assemblies } from '../../support/assemblies.ts';
import { nameIn } from '../../support/operation-name.ts';
import { awsClients, call, connect, startTestCloud } from '../../support/test-cloud.ts';

const OWNER = 'arn:aws:iam::000000000000:user/ada';
const TWO_MINUTES_MS = 120_000;

let cloud: LocalCloud;
const lines: string[] = [];
let client: Client;
let aws: ReturnType<typeof awsClients>;
let lambda: LambdaClient;
let template: Template;
/** Makes records as they were made two minutes ago. */
let earlier: JobStore;
let jobs: JobStore;

beforeAll(async () => {
  cloud = await startTestCloud({ onLog: (name, line) => void lines.push(`${name} ${line}`) });
  client = await connect(cloud, { owner: 'ada' });
  aws = awsClients(cloud);
  lambda = new LambdaClient({
    region: 'us-east-1',
    endpoint: cloud.environment.AWS_ENDPOINT_URL_LAMBDA,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  ({ template } = await readAssembly(assemblies.test));
  const { TableNames = [] } = await aws.dynamodb.send(new ListTablesCommand());
  const tableName = TableNames.find((name) => name.startsWith('Jobs')) ?? '';
  earlier = new JobStore({ client: aws.dynamodb, tableName, now: () => Date.now() - TWO_MINUTES_MS });
  jobs = new JobStore({ client: aws.dynamodb, tableName });
});
afterAll(async () => {
  lambda.destroy();
  for (const each of Object.values(aws)) each.destroy();
  await client.close();
  await cloud.close();
});

const idOf = (type: string, part: string) =>
  Object.entries(template.Resources).find(([id, { Type }]) => Type === type && id.startsWith(part))?.[0] ??
  '';

/** As its schedule calls it. @returns the error, if it ends with one */
async function reconcile(): Promise<string | undefined> {
  const { EventStream = [] } = await lambda.send(
    new InvokeWithResponseStreamCommand({
      FunctionName: idOf('AWS::Lambda::Function', 'ReconcilerFunction'),
    }),
  );
  for await (const { InvokeComplete } of EventStream) {
    if (InvokeComplete) return InvokeComplete.ErrorDetails;
  }
  return undefined;
}

async function make(store: JobStore, changes: Partial<Job> = {}): Promise<Job> {
  const { job } = await store.create({
    jobId: randomUUID(),
    owner: OWNER,
    operation: 'echo',
    input: { text: 'late' },
    inputHash: '',
    retentionSeconds: 600,
    longestRunMs: 60_000,
    ...changes,
  });
  return job;
}

const machineArn = (operation: string) => arn('states', `stateMachine:${nameIn(template, operation)}`);

test('a job whose function died before it could start it is started, and completes', async () => {
  const { jobId } = await make(earlier);
  expect(await reconcile()).toBeUndefined();
  const { data } = await call(client, 'check_job', { job_id: jobId, wait_seconds: 20 });
  expect(data).toMatchObject({ status: 'completed', result: { text: 'late' } });
});

test('so is one that was made with an idempotency key', async () => {
  const jobId = jobIdForKey(OWNER, 'echo', 'a key');
  await make(earlier, { jobId, idempotent: true });
  await reconcile();
  const { data } = await call(client, 'check_job', { job_id: jobId, wait_seconds: 20 });
  expect(data).toMatchObject({ status: 'completed' });
});

test('a start that Step Functions throttles is queued, and made once', async () => {
  const { data: usual } = await call(client, 'start_echo', { text: 'usual', wait_seconds: 20 });
  const endThrottling = cloud.throttle('StartExecution');
  const { data } = await call(client, 'start_echo', { text: 'throttled' });
  expect(data).toMatchObject({ status: 'pending', message: expect.stringContaining('Echo started.') });
  endThrottling();
  const { data: ended } = await call(client, 'check_job', { job_id: data.job_id, wait_seconds: 20 });
  expect(ended).toMatchObject({ status: 'completed', result: { text: 'throttled' } });
  // Neither a second execution nor a failure has written the record.
  expect((await jobs.find(data.job_id))?.version).toBe((await jobs.find(usual.job_id))?.version);
});

test('a job whose operation was removed fails, and the sweep goes on', async () => {
  const { jobId } = await make(earlier, { operation: 'vanished' });
  const other = await make(earlier);
  expect(await reconcile()).toBeUndefined();
  expect(await jobs.find(jobId)).toMatchObject({ status: 'failed', error: { code: 'OPERATION_REMOVED' } });
  const { data } = await call(client, 'check_job', { job_id: other.jobId, wait_seconds: 20 });
  expect(data).toMatchObject({ status: 'completed' });
});

test('one that was made a moment ago is left to who has made it', async () => {
  const { jobId } = await make(jobs);
  await reconcile();
  expect(await jobs.find(jobId)).toMatchObject({ status: 'pending', version: 1 });
});

test('a running job whose execution is nowhere fails, and says so', async () => {
  const { jobId } = await make(earlier);
  await earlier.begin(jobId, { step: 'echo', progress: 0, lease: 'x' });
  await reconcile();
  const { data } = await call(client, 'check_job', { job_id: jobId });
  expect(data).toMatchObject({ status: 'failed', error: { code: 'EXECUTION_STOPPED', retryable: true } });
});

test('the end of an execution that no event has told of is found a minute later', async () => {
  const jobId = randomUUID();
  const { executionArn } = await aws.sfn.send(
    new StartExecutionCommand({
      stateMachineArn: machineArn('probe'),
      name: jobId,
      input: '{"jobId":"nobody"}',
    }),
  );
  await aws.sfn.send(new StopExecutionCommand({ executionArn }));
  // Made after the event of the end: so nobody was told.
  await make(earlier, { jobId, operation: 'probe', input: { behaviour: 'wait' } });
  await reconcile();
  // It has ended just now: its event could still come.
  expect(await jobs.find(jobId)).toMatchObject({ status: 'pending' });

  process.env.STATE_MACHINE_ARN_PREFIX = machineArn('echo').replace(/echo$/, '');
  // What it does is told to the operator.
  for (const level of ['warn', 'error'] as const) jest.spyOn(log, level).mockImplementation(() => {});
  const executions = new Executions(aws.sfn, []);
  const recorder = new ExecutionRecorder({
    jobs,
    executions,
    executionProgress: new ExecutionProgress({ jobs, history: new ExecutionHistory(), operations: [] }),
    workspace: new S3Workspace(aws.s3, ''),
    operations: [],
  });
  const workspace = { find: async () => undefined };
  const lease = { acquire: async () => ({ release: async () => {} }) };
  const deployed = new Set(['probe']);
  const now = () => Date.now() + TWO_MINUTES_MS;
  await reconcileNow({
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
  });
  jest.restoreAllMocks();
  const { data } = await call(client, 'check_job', { job_id: jobId });
  expect(data).toMatchObject({ status: 'failed', error: { code: 'EXECUTION_STOPPED' } });
  expect(data.error.message).toMatch(/ended as (ABORTED|FAILED) before the job ended/);
});

/** Its execution, and waits for what that makes of the job. */
async function startByHand({ jobId, operation, input }: Job, until: Job['status']): Promise<void> {
  await aws.sfn.send(
    new StartExecutionCommand({
      stateMachineArn: machineArn(operation),
      name: jobId,
      input: JSON.stringify({ jobId, owner: OWNER, input, finished: {} }),
    }),
  );
  while ((await jobs.find(jobId))?.status !== until) await new Promise((next) => setTimeout(next, 20));
}

test('a job that runs is left alone', async () => {
  const job = await make(earlier, { operation: 'probe', input: { behaviour: 'wait' } });
  await startByHand(job, 'running');
  await reconcile();
  expect(await jobs.find(job.jobId)).toMatchObject({ status: 'running' });
  await call(client, 'cancel_job', { job_id: job.jobId });
});

test('a file whose arrival nobody was told of is found, and its job goes on', async () => {
  const job = await make(earlier, { operation: 'take', input: { hurry: false } });
  // Put before it is waited for: its event meets a job that does not ask yet, and is lost.
  const Bucket = cloud.outputs.WorkspaceBucketName;
  const Key = uploadKey(job);
  await aws.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'found' }));
  while (!lines.some((line) => line.startsWith('UploadsFunction') && line.includes(Key)))
    await new Promise((next) => setTimeout(next, 20));
  await startByHand(job, 'input_required');
  expect(await reconcile()).toBeUndefined();
  const { data } = await call(client, 'check_job', { job_id: job.jobId, wait_seconds: 20 });
  expect(data).toMatchObject({ status: 'completed', result: { text: 'found' } });
});

test('a job that waits for a file which has not come is left waiting', async () => {
  const job = await make(earlier, { operation: 'take', input: { hurry: false } });
  await startByHand(job, 'input_required');
  expect(await reconcile()).toBeUndefined();
  expect(await jobs.find(job.jobId)).toMatchObject({ status: 'input_required' });
  await call(client, 'cancel_job', { job_id: job.jobId });
});

test('one job that cannot be looked after keeps nobody else from it, and is an error for the operator', async () => {
  // The sweep may not read executions of Express state machines.
  await make(earlier, { operation: 'quote' });
  const { jobId } = await make(earlier);
  expect(await reconcile()).toMatch(/Failed to reconcile 1 jobs or operations/);
  const { data } = await call(client, 'check_job', { job_id: jobId, wait_seconds: 20 });
  expect(data).toMatchObject({ status: 'completed' });
});
