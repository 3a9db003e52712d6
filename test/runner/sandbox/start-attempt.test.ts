/** Tests the start of an attempt in a sandbox: what the sandbox gets, and when it does not start. */
import { jest } from '@jest/globals';
import * as z from 'zod';
import { defineOperation } from '../../../lambdas/definition/define-operation.ts';
import type { Job } from '../../../lambdas/jobs/job.ts';
import { AttemptSeal } from '../../../lambdas/runner/sandbox/attempt-state.ts';
import {
  type AttemptStarterOptions,
  createAttemptStarter,
  type StartEvent,
} from '../../../lambdas/runner/sandbox/start-attempt.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';
import { MemoryFiles } from '../../support/memory-files.ts';

const operation = defineOperation({
  name: 'build',
  title: 'Build',
  description: 'Two steps.',
  input: z.object({}),
  output: z.object({}),
  annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'job', maxWaitMs: 1_000 },
  steps: { compile: { timeoutMs: 60_000 }, test: { timeoutMs: 60_000 } },
  sandbox: (step) => ({ reads: ['source'], writes: [`work/${step}`] }),
});

const seal = new AttemptSeal({ get: async () => ({ current: 'a text to make the key from' }) });
const RUNNER = 'arn:aws:lambda:us-east-1:000000000000:function:x-build:3';

let files: MemoryFiles;
let job: Partial<Job> | undefined;
const start = jest.fn(async (_owner: string, _event: string) => {});
const fail = jest.fn(async () => {});

beforeEach(() => {
  files = new MemoryFiles();
  job = { jobId: 'job', status: 'running', createdAt: '2026-01-01T00:00:00.000Z', retentionSeconds: 60 };
  start.mockClear();
  fail.mockClear();
});

/** @returns the name of its error */
async function run(event: Partial<StartEvent> = {}, started = operation): Promise<string | undefined> {
  const starter = createAttemptStarter({
    operation: started,
    jobs: { find: async () => job, fail },
    workspace: {},
    files,
    sandboxOf: () => ({ start }),
    urls: { read: async (key: string) => `read ${key}`, write: async (key: string) => `write ${key}` },
    seal,
    reportsUrl: 'https://api.example.org/v1/sandbox-reports',
  } as unknown as AttemptStarterOptions);
  const whole = { step: 'compile', jobId: 'job', owner: 'ada', input: {}, finished: {}, attempt: 0 };
  const invocation = {
    awsRequestId: 'request',
    invokedFunctionArn: RUNNER,
    getRemainingTimeInMillis: () => 60_000,
  };
  const error = await starter({ ...whole, taskToken: 'task', ...event }, invocation).catch(
    (thrown) => thrown,
  );
  return error?.name;
}

/** What the sandbox got, and the state in its token. */
async function sent() {
  const [owner, text = ''] = start.mock.calls[0] ?? [];
  const event = JSON.parse(text);
  return { owner, event, state: await seal.open(event.reports.token) };
}

test('the sandbox gets its input, its URLs and a token that it cannot read', async () => {
  job = { ...job, lease: 'before' };
  const finished = { compile: { result: 1, ended: 5, used: { puts: 2 } } };
  expect(await run({ step: 'test', finished })).toBeUndefined();
  const { owner, event, state } = await sent();
  expect(owner).toBe('ada');
  expect(event).toMatchObject({
    step: 'test',
    results: { compile: 1 },
    limitMs: 60_000,
    reads: { source: 'read source' },
    writes: { 'work/test': 'write work/test' },
    reports: { url: 'https://api.example.org/v1/sandbox-reports' },
  });
  expect(JSON.stringify(event)).not.toContain('"task"');
  expect(state).toMatchObject({
    taskToken: 'task',
    runner: RUNNER,
    leaseBefore: 'before',
    from: 0.5,
    to: 1,
    sequence: 0,
    begin: { ended: { step: 'compile', ended: 5 }, stepUsage: { puts: 2 } },
  });
});

test('a later attempt goes on with the log of the earlier ones', async () => {
  job = { ...job, startedAt: '2026-01-01T00:00:00.000Z' };
  files.put('logs/job/compile.log', 'try 0\n');
  await run({ attempt: 1 });
  const { state } = await sent();
  expect(state).toMatchObject({ heading: '-- attempt 2 --', logStart: 6, log: { size: 6, uploaded: 6 } });
  expect(files.text('logs/job/compile/')).toBe('try 0\n');
});

test.each<[string, Partial<Job> | undefined, string]>([
  ['a job that does not exist', undefined, 'StepEnded'],
  ['a job that has ended', { status: 'cancelled' }, 'StepEnded'],
  [
    'a step whose sandbox died twice',
    { timeline: [1, 2].map((began) => ({ step: 'compile', began })) },
    'Sandbox.CrashedAgain',
  ],
])('the sandbox does not start for %s', async (_what, changes, name) => {
  job = changes && { ...job, ...changes };
  expect(await run({ attempt: 2 })).toBe(name);
  expect(start).not.toHaveBeenCalled();
});

test('an attempt that failed is no crash', async () => {
  const failed = { step: 'compile', failed: 2, code: 'X', message: '' };
  job = { ...job, timeline: [{ step: 'compile', began: 1 }, failed, { step: 'compile', began: 3 }] };
  expect(await run({ attempt: 2 })).toBeUndefined();
  expect((await sent()).state).toMatchObject({ attempt: 2, failures: 1 });
});

test('a secret that cannot be read interrupts the attempt, which the state retries', async () => {
  jest.spyOn(log, 'error').mockImplementation(() => {});
  jest.spyOn(seal, 'seal').mockRejectedValueOnce(new Error('Secrets Manager responded 500'));
  expect(await run()).toBe('StepInterrupted');
  expect(start).not.toHaveBeenCalled();
  jest.restoreAllMocks();
});

test('an invocation that AWS refuses for good fails the job, with the request to look for', async () => {
  jest.spyOn(log, 'error').mockImplementation(() => {});
  start.mockRejectedValueOnce(new Error('AccessDeniedException'));
  expect(await run()).toBe('StepEnded');
  expect(fail.mock.calls).toMatchObject([
    ['job', { code: 'INTERNAL_ERROR', message: expect.stringContaining('read the log of request') }, {}],
  ]);
  jest.restoreAllMocks();
});

test('more files than a token can name fail the job', async () => {
  const keys = Array.from({ length: 700 }, (_, index) => `work/${'x'.repeat(60)}/${index}`);
  const many = { ...operation, sandbox: () => ({ reads: [], writes: keys }) };
  expect(await run({}, many as never)).toBe('StepEnded');
  expect(fail).toHaveBeenCalledWith(
    'job',
    expect.objectContaining({
      code: 'INPUT_TOO_LARGE',
      message: expect.stringMatching(/may write 700 files; .* and 49152 is the limit\. Request fewer files/),
    }),
    { retentionSeconds: 60 },
  );
  expect(start).not.toHaveBeenCalled();
});

test('data that Lambda does not accept fails the job', async () => {
  expect(await run({ input: { text: 'x'.repeat(1024 * 1024) } })).toBe('StepEnded');
  expect(fail).toHaveBeenCalledWith(
    'job',
    expect.objectContaining({
      code: 'INPUT_TOO_LARGE',
      message: expect.stringMatching(/the limit of its sandbox is 1048576/),
    }),
    { retentionSeconds: 60 },
  );
  expect(start).not.toHaveBeenCalled();
});
