/** Tests that the record of a job has what each kind of attempt used, and that no attempt counts twice. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { defineOperation } from '../../lambdas/definition/define-operation.ts';
import type { FinishedStep } from '../../lambdas/definition/finished-step.ts';
import type { Step } from '../../lambdas/definition/step-context.ts';
import { recordCaughtError } from '../../lambdas/executions/endings/record-failure.ts';
import { JobStore } from '../../lambdas/jobs/job-store.ts';
import { recordInputRequests } from '../../lambdas/runner/record-input-requests.ts';
import { createStepRunner, type StepEvent } from '../../lambdas/runner/run-step.ts';
import { OperationError } from '../../lambdas/shared/errors.ts';
import { S3Workspace } from '../../lambdas/workspace/s3-workspace.ts';
import { startJobsTable, TABLE_NAME } from '../support/jobs-table.ts';
import { BUCKET_NAME, startWorkspaceBucket } from '../support/workspace.ts';

const operation = defineOperation({
  name: 'sample',
  title: 'Sample',
  description: 'Two steps.',
  input: z.object({}),
  output: z.looseObject({ value: z.string() }),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'job', maxWaitMs: 1_000 },
  steps: { first: { timeoutMs: 5_000, retries: 1, inputTimeoutMs: 5_000 }, second: { timeoutMs: 5_000 } },
});

let table: Awaited<ReturnType<typeof startJobsTable>>;
let bucket: Awaited<ReturnType<typeof startWorkspaceBucket>>;
let jobs: JobStore;

beforeAll(async () => {
  table = await startJobsTable();
  bucket = await startWorkspaceBucket();
  jobs = new JobStore({ client: table.client, tableName: TABLE_NAME });
});
afterAll(async () => {
  await table.close();
  await bucket.close();
});

async function createJob(): Promise<string> {
  const { job } = await jobs.create({
    jobId: randomUUID(),
    owner: 'alice',
    operation: 'sample',
    input: {},
    inputHash: '',
    retentionSeconds: 60,
    longestRunMs: 60_000,
  });
  return job.jobId;
}

function runStep(jobId: string, step: string, work: Step, event: Partial<StepEvent> = {}) {
  const workspace = new S3Workspace(bucket.client, BUCKET_NAME);
  const run = createStepRunner({ operation, steps: { first: work, second: work }, jobs, workspace });
  return run(
    { step, jobId, owner: 'alice', input: {}, finished: {}, attempt: 0, ...event },
    { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => 60_000 },
  );
}

const done: Step = async () => ({ value: 'x' });
const busy: Step = async () => {
  throw new OperationError('BUSY', 'Busy.', { retryable: true });
};

test('the record has what finished steps used once, also when the next step begins twice', async () => {
  const jobId = await createJob();
  const first = (await runStep(jobId, 'first', async ({ log }) => {
    log.write('a line\n');
    return 1;
  })) as FinishedStep;
  expect(first.used).toMatchObject({ invocations: 1, puts: 1, byteDays: 7 * 8 });
  const event = { finished: { first } };
  await expect(
    runStep(
      jobId,
      'second',
      async () => {
        // The attempt crashes: its writes are refused.
        await jobs.begin(jobId, { step: 'second', progress: 0.5, lease: 'another' });
        return { value: 'x' };
      },
      event,
    ),
  ).rejects.toThrow('cannot become completed');
  await runStep(jobId, 'second', done, event);
  const job = await jobs.find(jobId);
  expect(job?.stepUsage).toMatchObject({ invocations: 2, puts: 1, byteDays: 56 });
  expect(job?.used).toEqual({ attempts: 4, transitions: 4 });
});

test('the record has what failed attempts used, the last one too', async () => {
  const jobId = await createJob();
  await expect(runStep(jobId, 'first', busy)).rejects.toMatchObject({ name: 'RetryableStepError' });
  expect((await jobs.find(jobId))?.used).toMatchObject({ attempts: 1, invocations: 1 });
  const error = await runStep(jobId, 'first', busy, { attempt: 1 }).catch((thrown) => thrown);
  expect((await jobs.find(jobId))?.used).toMatchObject({ attempts: 2, invocations: 1 });
  const caught = { Error: error.name, Cause: JSON.stringify({ errorMessage: error.message }) };
  await recordCaughtError(jobs, { jobId, finished: {}, caught });
  expect((await jobs.find(jobId))?.used).toMatchObject({ attempts: 2, invocations: 2, transitions: 4 });
});

test('a failure without retries has the states that record it', async () => {
  const jobId = await createJob();
  const fail: Step = async () => {
    throw new OperationError('BROKEN', 'Broken.');
  };
  await expect(runStep(jobId, 'first', fail)).rejects.toMatchObject({ name: 'StepEnded' });
  const job = await jobs.find(jobId);
  expect(job?.stepUsage).toMatchObject({ invocations: 1, transitions: 2 });
  expect(job?.used).toEqual({ attempts: 1, transitions: 1 });
});

test('a question counts the attempt that asks and the invocation that records it', async () => {
  const jobId = await createJob();
  const ask: Step = async ({ requestInput }) => {
    requestInput({ ok: { message: 'Ok?', schema: z.object({}) } });
    return null;
  };
  const error = await runStep(jobId, 'first', ask).catch((thrown) => thrown);
  const asked = { Cause: JSON.stringify({ errorMessage: error.message }) };
  const event = { taskToken: 'token', jobId, step: 'first', asked };
  await recordInputRequests(jobs, event, { awsRequestId: randomUUID() });
  expect((await jobs.find(jobId))?.used).toMatchObject({
    attempts: 1,
    waits: 1,
    transitions: 2,
    invocations: 2,
    reads: 1,
  });
});

test('a job without counts, such as one of an earlier release, counts from its next write on', async () => {
  const jobId = await createJob();
  expect((await jobs.find(jobId))?.used).toBeUndefined();
  await jobs.begin(jobId, { step: 'first', progress: 0, lease: 'a' });
  expect((await jobs.find(jobId))?.used).toEqual({ attempts: 1, transitions: 1 });
});
