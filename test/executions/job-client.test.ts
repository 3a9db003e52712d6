/** Tests the checks of the job client before a job starts. */
import * as z from 'zod';
import { defineOperation } from '../../lambdas/definition/define-operation.ts';
import { jobClient } from '../../lambdas/executions/job-client.ts';

const steps = { run: {} };
const base = { description: 'Works.', output: z.object({}), steps };
const resize = defineOperation({ ...base, name: 'resize', input: z.object({ width: z.number() }) });
const search = defineOperation({
  ...base,
  name: 'search',
  input: z.object({}),
  execution: { mode: 'sync', limitMs: 1_000 },
});
const input = { width: 1 };

beforeAll(() => {
  process.env.JOB_LIMITS = '{}';
  process.env.JOBS_TABLE_NAME = 'jobs';
  process.env.EXECUTION_QUEUE_URL = 'https://sqs.us-east-1.amazonaws.com/000000000000/starts';
});
afterAll(() => {
  delete process.env.JOB_LIMITS;
  delete process.env.JOBS_TABLE_NAME;
  delete process.env.EXECUTION_QUEUE_URL;
});

const start = (job: object) =>
  jobClient([resize, search]).start({ operation: 'resize', owner: 'alice', input, ...job });

test.each(['JOB_LIMITS', 'JOBS_TABLE_NAME', 'EXECUTION_QUEUE_URL'])(
  'without %s there is no client',
  (name) => {
    const value = process.env[name];
    delete process.env[name];
    expect(() => jobClient([resize])).toThrow(name);
    process.env[name] = value;
  },
);

test('an unknown operation is an error with the names that exist', async () => {
  await expect(start({ operation: 'other' })).rejects.toThrow(
    'There is no operation "other". Choose one of: resize, search.',
  );
  await expect(jobClient([]).start({ operation: 'other', owner: 'alice', input })).rejects.toThrow(
    'There is no operation "other". Choose one of: none.',
  );
});

test('a retired operation starts no jobs', async () => {
  const retired = jobClient([{ ...resize, retired: true }]);
  await expect(retired.start({ operation: 'resize', owner: 'alice', input })).rejects.toThrow(
    'Operation "resize" is retired and starts no jobs. Start another operation.',
  );
});

test('a synchronous operation has no jobs', async () => {
  await expect(start({ operation: 'search' })).rejects.toThrow(
    'Operation "search" has mode sync and no jobs. Use mode job or sync_first in its definition.',
  );
});

test.each([
  ['an empty owner', { owner: '' }, 'owner'],
  ['an empty key', { idempotencyKey: '' }, 'idempotencyKey'],
  ['a key of 256 characters', { idempotencyKey: 'k'.repeat(256) }, 'idempotencyKey'],
  ['another type of argument', { input: { width: 'x' } }, 'width'],
  ['an unknown argument', { input: { width: 1, height: 2 } }, 'height'],
])('%s is refused', async (_what, job, name) => {
  await expect(start(job)).rejects.toMatchObject({
    code: 'INVALID_ARGUMENTS',
    message: expect.stringContaining(name),
  });
});

test('a key of 255 characters is valid', async () => {
  await expect(start({ idempotencyKey: 'k'.repeat(255), input: { width: 'x' } })).rejects.toMatchObject({
    message: expect.stringContaining('width'),
  });
});

test('a malformed id finds no job, without a read', async () => {
  expect(await jobClient([]).get('alice', 'x')).toBeUndefined();
  await expect(jobClient([]).cancel('alice', 'x')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
});
