/** Tests that what a sandbox says is bounded and cleaned before anything else reads it. */
import { jest } from '@jest/globals';
import * as z from 'zod';
import type { StepsOperation } from '../../../lambdas/definition/operation-definition.ts';
import { EMPTY_LOG } from '../../../lambdas/runner/sandbox/attempt-state.ts';
import {
  type AttemptEnderOptions,
  createAttemptEnder,
  type EndEvent,
} from '../../../lambdas/runner/sandbox/end-attempt.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';
import { MemoryFiles } from '../../support/memory-files.ts';

const HOSTILE = 'a\u001b]0;title\u0007b\u202ec\u0000';

beforeEach(() => {
  for (const level of ['warn', 'error'] as const) jest.spyOn(log, level).mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

type Ending = EndEvent['end']['ending'];

/** Ends the only step of a job. @returns its error, and what it writes to the record */
async function run(
  ending: Ending,
  changes: Partial<StepsOperation> = {},
  more: { readonly log?: string } = {},
  changed: Partial<EndEvent['end']['state']> = {},
) {
  const operation = {
    name: 'build',
    steps: { compile: { timeoutMs: 1_000 } },
    output: z.object({}),
    ...changes,
  } as unknown as StepsOperation;
  const writes: Record<string, unknown>[] = [];
  const write = async (...values: unknown[]) => {
    writes.push(...values.filter((value) => typeof value === 'object').map((value) => value as never));
  };
  const end = createAttemptEnder({
    operation,
    jobs: { fail: write, complete: write, recordFailedAttempt: write },
    workspace: { upload: async () => ({ size: 1, sha256: '' }) },
    files: new MemoryFiles(),
  } as unknown as AttemptEnderOptions);
  const state = {
    operation: 'build',
    step: 'compile',
    jobId: 'job',
    owner: 'alice',
    attempt: 0,
    limitMs: 1_000,
    begin: { stepUsage: {}, stepFunction: { memoryMb: 256 } },
    logs: {},
    reads: 0,
    writes: ['results/a'],
    log: EMPTY_LOG,
    logStart: 0,
    used: { reports: 3 },
    claimed: { lease: 'lease', atMs: 1_000, progress: 0, job: { jobId: 'job', retentionSeconds: 60 } },
    ...changed,
  } as unknown as EndEvent['end']['state'];
  const thrown = await end(
    { end: { state, ending, atMs: 3_000, ...more } },
    { awsRequestId: 'request' },
  ).then(
    () => undefined,
    (error: Error) => error,
  );
  const [first = {}, second] = writes;
  return {
    thrown,
    failure: first as Record<string, never>,
    end: (second ?? first) as Record<string, never>,
  };
}

test('an error of 262,085 bytes is bounded', async () => {
  const error = {
    code: 'SCRIPT_FAILED',
    message: 'x',
    retryable: false,
    details: { text: 'x'.repeat(262_085) },
  };
  const { failure } = await run({ error });
  expect(failure).toMatchObject({ code: 'SCRIPT_FAILED', message: 'x', step: 'compile' });
  expect(Buffer.byteLength(JSON.stringify(failure.details))).toBeLessThanOrEqual(8 * 1024);
});

test('its message, its details and its log are cleaned', async () => {
  const error = {
    code: 'SCRIPT_FAILED',
    message: HOSTILE,
    retryable: false,
    details: { [HOSTILE]: HOSTILE },
  };
  const { failure, end } = await run({ error }, {}, { log: `${HOSTILE}\n${HOSTILE}` });
  expect(failure).toMatchObject({ message: 'abc', details: { abc: 'abc' } });
  expect(end.logTail).toEqual(['abc', 'abc']);
});

test.each([
  ['a line', `${'x'.repeat(100)}\n`, ['last']],
  ['a character', `\ud83d\ude00${'x'.repeat(100)}\n`.slice(1), ['last']],
  ['a long line', Buffer.from('\ud83d\ude00').subarray(2), ['last']],
])('the last lines do not begin within %s', async (_, start, tail) => {
  const end = Buffer.concat([Buffer.from(start), Buffer.from('last')]).toString('base64');
  const log = { ...EMPTY_LOG, size: 10_000, uploaded: 10_000, end };
  const error = { code: 'SCRIPT_FAILED', message: 'x', retryable: false };
  expect((await run({ error }, {}, {}, { log })).end.logTail).toEqual(tail);
});

test.each(['EXECUTION_STOPPED', 'INTERNAL_ERROR', 'START_FAILED', 'STEP_CRASHED'])(
  'a sandbox that reports %s, which alarms count, failed unexpectedly',
  async (code) => {
    const { failure } = await run({ error: { code, message: 'x', retryable: false } });
    expect(failure).toMatchObject({
      code: 'INTERNAL_ERROR',
      message: expect.stringMatching(/failed unexpectedly/),
    });
  },
);

test('the end counts the sandbox from its first report, its files, and its reports', async () => {
  const { end } = await run({ result: {} });
  expect(end.stepUsage).toMatchObject({
    reports: 3,
    sandboxes: 1,
    sandboxMbMs: (2_000 + 150) * 512,
    puts: 1,
  });
});

test('a file counts once, with at most the bytes that S3 takes', async () => {
  const file = (size: number) => ({ key: 'results/a', name: 'a', contentType: '', size, sha256: '' });
  const changes = { files: () => [file(1e15), file(1e15)] } as unknown as Partial<StepsOperation>;
  const { end } = await run({ result: {} }, changes);
  expect(end.stepUsage).toMatchObject({ byteDays: 8 * 5 * 1_024 ** 3 });
});

test('a result that names a file which its step may not write is invalid', async () => {
  const files = () => [{ key: 'results/b', name: 'b', contentType: '', size: 1, sha256: '' }];
  const { failure } = await run({ result: {} }, { files } as unknown as Partial<StepsOperation>);
  expect(failure).toMatchObject({ code: 'RESULT_INVALID' });
});

test('a sandbox that ends without a result, or sends no report, counts as a crash of its own', async () => {
  expect((await run({ crashed: true })).thrown?.name).toBe('Sandbox.ExitError');
  const { failure } = await run({ invalid: true });
  expect(failure).toMatchObject({ code: 'STEP_CRASHED', details: { cause: 'Sandbox.ExitError' } });
});

test('an attempt that outlives its limit has timed out', async () => {
  expect((await run({ late: true })).failure).toMatchObject({ code: 'STEP_TIMED_OUT' });
});
