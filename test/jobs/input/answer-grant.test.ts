/** Grants: good for the questions that they name, of the one record that they were made for, while it asks. */
import { answerGrantedQuestions, readGrantedQuestions } from '../../../lambdas/jobs/input/answer-grant.ts';
import { hashInput, type Job, jobIdForKey } from '../../../lambdas/jobs/job.ts';
import { JobStore } from '../../../lambdas/jobs/job-store.ts';
import { startJobsTable, TABLE_NAME } from '../../support/jobs-table.ts';

const HOUR_MS = 3_600_000;
let table: Awaited<ReturnType<typeof startJobsTable>>;
let now = Date.parse('2026-01-01T00:00:00.000Z');
let jobs: JobStore;
let dependencies: { readonly jobs: JobStore; readonly now: () => number };

beforeAll(async () => {
  table = await startJobsTable();
  jobs = new JobStore({ client: table.client, tableName: TABLE_NAME, now: () => now });
  dependencies = { jobs, now: () => now };
});
afterAll(() => table.close());

const question = {
  step: 'approve',
  message: 'May it?',
  schema: { type: 'object', properties: { ok: { type: 'boolean' } } },
} as const;
const OK = { action: 'accept', content: { ok: true } } as const;

/** The job of this idempotency key, made anew when it is gone, which asks these questions. */
async function asking(key: string, ...keys: string[]): Promise<Job> {
  const { job } = await jobs.create({
    jobId: jobIdForKey('alice', 'deploy', key),
    owner: 'alice',
    operation: 'deploy',
    input: {},
    inputHash: hashInput({}),
    idempotent: true,
    retentionSeconds: 3_600,
    longestRunMs: HOUR_MS,
  });
  const { jobId } = job;
  const begun = await jobs.begin(jobId, { step: 'approve', progress: 0, lease: 'x' });
  const inputRequests = Object.fromEntries(keys.map((each) => [each, question]));
  await jobs.requireInput(begun, 'x', { step: 'approve', inputRequests, taskToken: 't', message: 'May it?' });
  return job;
}

const INVALID = { code: 'ANSWER_LINK_INVALID' };

test('an answer is taken for what was granted, and for nothing else that is open', async () => {
  const { jobId, createdAt } = await asking('some', 'one', 'two', 'three');
  const grant = { jobId, createdAt, keys: ['one', 'two'] };
  expect((await readGrantedQuestions(dependencies, grant)).open.map(([key]) => key)).toEqual(['one', 'two']);
  await expect(answerGrantedQuestions(dependencies, grant, { one: OK, three: OK })).rejects.toMatchObject({
    code: 'INPUT_NOT_REQUIRED',
  });
  const { operation, open } = await answerGrantedQuestions(dependencies, grant, { one: OK });
  expect([operation, open.map(([key]) => key)]).toEqual(['deploy', ['two']]);
  await answerGrantedQuestions(dependencies, grant, { two: OK });
  for (const use of [
    readGrantedQuestions(dependencies, grant),
    answerGrantedQuestions(dependencies, grant, { two: OK }),
  ]) {
    await expect(use).rejects.toMatchObject({ code: 'INPUT_ALREADY_ANSWERED' });
  }
  expect(Object.keys((await jobs.find(jobId))?.answers ?? {})).toEqual(['one', 'two']);
});

test('of a job that was made anew under the same id, what was granted before answers nothing', async () => {
  const before = await asking('again', 'one');
  const grant = { jobId: before.jobId, createdAt: before.createdAt, keys: ['one'] };
  expect((await readGrantedQuestions(dependencies, grant)).open).toHaveLength(1);
  // Gone, though DynamoDB has not deleted it yet; then there again.
  now = before.expiresAt * 1000;
  await expect(readGrantedQuestions(dependencies, grant)).rejects.toMatchObject(INVALID);
  await expect(answerGrantedQuestions(dependencies, grant, { one: OK })).rejects.toMatchObject(INVALID);
  const after = await asking('again', 'one');
  expect(after.jobId).toBe(before.jobId);
  await expect(readGrantedQuestions(dependencies, grant)).rejects.toMatchObject(INVALID);
  await expect(answerGrantedQuestions(dependencies, grant, { one: OK })).rejects.toMatchObject(INVALID);
  expect(await jobs.find(after.jobId)).toMatchObject({ status: 'input_required' });
  expect(
    (await readGrantedQuestions(dependencies, { ...grant, createdAt: after.createdAt })).open,
  ).toHaveLength(1);
});

test('a job that is not there looks like every other link that is none', async () => {
  const grant = {
    jobId: '00000000-0000-4000-8000-000000000000',
    createdAt: new Date(now).toISOString(),
    keys: ['one'],
  };
  const gone = await readGrantedQuestions(dependencies, grant).catch((error: Error) => error.message);
  const { jobId } = await asking('other', 'one');
  const another = await readGrantedQuestions(dependencies, {
    ...grant,
    jobId,
    createdAt: '2000-01-01T00:00:00.000Z',
  }).catch((error: Error) => error.message);
  expect(gone).toBe(another);
});
