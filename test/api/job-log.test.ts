/** Tests the log of a job over HTTP: its pages, its cursor, and when it is complete. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { createApi } from '../../lambdas/api/api.ts';
import type { ApiDependencies } from '../../lambdas/api/dependencies.ts';
import type { Job } from '../../lambdas/jobs/job.ts';
import { createPollRateLimiter } from '../../lambdas/shared/rate-limiter.ts';
import { buildOperation as operation } from '../support/build-operation.ts';
import { MemoryFiles } from '../support/memory-files.ts';
import { expectValid } from '../support/openapi.ts';

const jobId = '11112222-3333-4444-8555-666677778888';
const startedAt = '2026-01-01T00:00:00.500Z';

let files: MemoryFiles;
let job: Partial<Job>;
/** Milliseconds. */
let now: number;
let pollRateLimiter: ReturnType<typeof createPollRateLimiter>;
beforeEach(() => {
  files = new MemoryFiles();
  job = { status: 'running', step: 'install' };
  now = Date.now();
  pollRateLimiter = createPollRateLimiter(1, () => now);
});

const put = (name: string, text: string | Buffer) => files.put(`logs/${jobId}/${name}.log`, text);
const stored = (step: string, size: number) => ({ key: `logs/${jobId}/${step}.log`, size, sha256: '' });

async function read(query: Readonly<Record<string, string | undefined>> = {}, owner = 'ada', id = jobId) {
  const dependencies = {
    operations: [operation],
    jobs: {
      get: async (by: string) =>
        by === 'arn:ada' ? { jobId, operation: 'build', startedAt, ...job } : undefined,
      watch: async () => {},
    },
    polls: { next: () => 5_000 },
    pollRateLimiter,
    workspace: files,
  };
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  const event = {
    httpMethod: 'GET',
    resource: '/jobs/{job_id}/log',
    pathParameters: { job_id: id },
    multiValueQueryStringParameters: Object.fromEntries(given.map(([name, value]) => [name, [value]])),
    requestContext: { identity: { userArn: `arn:${owner}` } },
  };
  const api = createApi(dependencies as unknown as ApiDependencies);
  const context = { getRemainingTimeInMillis: () => 29_000 } as Context;
  const result = (await api(event as never as APIGatewayProxyEvent, context, {
    signal: new AbortController().signal,
  })) as APIGatewayProxyResult;
  const data = JSON.parse(result.body);
  expectValid(['components', 'schemas', result.statusCode === 200 ? 'LogPage' : 'Error'], data);
  return { status: result.statusCode, data, code: data.error?.code };
}

test('a reader follows a job from before its first line to its end', async () => {
  const lines: string[] = [];
  let after: string | undefined;
  const follow = async () => {
    now += 1_000;
    const { data } = await read({ after });
    lines.push(data.text);
    after = data.next_after;
    return [data.complete, data.poll_after_ms];
  };
  job = { status: 'pending', startedAt: undefined };
  expect(await follow()).toEqual([false, 5_000]);
  job = { status: 'running', step: 'install' };
  expect(await follow()).toEqual([false, 2_000]);
  put('install/00', 'add');
  expect(await follow()).toEqual([false, 2_000]);
  put('install', 'added 3\n');
  put('compile/00', 'compiling\n');
  job = { status: 'running', step: 'compile' };
  expect(await follow()).toEqual([false, 2_000]);
  job = { status: 'input_required', step: 'compile' };
  expect(await follow()).toEqual([false, 5_000]);
  put('compile', 'compiling\n-- continued --\ncompiled\n');
  const logs = { install: stored('install', 8), compile: stored('compile', 35) };
  job = { status: 'completed', step: 'test', logs };
  expect(await follow()).toEqual([true, undefined]);
  expect(await follow()).toEqual([true, undefined]);
  expect(lines).toEqual([
    '',
    '',
    '== install ==\nadd',
    'ed 3\n== compile ==\ncompiling\n',
    '',
    '-- continued --\ncompiled\n',
    '',
  ]);
});

test('a log of 50 MB comes in pieces of at most 256 KiB, one after the other', async () => {
  const bytes = Buffer.from('\t"ä€😀" \\ and so on\n'.repeat(2_000_000)).subarray(0, 50 * 1024 * 1024);
  put('install', bytes);
  job = { status: 'completed', step: 'test', logs: { install: stored('install', bytes.length) } };
  const found: Buffer[] = [];
  let calls = 0;
  for (let after: string | undefined, complete = false; !complete; calls += 1) {
    now += 1_000;
    const { data } = await read({ step: 'install', after });
    expect(Buffer.byteLength(data.text)).toBeLessThanOrEqual(256 * 1024);
    expect(data).not.toHaveProperty('poll_after_ms');
    found.push(Buffer.from(data.text));
    [after, complete] = [data.next_after, data.complete];
  }
  expect(Buffer.concat(found).equals(bytes)).toBe(true);
  expect(calls).toBeLessThanOrEqual(202);
  // The record has the size.
  expect(files.lists).toBe(0);
}, 60_000);

test('the tail begins at a line, and its cursor goes on', async () => {
  put('install/00', 'one\ntwo\n');
  const { data } = await read({ tail: '5' });
  expect(data).toMatchObject({ text: 'two\n', complete: false });
  put('install/00', 'one\ntwo\nthree\n');
  expect((await read({ after: data.next_after })).data.text).toBe('three\n');
});

test.each([
  ['cancelled', 'test'],
  ['failed', 'install'],
] as const)(
  'a job that has %s is complete ten seconds later: its step may still write',
  async (status, step) => {
    put('install/00', 'before the crash\n');
    const end = { status, step, logs: { test: stored('test', 1) } };
    if (status === 'cancelled') Object.assign(end, { logs: undefined });
    else put('test', 'x');
    job = { ...end, endedAt: new Date(Date.now() - 9_000).toISOString() };
    expect((await read()).data).toMatchObject({ complete: false, poll_after_ms: 2_000 });
    job = { ...end, endedAt: new Date(Date.now() - 11_000).toISOString() };
    expect((await read()).data).toMatchObject({
      text: expect.stringContaining('before the crash'),
      complete: true,
    });
  },
);

test('a step that a deploy has removed keeps its log', async () => {
  put('lint', 'clean\n');
  put('install', 'added 3\n');
  job = {
    status: 'completed',
    step: 'install',
    logs: { install: stored('install', 8), lint: stored('lint', 6) },
  };
  const { data } = await read();
  expect(data.text).toBe('== lint ==\nclean\n== install ==\nadded 3\n');
  expect((await read({ after: data.next_after })).data).toMatchObject({ text: '', complete: true });
  const cursor = Buffer.from('{"step":"lint","offset":2}').toString('base64url');
  expect((await read({ after: cursor })).data.text).toBe('ean\n== install ==\nadded 3\n');
});

describe('a request is refused', () => {
  const cursorOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test.each([
    ['no base64', '%%%'],
    ['long', 'x'.repeat(100_000)],
    ['another shape', cursorOf({ jobId })],
    ['an unknown step', cursorOf({ step: 'deploy', offset: 0 })],
    ['a step like an inherited property', cursorOf({ step: 'constructor', offset: 0 })],
    ['a negative offset', cursorOf({ step: 'test', offset: -1 })],
    ['a fraction', cursorOf({ step: 'test', offset: 0.5 })],
    ['an offset beyond all numbers', '{"step":"test","offset":1e400}'],
    ['more', cursorOf({ step: 'test', offset: 1, key: 'projects/secret' })],
  ])('for a cursor with %s', async (_what, after) => {
    const { status, code, data } = await read({ after });
    expect([status, code]).toEqual([400, 'INVALID_CURSOR']);
    expect(data.error.message).toMatch(/^after: .* Pass next_after unchanged/);
  });

  test.each<[Record<string, string>, RegExp]>([
    [{ tail: '0' }, /tail: must be a number of bytes from 1 to 262144/],
    [{ tail: '262145' }, /tail: must be/],
    [{ tail: '1.5' }, /tail: must be/],
    [{ tail: '1', after: '' }, /after and tail exclude each other/],
    [{ step: 'deploy' }, /step: the job has no step "deploy"\. Choose one of: install, compile, test\./],
    [{ step: '../x' }, /step: the job has no step/],
    [{ limit: '1' }, /limit/],
  ])('for %j', async (query, message) => {
    const { status, code, data } = await read(query);
    expect([status, code]).toEqual([400, 'INVALID_ARGUMENTS']);
    expect(data.error.message).toMatch(message);
  });

  test("for a job that is unknown, malformed or another owner's, in the same way", async () => {
    put('install/00', 'secret\n');
    const unknown = await read({}, 'ada', 'nothing');
    expect(unknown).toMatchObject({ status: 404, code: 'JOB_NOT_FOUND' });
    expect(await read({}, 'bob')).toEqual(unknown);
    expect(await read({ step: 'deploy' }, 'bob')).toEqual(unknown);
    expect(files.lists).toBe(0);
  });

  test('that comes too often', async () => {
    for (let calls = 0; calls < 10; calls += 1) expect((await read()).status).toBe(200);
    expect(await read()).toMatchObject({ status: 429, code: 'RESOURCE_EXHAUSTED' });
    expect((await read({}, 'bob')).status).toBe(404);
    now += 1_000;
    expect((await read()).status).toBe(200);
  });
});
