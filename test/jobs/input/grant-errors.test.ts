/** Tests what the errors of an answer link say. */
import {
  type AnswerGrant,
  answerGrantedQuestions,
  answerLinkInvalid,
  readGrantedQuestions,
} from '../../../lambdas/jobs/input/answer-grant.ts';
import type { Job } from '../../../lambdas/jobs/job.ts';
import type { JobStore } from '../../../lambdas/jobs/job-store.ts';

const form = { step: 'ask', message: 'Ok?', schema: { type: 'object' } } as const;
const file = { step: 'ask', message: 'A file.', upload: { key: 'uploads/x', maxBytes: 1 } } as const;
const job = {
  jobId: '7d5fbf9e-0000-4000-8000-000000000001',
  owner: 'alice',
  operation: 'deploy',
  status: 'input_required',
  inputRequests: { one: form, two: form, file },
  createdAt: '2026-01-01T00:00:00.000Z',
  expiresAt: 2_000_000_000,
} as unknown as Job;
const grant: AnswerGrant = { jobId: job.jobId, createdAt: job.createdAt, keys: ['one', 'two', 'file'] };
const decline = { action: 'decline' } as const;

const storeOf = (changes: Partial<Job> = {}) => {
  const found = { ...job, ...changes };
  return { jobs: { find: async () => found, get: async () => found } as unknown as JobStore };
};

test('a link covers its questions, but no file', async () => {
  expect(await readGrantedQuestions(storeOf(), grant)).toEqual({
    operation: 'deploy',
    open: [
      ['one', form],
      ['two', form],
    ],
  });
});

test('an invalid link has a remedy', () => {
  expect(answerLinkInvalid()).toMatchObject({
    code: 'ANSWER_LINK_INVALID',
    message:
      'This link is invalid: it is incomplete, it has expired, or its job no longer exists. Use the link exactly as it was sent.',
  });
});

test.each(['completed', 'failed', 'cancelled'] as const)('a %s job accepts no answer', async (status) => {
  await expect(readGrantedQuestions(storeOf({ status }), grant)).rejects.toMatchObject({
    code: 'JOB_ALREADY_ENDED',
    message: 'The job has ended and no longer accepts answers.',
  });
});

test('answered questions say that the first answer counts', async () => {
  const answers = { one: decline, two: decline };
  await expect(readGrantedQuestions(storeOf({ answers }), grant)).rejects.toMatchObject({
    code: 'INPUT_ALREADY_ANSWERED',
    message: 'The questions of this link are already answered; the first answer counts.',
  });
});

test('a question outside the link is refused with the questions of the link', async () => {
  const key = 'k'.repeat(70);
  await expect(answerGrantedQuestions(storeOf(), grant, { [key]: decline })).rejects.toMatchObject({
    code: 'INPUT_NOT_REQUIRED',
    message: `answers.${'k'.repeat(64)}: this link does not cover that question. Answer one of: one, two, file.`,
  });
});

test('a link expires with its job, to the second', async () => {
  const at = (nowMs: number) => readGrantedQuestions({ ...storeOf(), now: () => nowMs }, grant);
  await expect(at(job.expiresAt * 1000 - 1)).resolves.toBeDefined();
  await expect(at(job.expiresAt * 1000)).rejects.toMatchObject({ code: 'ANSWER_LINK_INVALID' });
});
