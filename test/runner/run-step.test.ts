import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import * as z from 'zod';
import { defineOperation } from '../../lambdas/definition/define-operation.ts';
import type { Step } from '../../lambdas/definition/step-context.ts';
import { recordCaughtError } from '../../lambdas/executions/endings/record-failure.ts';
import type { Job } from '../../lambdas/jobs/job.ts';
import { JobStore, type NewJob } from '../../lambdas/jobs/job-store.ts';
import { createStepRunner, type StepEvent } from '../../lambdas/runner/run-step.ts';
import { OperationError } from '../../lambdas/shared/errors.ts';
import type { Json } from '../../lambdas/shared/json.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
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
  steps: { first: { timeoutMs: 5_000, retries: 1 }, second: { timeoutMs: 1_000 } },
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
// The failures that these tests provoke are logged for the operator.
beforeEach(() => {
  jest.spyOn(log, 'error').mockImplementation(() => {});
  jest.spyOn(log, 'warn').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

async function createJob(overrides: Partial<NewJob> = {}) {
  const { job } = await jobs.create({
    jobId: randomUUID(),
    owner: 'alice',
    operation: 'sample',
    input: {},
    inputHash: '',
    retentionSeconds: 60,
    longestRunMs: 60_000,
    ...overrides,
  });
  return job;
}

type StepWorkspace = Parameters<typeof createStepRunner>[0]['workspace'];

/** Runs one step of a job as its state would. */
function runStep(
  jobId: string,
  step: string,
  work: Step,
  event: Partial<StepEvent> = {},
  workspace: StepWorkspace = new S3Workspace(bucket.client, BUCKET_NAME),
  remainingMs = 60_000,
) {
  const run = createStepRunner({
    operation,
    steps: { first: work, second: work },
    jobs,
    workspace,
    heartbeatMs: 20,
  });
  return run(
    { step, jobId, owner: 'alice', input: {}, finished: {}, attempt: 0, ...event },
    { awsRequestId: randomUUID(), getRemainingTimeInMillis: () => remainingMs },
  );
}

test('a step hands on its result and the whereabouts of its log', async () => {
  const { jobId } = await createJob();
  const finished = await runStep(jobId, 'first', async ({ log }) => {
    log.write('line one\nline two\n');
    return { found: 3 };
  });
  expect(finished).toMatchObject({ result: { found: 3 }, log: { key: `logs/${jobId}/first.log`, size: 18 } });
  expect(await bucket.read(`logs/${jobId}/first.log`)).toBe('line one\nline two\n');
  expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'running', step: 'first', version: 2 });
});

test('a step gets the trace of its job, without what is for operators', async () => {
  const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'vendor=1' };
  const { jobId } = await createJob({ trace: { ...trace, xray: '1-5759e988-bd862e3fe1be46a994272793' } });
  const finished = await runStep(jobId, 'first', async (context) => ({ trace: { ...context.trace } }));
  expect(finished).toMatchObject({ result: { trace } });
});

test('the last step completes the job with what it returns and the logs of all steps', async () => {
  const { jobId } = await createJob();
  const log = { key: 'logs/x/first.log', size: 1, sha256: 'ab' };
  const last = await runStep(jobId, 'second', async ({ results }) => ({ value: String(results.first) }), {
    finished: { first: { result: 42, log } },
  });
  expect(last).toBeNull();
  expect(await jobs.get('alice', jobId)).toMatchObject({
    status: 'completed',
    progress: 1,
    result: { value: '42' },
    logs: { first: log },
  });
});

describe('the first step of a retry that begins later', () => {
  const finished = { first: { result: 42 } };

  test('copies the files of the retried job, and names the later step without running or writing anything', async () => {
    const retriedFrom = randomUUID();
    const { jobId } = await createJob({ retriedFrom, firstStep: 'second', reused: { first: 42 } });
    await bucket.put(`work/${retriedFrom}/a b+c.txt`, 'one');
    await bucket.put(`work/${retriedFrom}/deep/file`, 'two');
    await bucket.put(`work/${randomUUID()}/file`, 'of another job');
    const work = jest.fn<Step>();
    // As after a crash of the first attempt.
    for (const attempt of [0, 1]) {
      const error = await runStep(jobId, 'first', work, { finished, attempt }).catch((thrown) => thrown);
      expect(error.name).toBe('ResumeAt.second');
    }
    expect(work).not.toHaveBeenCalled();
    expect(await bucket.read(`work/${jobId}/a b+c.txt`)).toBe('one');
    expect(await bucket.read(`work/${jobId}/deep/file`)).toBe('two');
    expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'pending', version: 1 });
  });

  test('is tried again when the files cannot be copied', async () => {
    const { jobId } = await createJob({ retriedFrom: randomUUID() });
    const workspace = new S3Workspace(bucket.client, BUCKET_NAME);
    workspace.copyAll = () => Promise.reject(new Error('no answer'));
    const resumed = runStep(jobId, 'first', jest.fn<Step>(), { finished }, workspace);
    await expect(resumed).rejects.toMatchObject({ name: 'StepInterrupted' });
  });

  test('runs like any other step in a job that begins there', async () => {
    const { jobId } = await createJob({ retriedFrom: randomUUID(), firstStep: 'first' });
    expect(await runStep(jobId, 'first', async () => 7)).toMatchObject({ result: 7 });
  });
});

test('progress inside a step counts as its share of the whole, and never falls', async () => {
  const { jobId } = await createJob();
  const reported = Promise.withResolvers<void>();
  const running = runStep(jobId, 'second', async ({ progress }) => {
    progress(0.5, 'Half way.');
    progress(0.25);
    await reported.promise;
    return { value: 'x' };
  });
  await until(async () => (await jobs.get('alice', jobId))?.progress === 0.75);
  expect(await jobs.get('alice', jobId)).toMatchObject({ message: 'Half way.' });
  reported.resolve();
  await running;
});

test('a progress message of 300,000 bytes is cut off on the record', async () => {
  const { jobId } = await createJob();
  await jobs.begin(jobId, { step: 'first', progress: 0, lease: 'a' });
  await jobs.report(jobId, 'a', { progress: 0, message: 'x\u001b[31m'.repeat(60_000) });
  const { message } = (await jobs.get('alice', jobId)) ?? {};
  expect(message).toMatch(/^x+…$/);
  expect(message?.length).toBeLessThanOrEqual(1_000);
});

test('a failure is on the record with its code, step, details and last lines, and ends the execution', async () => {
  const { jobId } = await createJob();
  const failing = runStep(jobId, 'first', async ({ log }) => {
    for (let line = 1; line <= 30; line++) log.write(`line ${line}\n`);
    throw new OperationError('SCRIPT_FAILED', 'It failed.', { details: { exit_code: 3 } });
  });
  await expect(failing).rejects.toMatchObject({ name: 'StepEnded' });
  const job = await jobs.get('alice', jobId);
  expect(job).toMatchObject({
    status: 'failed',
    error: { code: 'SCRIPT_FAILED', message: 'It failed.', step: 'first', details: { exit_code: 3 } },
    logs: { first: { key: `logs/${jobId}/first.log` } },
  });
  expect(job?.logTail).toHaveLength(20);
  expect(job?.logTail?.at(-1)).toBe('line 30');
});

test('a retryable failure leaves the job running, and is recorded whole once its state gives up', async () => {
  const { jobId } = await createJob();
  const flaky: Step = async ({ log }) => {
    log.write('the registry does not answer\n');
    throw new OperationError('SCRIPT_FAILED', 'Not yet.', { retryable: true, details: { exit_code: 1 } });
  };
  const error = await runStep(jobId, 'first', flaky).catch((thrown) => thrown);
  expect(error).toMatchObject({ name: 'RetryableStepError' });
  expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'running' });

  // As Lambda words it for Step Functions.
  const Cause = JSON.stringify({ errorType: error.name, errorMessage: error.message, trace: [] });
  await recordCaughtError(jobs, { jobId, finished: {}, caught: { Error: error.name, Cause } });
  expect(await jobs.get('alice', jobId)).toMatchObject({
    status: 'failed',
    error: {
      code: 'SCRIPT_FAILED',
      message: 'Not yet.',
      step: 'first',
      retryable: true,
      details: { exit_code: 1 },
    },
    logTail: ['the registry does not answer'],
  });
});

describe('the timeline', () => {
  const flaky: Step = async () => {
    throw new OperationError('SCRIPT_FAILED', 'Not yet.', { retryable: true });
  };
  const kinds = (job: Job | undefined) =>
    job?.timeline?.map(({ step, ...event }) => `${step} ${Object.keys(event)[0]}`);

  test('has the failure of an attempt that is retried, and the end of each step', async () => {
    const { jobId } = await createJob();
    await expect(runStep(jobId, 'first', flaky)).rejects.toMatchObject({ name: 'RetryableStepError' });
    expect(await jobs.get('alice', jobId)).toMatchObject({
      message: 'first failed and is retried: Not yet.',
    });
    const first = await runStep(jobId, 'first', async () => 1, { attempt: 1 });
    await runStep(jobId, 'second', async () => ({ value: 'x' }), { finished: { first: first as never } });
    const job = await jobs.get('alice', jobId);
    expect(kinds(job)).toEqual(['first began', 'first failed', 'first began', 'first ended', 'second began']);
    expect(job?.timeline?.[1]).toMatchObject({ code: 'SCRIPT_FAILED', message: 'Not yet.' });
    expect(job?.timeline?.[3]).toEqual({ step: 'first', ended: first?.ended });
  });

  test('costs no write at the last attempt, whose failure ends the job', async () => {
    const { jobId } = await createJob();
    await expect(runStep(jobId, 'first', flaky)).rejects.toThrow('SCRIPT_FAILED');
    expect(await jobs.get('alice', jobId)).toMatchObject({ version: 3 });
    await expect(runStep(jobId, 'first', flaky, { attempt: 1 })).rejects.toThrow('SCRIPT_FAILED');
    expect(await jobs.get('alice', jobId)).toMatchObject({ version: 4 });
    await expect(runStep(jobId, 'second', flaky)).rejects.toThrow('SCRIPT_FAILED');
    expect(await jobs.get('alice', jobId)).toMatchObject({ version: 5 });
  });

  test('has the failure of an attempt after crashes and throttling, which the state counts apart', async () => {
    const { jobId } = await createJob();
    await expect(runStep(jobId, 'first', flaky, { attempt: 2 })).rejects.toThrow('SCRIPT_FAILED');
    expect(kinds(await jobs.get('alice', jobId))).toEqual(['first began', 'first failed']);
  });

  test('that cannot be written does not change the outcome of an attempt', async () => {
    const { jobId } = await createJob();
    jest.spyOn(jobs, 'recordFailedAttempt').mockRejectedValue(new Error('throttled'));
    await expect(runStep(jobId, 'first', flaky)).rejects.toMatchObject({ name: 'RetryableStepError' });
  });

  test('of a cancelled job has no late failure', async () => {
    const job = await createJob();
    const failing = runStep(job.jobId, 'first', async (context) => {
      await jobs.cancel('alice', job);
      return flaky(context);
    });
    await expect(failing).rejects.toMatchObject({ name: 'StepEnded' });
    expect(kinds(await jobs.get('alice', job.jobId))).toEqual(['first began']);
  });
});

describe('when the runner itself is in trouble', () => {
  const unreachable = (): StepWorkspace => ({
    size: () => Promise.reject(new Error('no answer')),
    download: () => Promise.reject(new Error('no answer')),
    upload: () => Promise.reject(new Error('no answer')),
    read: () => Promise.reject(new Error('no answer')),
    replace: () => Promise.reject(new Error('no answer')),
    open: () => {
      throw new Error('no answer');
    },
    copy: () => Promise.reject(new Error('no answer')),
    copyAll: () => Promise.reject(new Error('no answer')),
  });

  test('a log that cannot be stored does not hide why the step failed', async () => {
    const { jobId } = await createJob();
    const failing: Step = async ({ log }) => {
      log.write('the reason\n');
      throw new OperationError('SCRIPT_FAILED', 'It failed.');
    };
    await expect(runStep(jobId, 'first', failing, {}, unreachable())).rejects.toMatchObject({
      name: 'StepEnded',
    });
    expect(await jobs.get('alice', jobId)).toMatchObject({
      status: 'failed',
      error: { code: 'SCRIPT_FAILED' },
      logTail: ['the reason'],
    });
  });

  test('a step for which slow writes have left no time is tried again, and does not time out', async () => {
    const { jobId } = await createJob();
    const work: Step = async () => ({ value: 'a' });
    await expect(runStep(jobId, 'second', work, {}, unreachable(), 19_000)).rejects.toMatchObject({
      name: 'StepInterrupted',
    });
    expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'running' });
    await runStep(jobId, 'second', work);
    expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'completed' });
  });

  test('a result that cannot be stored has the state try again', async () => {
    const { jobId } = await createJob();
    const large: Step = async () => ({ value: 'x'.repeat(100_000) });
    await expect(runStep(jobId, 'second', large, {}, unreachable())).rejects.toMatchObject({
      name: 'StepInterrupted',
    });
    expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'running' });
    await runStep(jobId, 'second', large);
    expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'completed' });
  });
});

test('numbers and depths that DynamoDB has no type for are kept as they are', async () => {
  const { jobId } = await createJob();
  let deep: Json = 2 ** 60;
  for (let depth = 0; depth < 50; depth++) deep = [deep];
  await runStep(jobId, 'second', async () => ({ value: JSON.stringify(deep), deep }));
  expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'completed', result: { deep } });
});

test('what a bug throws stays in the log: callers learn that something failed, not what', async () => {
  const { jobId } = await createJob();
  const broken: Step = async () => {
    throw new TypeError('password is hunter2');
  };
  await expect(runStep(jobId, 'first', broken)).rejects.toThrow('INTERNAL_ERROR');
  expect(await jobs.get('alice', jobId)).toMatchObject({
    status: 'failed',
    error: { code: 'INTERNAL_ERROR' },
  });
  expect(JSON.stringify(await jobs.get('alice', jobId))).not.toContain('hunter2');
});

test('a step that outlives its limit is told to stop, and the job says which limit it was', async () => {
  const { jobId } = await createJob();
  const slow: Step = async ({ signal }) => {
    await once(signal, 'abort');
    throw signal.reason;
  };
  await expect(runStep(jobId, 'second', slow)).rejects.toMatchObject({ name: 'StepEnded' });
  expect(await jobs.get('alice', jobId)).toMatchObject({
    error: { code: 'STEP_TIMED_OUT', step: 'second', details: { limit_seconds: 1 } },
  });
});

test('a step that is deaf to its signal is left behind', async () => {
  const { jobId } = await createJob();
  await expect(runStep(jobId, 'second', () => new Promise<Json>(() => {}))).rejects.toThrow('STEP_TIMED_OUT');
}, 15_000);

test('a cancelled job stops its running step, whose late answer changes nothing', async () => {
  const job = await createJob();
  const started = Promise.withResolvers<void>();
  const running = runStep(job.jobId, 'second', async ({ signal }) => {
    started.resolve();
    await once(signal, 'abort');
    return { value: 'too late' };
  });
  await started.promise;
  await jobs.cancel('alice', job);
  await expect(running).rejects.toMatchObject({ name: 'StepEnded' });
  expect(await jobs.get('alice', job.jobId)).toMatchObject({ status: 'cancelled', version: 3 });
});

test('a step of a job that has ended does not run', async () => {
  const job = await createJob();
  await jobs.cancel('alice', job);
  const work = jest.fn<Step>();
  await expect(runStep(job.jobId, 'first', work)).rejects.toMatchObject({ name: 'StepEnded' });
  expect(work).not.toHaveBeenCalled();
});

test('a later attempt takes the job over, and the earlier one stops', async () => {
  const { jobId } = await createJob();
  const zombieStarted = Promise.withResolvers<void>();
  const zombie = runStep(jobId, 'second', async ({ signal }) => {
    zombieStarted.resolve();
    await once(signal, 'abort');
    return { value: 'zombie' };
  });
  const stopped = expect(zombie).rejects.toMatchObject({ name: 'StepEnded' });
  await zombieStarted.promise;
  await runStep(jobId, 'second', async () => ({ value: 'second attempt' }), { attempt: 1 });
  await stopped;
  expect(await jobs.get('alice', jobId)).toMatchObject({ result: { value: 'second attempt' } });
});

test('a large result goes to the workspace, and the job says where', async () => {
  const { jobId } = await createJob();
  const value = 'x'.repeat(100_000);
  await runStep(jobId, 'second', async () => ({ value }));
  const job = await jobs.get('alice', jobId);
  expect(job).toMatchObject({ status: 'completed', resultObject: { key: `results/${jobId}.json` } });
  expect(job).not.toHaveProperty('result');
  expect(JSON.parse(await bucket.read(`results/${jobId}.json`))).toEqual({ value });
});

test('a result that is not what the operation promises fails the job', async () => {
  const { jobId } = await createJob();
  await expect(runStep(jobId, 'second', async () => ({ value: 7 }))).rejects.toThrow('RESULT_INVALID');
  expect(await jobs.get('alice', jobId)).toMatchObject({
    status: 'failed',
    error: { code: 'RESULT_INVALID' },
  });
});

test('a step that hands on too much fails, rather than the execution', async () => {
  const { jobId } = await createJob();
  await expect(runStep(jobId, 'first', async () => 'x'.repeat(20_000))).rejects.toThrow('INTERNAL_ERROR');
  expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'failed' });
});

test('nothing stays behind in the temporary directory', async () => {
  // Other processes use the common directory at the same time.
  const directory = await mkdtemp(join(tmpdir(), 'run-step-'));
  const { jobId } = await createJob();
  process.env.TMPDIR = directory;
  try {
    await runStep(jobId, 'first', async ({ log }) => {
      log.write('x');
      expect(await readdir(directory)).toHaveLength(1);
      return null;
    });
    expect(await readdir(directory)).toEqual([]);
  } finally {
    delete process.env.TMPDIR;
    await rm(directory, { recursive: true });
  }
});

/** Looks again every few milliseconds until something holds; jest's own timeout ends it. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}
