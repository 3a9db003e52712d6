/** Tests which jobs may be retried, and what the new job is. The history, the bucket and Step Functions are fakes. */

import { randomUUID } from 'node:crypto';
import { ExecutionAlreadyExists, InvalidName, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import * as z from 'zod';
import { defineOperation } from '../../../lambdas/definition/define-operation.ts';
import type { FinishedStep } from '../../../lambdas/definition/finished-step.ts';
import type { OperationDefinition } from '../../../lambdas/definition/operation-definition.ts';
import { stateMachineOperation } from '../../../lambdas/definition/state-machine-operation.ts';
import { Executions } from '../../../lambdas/executions/executions.ts';
import { ExecutionQueue } from '../../../lambdas/executions/queue/execution-queue.ts';
import { retryJob } from '../../../lambdas/executions/retry/retry-job.ts';
import { executionName, type Job, type Notified } from '../../../lambdas/jobs/job.ts';
import { JobStore, type NewJob } from '../../../lambdas/jobs/job-store.ts';
import { DEFAULT_JOB_LIMITS } from '../../../lambdas/jobs/limits.ts';
import { scopes as ORDINARY, Scope } from '../../../lambdas/shared/caller.ts';
import type { Json } from '../../../lambdas/shared/json.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';
import { measureFailure, measureRequests } from '../../../lambdas/shared/observability/request-metrics.ts';
import { startJobsTable, TABLE_NAME } from '../../support/jobs-table.ts';
import { metricDocumentsOf, sumsOf } from '../../support/metric-documents.ts';

const options = {
  name: 'press',
  description: 'Four steps.',
  input: z.object({ project: z.string() }),
  output: z.object({}),
  steps: { fetch: {}, cut: { output: z.object({ key: z.string() }) }, fold: {}, bind: {} },
};
const press = defineOperation(options);
const report = stateMachineOperation({
  name: 'report',
  title: 'Report',
  description: 'A report.',
  input: z.object({}),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  stateMachineName: 'report',
});

const sfn = mockClient(SFNClient);
const sqs = mockClient(SQSClient);
// The mock is on the class, which other test files of this process use.
afterAll(() => {
  sfn.restore();
  sqs.restore();
});
let table: Awaited<ReturnType<typeof startJobsTable>>;
let jobs: JobStore;
/** What the execution of the retried job has; undefined for one that does not exist. */
let finished: Record<string, FinishedStep> | undefined;
let missing: string[];
let reads: number;
/** What the owner of a new job is notified of. */
let notified: Notified | undefined;

beforeAll(async () => {
  process.env.STATE_MACHINE_ARN_PREFIX = 'arn:aws:states:us-east-1:000000000000:stateMachine:';
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
  sfn.on(StartExecutionCommand).resolves({});
  [finished, missing, reads, notified] = [undefined, [], 0, undefined];
  for (const level of ['warn', 'error'] as const) jest.spyOn(log, level).mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

interface Retry {
  readonly from?: string;
  readonly owner?: string;
  /** @default those of an ordinary caller */
  readonly scopes?: readonly string[];
  readonly operation?: OperationDefinition;
  readonly limits?: Partial<typeof DEFAULT_JOB_LIMITS>;
}

function retry(
  { jobId }: Pick<Job, 'jobId'>,
  { from, owner = 'alice', scopes = ORDINARY, operation, limits }: Retry = {},
) {
  return retryJob(
    {
      operations: [operation ?? press, report],
      jobs,
      executions: new Executions(new SFNClient({ region: 'us-east-1' }), [report]),
      executionQueue: new ExecutionQueue(new SQSClient({ region: 'us-east-1' }), 'starts'),
      limits: { ...DEFAULT_JOB_LIMITS, startsPerMinute: 10_000, jobsInFlight: 5_000, ...limits },
      history: {
        finishedSteps: async () => {
          reads += 1;
          return finished;
        },
      },
      workspace: { has: async (key) => !missing.includes(key) },
      notifications: { of: async () => notified },
    },
    { owner, scopes },
    jobId,
    from,
  );
}

async function create(overrides: Partial<NewJob> = {}): Promise<Job> {
  const { job } = await jobs.create({
    jobId: randomUUID(),
    owner: 'alice',
    operation: 'press',
    input: { project: 'p' },
    inputHash: '',
    retentionSeconds: 60,
    longestRunMs: 60_000,
    ...overrides,
  });
  return job;
}

/** Creates a job that has failed in a step. */
async function createFailed(step: string, overrides: Partial<NewJob> = {}): Promise<Job> {
  const job = await create(overrides);
  await jobs.begin(job.jobId, { step, progress: 0.5, lease: 'lease' });
  const error = { code: 'BROKEN', message: 'It broke.', step, retryable: false };
  return jobs.fail(job.jobId, error, { retentionSeconds: 60 });
}

const finishedOf = (results: Readonly<Record<string, Json>>) =>
  Object.fromEntries(Object.entries(results).map(([step, result]) => [step, { result }]));

const started = () => sfn.commandCalls(StartExecutionCommand).map(({ args }) => args[0].input);

test('the new job has the same input, subject, callback and retention, and what earlier steps returned', async () => {
  const callback = { url: 'https://hooks.example.com', events: ['job.failed'] };
  const subject = { name: 'project', value: 'p' };
  const failed = await createFailed('fold', { callback, subject, retentionSeconds: 777 });
  finished = finishedOf({
    fetch: 7,
    cut: { key: `work/${failed.jobId}/cut.txt` },
    fold: 'of a later deploy',
  });
  const job = await retry(failed);
  expect(job).toMatchObject({
    owner: 'alice',
    operation: 'press',
    status: 'pending',
    input: { project: 'p' },
    subject,
    callback,
    retentionSeconds: 777,
    retriedFrom: failed.jobId,
    firstStep: 'fold',
    progress: 0.5,
    message: `Retry of job ${failed.jobId}. It begins at fold.`,
  });
  const [start] = started();
  expect(start?.name).toBe(executionName(job));
  expect(JSON.parse(start?.input ?? '')).toEqual({
    jobId: job.jobId,
    owner: 'alice',
    trace: job.trace,
    input: { project: 'p' },
    // The files of the step are copied to the new job.
    finished: finishedOf({ fetch: 7, cut: { key: `work/${job.jobId}/cut.txt` } }),
  });
  expect(reads).toBe(1);
});

test('a retry records what its owner is notified of', async () => {
  notified = 'end_or_input';
  expect(await retry(await createFailed('fetch'))).toMatchObject({ notified });
});

test('a retry that fails before its job is there is a failed start', async () => {
  jest.spyOn(jobs, 'get').mockRejectedValue(new Error('throttled'));
  const documents = await metricDocumentsOf(() => retry({ jobId: randomUUID() }).catch(measureFailure), {
    middleware: measureRequests(),
  });
  expect(sumsOf(documents)).toMatchObject({ RequestErrors: 1, StartsFailed: 1 });
});

test('a retry from the first step reads no history', async () => {
  const job = await retry(await createFailed('fold'), { from: 'fetch' });
  expect(job).toMatchObject({ firstStep: 'fetch', progress: 0 });
  expect(job).not.toHaveProperty('reused');
  expect(reads).toBe(0);
});

test('a job that never began is retried from its first step, and a cancelled one from where it was', async () => {
  const [early, late] = [await create(), await create()];
  await jobs.cancel('alice', early);
  await jobs.begin(late.jobId, { step: 'cut', progress: 0.25, lease: 'lease' });
  await jobs.cancel('alice', late);
  finished = finishedOf({ fetch: 1 });
  expect(await retry(early)).toMatchObject({ firstStep: 'fetch' });
  expect(await retry(late)).toMatchObject({ firstStep: 'cut', progress: 0.25 });
});

describe('after a retry that ended before its first step', () => {
  let failed: Job;
  /** The retry. */
  let ended: Job;
  beforeEach(async () => {
    failed = await createFailed('fold');
    finished = finishedOf({ fetch: 1, cut: { key: `work/${failed.jobId}/cut.txt` } });
    ended = await jobs.cancel('alice', await retry(failed));
  });

  test('the job before it and the retry itself have one next retry, which reuses the same results', async () => {
    const [one, two] = [await retry(failed), await retry(ended)];
    expect(one).toMatchObject({ status: 'pending', retriedFrom: failed.jobId, firstStep: 'fold' });
    expect(one.reused).toEqual({ fetch: 1, cut: { key: `work/${one.jobId}/cut.txt` } });
    expect(two.jobId).toBe(one.jobId);
    expect(one.jobId).not.toBe(ended.jobId);
  });

  test('the step that the retry was to begin at is the default', async () => {
    const completed = await create();
    await jobs.begin(completed.jobId, { step: 'bind', progress: 0.75, lease: 'lease' });
    await jobs.complete(completed.jobId, 'lease', { result: {} }, 60);
    const second = await jobs.cancel('alice', await retry(completed, { from: 'cut' }));
    expect(await retry(second)).toMatchObject({ firstStep: 'cut', retriedFrom: completed.jobId });
  });

  test('another step can be named, as far as the job before it came', async () => {
    const early = await jobs.cancel('alice', await retry(failed, { from: 'fetch' }));
    expect(early).toMatchObject({ firstStep: 'fetch', status: 'cancelled' });
    expect(await retry(early, { from: 'fold' })).toMatchObject({ firstStep: 'fold' });
  });

  test('a failed one is passed over as well, and one that ran a step is not', async () => {
    const second = await retry(failed);
    const error = { code: 'STEP_CRASHED', message: 'It crashed.', retryable: true };
    await jobs.fail(second.jobId, error, { retentionSeconds: 60 });
    const third = await retry(second);
    expect(third).toMatchObject({ status: 'pending', firstStep: 'fold', retriedFrom: failed.jobId });
    await jobs.begin(third.jobId, { step: 'fold', progress: 0.5, lease: 'lease' });
    await jobs.cancel('alice', third);
    expect(await retry(failed)).toMatchObject({ jobId: third.jobId, status: 'cancelled' });
    await expect(retry(failed, { from: 'cut' })).rejects.toMatchObject({ details: { job_id: third.jobId } });
  });

  test('after ten of them the last one must be named', async () => {
    for (let retries = 1; retries <= 10; retries++) ended = await jobs.cancel('alice', await retry(failed));
    expect((await retry(failed)).jobId).toBe(ended.jobId);
    expect(await retry(ended)).toMatchObject({ status: 'pending', firstStep: 'fold' });
  });
});

describe('a retry begins earlier, and says why,', () => {
  const lost = async (what: Partial<{ finished: typeof finished; missing: string[] }>) => {
    const failed = await createFailed('bind');
    ({ finished = finishedOf({ fetch: 1, cut: { key: 'a' }, fold: null }) } = what);
    missing = (what.missing ?? []).map((key) => key.replace('JOB', failed.jobId));
    const named = JSON.parse(JSON.stringify(finished ?? {}).replaceAll('JOB', failed.jobId));
    finished = finished && named;
    const { firstStep, message, progress } = await retry(failed);
    return [firstStep, progress, message?.replace(failed.jobId, 'JOB')];
  };

  test('when the execution does not exist', async () => {
    const failed = await createFailed('bind');
    expect(await retry(failed)).toMatchObject({
      firstStep: 'fetch',
      message: `Retry of job ${failed.jobId}. The result of step fetch is gone, so it begins at fetch and not at bind.`,
    });
  });

  test('when the execution lacks the result of a step that a deploy has added', async () => {
    expect(await lost({ finished: finishedOf({ fetch: 1, fold: 2 }) })).toEqual([
      'cut',
      0.25,
      'Retry of job JOB. The result of step cut is gone, so it begins at cut and not at bind.',
    ]);
  });

  test('when a result is not what a later deploy expects', async () => {
    const [firstStep] = await lost({ finished: finishedOf({ fetch: 1, cut: { file: 'old' }, fold: 2 }) });
    expect(firstStep).toBe('cut');
  });

  test('when a file that a result names is gone, however deep the name is', async () => {
    const finished = finishedOf({ fetch: 1, cut: { key: 'x' }, fold: { pages: [{ at: '/work/JOB/page' }] } });
    expect(await lost({ finished, missing: ['work/JOB/page'] })).toEqual([
      'fold',
      0.5,
      'Retry of job JOB. A file of step fold is gone, so it begins at fold and not at bind.',
    ]);
  });

  test('when the uploaded file is gone', async () => {
    const finished = finishedOf({ fetch: { key: 'uploads/JOB' }, cut: { key: 'x' }, fold: 2 });
    expect((await lost({ finished, missing: ['uploads/JOB'] })).slice(0, 2)).toEqual(['fetch', 0]);
  });

  test('but not when a file of others is gone', async () => {
    const finished = finishedOf({ fetch: ['work/other/file', 'builds/p'], cut: { key: 'x' }, fold: 2 });
    const missing = ['work/other/file', 'builds/p'];
    expect((await lost({ finished, missing })).slice(0, 2)).toEqual(['bind', 0.75]);
  });
});

test('the same retry twice, also at once, is one job that starts once', async () => {
  const failed = await createFailed('cut');
  finished = finishedOf({ fetch: 1 });
  const [one, two] = await Promise.all([retry(failed), retry(failed, { from: 'cut' })]);
  const three = await retry(failed);
  expect([two.jobId, three.jobId]).toEqual([one.jobId, one.jobId]);
  expect(new Set(started().map(({ name, input }) => `${name} ${input}`)).size).toBe(1);
});

test('a retry from another step is refused with the job that exists, also at once', async () => {
  const refusal = { code: 'JOB_ALREADY_RETRIED', retryable: false };
  const failed = await createFailed('cut');
  finished = finishedOf({ fetch: 1 });
  const { jobId } = await retry(failed);
  await expect(retry(failed, { from: 'fetch' })).rejects.toMatchObject({
    ...refusal,
    details: { job_id: jobId },
  });

  const other = await createFailed('cut');
  const both = await Promise.allSettled([retry(other), retry(other, { from: 'fetch' })]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const [lost] = both.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  expect(lost).toMatchObject(refusal);
});

test('a job that an idempotency key creates again has a retry of its own', async () => {
  const jobId = randomUUID();
  const first = await createFailed('fetch', { jobId, idempotent: true });
  const { jobId: retried } = await retry(first);
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 1_000_000);
  const later = new JobStore({ client: table.client, tableName: TABLE_NAME, now: () => Date.now() });
  await later.create({ ...(await create()), jobId, idempotent: true, longestRunMs: 60_000 });
  const again = await later.cancel('alice', { jobId, retentionSeconds: 60_000 });
  expect((await retry(again)).jobId).not.toBe(retried);
});

test('a start that Step Functions throttles is queued, and one that it refuses can be repeated', async () => {
  const failed = await createFailed('fetch');
  sfn.on(StartExecutionCommand).rejects(Object.assign(new Error('Rate'), { name: 'ThrottlingException' }));
  const { jobId } = await retry(failed);
  expect(sqs.commandCalls(SendMessageCommand)[0]?.args[0].input.MessageBody).toBe(JSON.stringify({ jobId }));

  const refused = await createFailed('fetch');
  sfn.on(StartExecutionCommand).rejects(new InvalidName({ message: 'no', $metadata: {} }));
  await expect(retry(refused)).rejects.toMatchObject({ code: 'START_FAILED' });
  sfn.on(StartExecutionCommand).resolves({});
  expect(await retry(refused, { from: 'fetch' })).toMatchObject({ status: 'pending', firstStep: 'fetch' });
});

test('a repeated call starts a job whose first start was lost', async () => {
  const failed = await createFailed('fetch');
  await retry(failed);
  sfn.reset();
  sfn
    .on(StartExecutionCommand)
    .rejects(new ExecutionAlreadyExists({ message: 'it is there', $metadata: {} }));
  await retry(failed);
  expect(started()).toHaveLength(1);
});

test('the results are on the record only until the job runs', async () => {
  const failed = await createFailed('cut');
  finished = finishedOf({ fetch: 1 });
  const { jobId } = await retry(failed);
  expect(await jobs.find(jobId)).toMatchObject({ reused: { fetch: 1 } });
  const running = await jobs.begin(jobId, { step: 'cut', progress: 0.25, lease: 'lease' });
  expect(running).not.toHaveProperty('reused');
  expect(running).toMatchObject({ progress: 0.25, retriedFrom: failed.jobId, firstStep: 'cut' });
});

test('an external state machine runs as a whole', async () => {
  const failed = await createFailed('Some state', { operation: 'report', input: {} });
  await expect(retry(failed, { from: 'Some state' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
  const job = await retry(failed);
  expect(job).toMatchObject({ retriedFrom: failed.jobId, progress: 0 });
  expect(job).not.toHaveProperty('firstStep');
  expect(started()[0]?.input).toBe('{}');
});

test('the new job counts for the limits of its owner; an existing one is found at the limit', async () => {
  const limits = { startsPerMinute: 1 };
  const failed = await createFailed('fetch');
  await expect(retry(failed, { limits })).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  const { jobId } = await retry(failed);
  expect(await retry(failed, { limits })).toMatchObject({ jobId });
});

describe('a retry is refused', () => {
  const operation = (changes: Partial<OperationDefinition>): OperationDefinition =>
    ({ ...press, ...changes }) as OperationDefinition;

  test('while the job is open', async () => {
    const pending = await create();
    await expect(retry(pending)).rejects.toMatchObject({
      code: 'JOB_NOT_ENDED',
      details: { status: 'pending' },
    });
    await jobs.begin(pending.jobId, { step: 'fetch', progress: 0, lease: 'lease' });
    await expect(retry(pending)).rejects.toMatchObject({
      code: 'JOB_NOT_ENDED',
      details: { status: 'running' },
    });
  });

  test.each([
    ['is gone', { name: 'other' }, 'OPERATION_REMOVED'],
    ['is retired', { retired: true }, 'OPERATION_REMOVED'],
    ['has no jobs any more', { execution: { mode: 'sync', limitMs: 1_000 } }, 'OPERATION_REMOVED'],
    ['forbids it', { retry: 'never' }, 'RETRY_NOT_ALLOWED'],
    ['needs another input', { input: z.object({ project: z.int() }) }, 'RETRY_NOT_ALLOWED'],
    ['has lost an input', { input: z.object({}) }, 'RETRY_NOT_ALLOWED'],
  ] as const)('when the operation %s', async (_what, changes, code) => {
    const failed = await createFailed('fold');
    const refused = retry(failed, { operation: operation(changes as Partial<OperationDefinition>) });
    await expect(refused).rejects.toMatchObject({ code, retryable: false });
    expect(started()).toEqual([]);
  });

  test('from the first step while an object is missing that the operation requires', async () => {
    const requires = ({ project }: { project: string }) => [
      { key: `projects/${project}`, code: 'PROJECT_NOT_FOUND', message: `Upload ${project} first.` },
    ];
    const requiring = operation({ requires } as Partial<OperationDefinition>);
    missing = ['projects/p'];
    const failed = await createFailed('cut');
    finished = finishedOf({ fetch: 1 });
    await expect(retry(failed, { operation: requiring, from: 'fetch' })).rejects.toMatchObject({
      code: 'RETRY_NOT_ALLOWED',
      message: 'Upload p first.',
      details: { code: 'PROJECT_NOT_FOUND' },
    });
    expect(await retry(failed, { operation: requiring })).toMatchObject({ firstStep: 'cut' });
    missing = [];
    const other = await createFailed('cut');
    expect(await retry(other, { operation: requiring, from: 'fetch' })).toMatchObject({ firstStep: 'fetch' });
  });

  test('from a step that the job did not reach, and from all but the first one when the definition says so', async () => {
    const failed = await createFailed('cut');
    await expect(retry(failed, { from: 'fold' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENTS',
      message: 'from_step: this job of press cannot begin at "fold". Choose one of: fetch, cut.',
    });
    const whole = operation({ retry: 'whole' });
    await expect(retry(failed, { from: 'cut', operation: whole })).rejects.toMatchObject({
      message: 'from_step: this job of press cannot begin at "cut". Choose one of: fetch.',
    });
    expect(await retry(failed, { operation: whole })).toMatchObject({ firstStep: 'fetch' });
  });

  test('of a completed job without a step', async () => {
    const job = await create();
    await jobs.begin(job.jobId, { step: 'bind', progress: 0.75, lease: 'lease' });
    await jobs.complete(job.jobId, 'lease', { result: {} }, 60);
    await expect(retry(job)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENTS',
      message:
        'from_step: missing. The job completed, so a retry needs the step to begin at. Choose one of: fetch, cut, fold, bind.',
    });
    finished = finishedOf({ fetch: 1, cut: { key: 'x' }, fold: 3 });
    expect(await retry(job, { from: 'bind' })).toMatchObject({ firstStep: 'bind' });
  });

  test('of a job that does not exist, and of another owner’s, in the same way', async () => {
    const refusal = { code: 'JOB_NOT_FOUND' };
    await expect(retry(await createFailed('cut'), { owner: 'bob' })).rejects.toMatchObject(refusal);
    for (const jobId of [randomUUID(), 'nonsense']) {
      await expect(retry({ jobId })).rejects.toMatchObject(refusal);
    }
  });
});

test('a job with a callback is retried only with the scopes that its start needed', async () => {
  const callback = { url: 'https://hooks.example.com', events: ['job.failed'] };
  const failed = await createFailed('fetch', { callback });
  const refusal = { code: 'INSUFFICIENT_SCOPE', details: { scope: 'webhooks:manage jobs:read' } };
  await expect(retry(failed, { scopes: [Scope.jobsWrite] })).rejects.toMatchObject(refusal);
  expect(await retry(failed)).toMatchObject({ callback });
  // A repeated call too: the response has the job.
  await expect(retry(failed, { scopes: [Scope.jobsWrite] })).rejects.toMatchObject(refusal);
  const other = await createFailed('fetch');
  expect(await retry(other, { scopes: [Scope.jobsWrite] })).toMatchObject({ status: 'pending' });
});

test.each([
  ['a transform', z.string().transform(Number), 7],
  ['a codec', z.stringbool(), true],
])('an input and a result that %s has changed are not checked again', async (_what, value, changed) => {
  const steps = { ...press.steps, fetch: { ...press.steps.fetch, output: z.object({ value }) } };
  const operation = { ...press, input: z.object({ value }), steps } as unknown as OperationDefinition;
  const failed = await createFailed('cut', { input: { value: changed } });
  finished = finishedOf({ fetch: { value: changed } });
  expect(await retry(failed, { operation })).toMatchObject({ input: { value: changed }, firstStep: 'cut' });
});
