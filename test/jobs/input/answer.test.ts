/** Tests which answers to a job's questions are accepted, and what the errors say. */

import {
  answerJobQuestions,
  answerOpenQuestions,
  MAX_ANSWERS_BYTES,
} from '../../../lambdas/jobs/input/answer.ts';
import type { Answers } from '../../../lambdas/jobs/input/write-answers.ts';
import type { InputRequest, Job } from '../../../lambdas/jobs/job.ts';
import { type JobStore, TransitionRefused } from '../../../lambdas/jobs/job-store.ts';

const ID = '7d5fbf9e-0000-4000-8000-000000000001';
const form = {
  step: 'ask',
  message: 'Ok?',
  schema: { type: 'object', properties: { yes: { type: 'boolean' } }, required: ['yes'] },
} satisfies InputRequest;
const text: InputRequest = {
  step: 'ask',
  message: 'Text?',
  schema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
};
const page: InputRequest = { step: 'ask', message: 'Sign in.', url: 'https://example.com/' };
const file: InputRequest = { step: 'take', message: 'A file.', upload: { key: 'uploads/x', maxBytes: 5 } };

const waiting = {
  jobId: ID,
  owner: 'alice',
  status: 'input_required',
  version: 3,
  inputRequests: { form, page },
} as unknown as Job;

let reads: [string, string][];
let written: { answers: Answers; isComplete: boolean }[];

/** A store with one job. The first writes lose their race. */
function storeOf(job: Job | undefined, lostRaces = 0): { jobs: JobStore } {
  reads = [];
  written = [];
  let lost = 0;
  const jobs = {
    get: async (owner: string, jobId: string) => {
      reads.push([owner, jobId]);
      return job;
    },
    answer: async (_job: Job, answers: Answers, isComplete: boolean) => {
      if (lost++ < lostRaces) throw new TransitionRefused('running', job);
      written.push({ answers, isComplete });
      return { ...job, answers };
    },
  };
  return { jobs: jobs as unknown as JobStore };
}

const answer = (given: Answers, job: Job | undefined = waiting) =>
  answerJobQuestions(storeOf(job), 'alice', ID, given);
const yes = { action: 'accept', content: { yes: true } } as const;

test('an answer to one of two questions leaves the job waiting', async () => {
  expect(await answer({ form: yes })).toMatchObject({ jobId: ID, answers: { form: yes } });
  expect(written).toEqual([{ answers: { form: yes }, isComplete: false }]);
  expect(reads).toEqual([['alice', ID]]);
});

test('the last answer joins the earlier ones and completes them', async () => {
  const declined = { action: 'decline' } as const;
  await answer({ form: yes }, { ...waiting, answers: { page: declined } });
  expect(written).toEqual([{ answers: { page: declined, form: yes }, isComplete: true }]);
});

test('only the action of a refusal is kept', async () => {
  await answer({ form: { action: 'cancel', content: { yes: 'secret' } } as never });
  expect(written[0]?.answers).toEqual({ form: { action: 'cancel' } });
});

test('a url question is accepted without content', async () => {
  await answer({ page: { action: 'accept', content: {} } });
  expect(written[0]?.answers).toEqual({ page: { action: 'accept', content: {} } });
});

test('a malformed job id finds no job, without a read', async () => {
  await expect(answerJobQuestions(storeOf(waiting), 'alice', 'x', { form: yes })).rejects.toMatchObject({
    code: 'JOB_NOT_FOUND',
  });
  expect(reads).toEqual([]);
});

test('a job that does not exist is not found', async () => {
  await expect(answerJobQuestions(storeOf(undefined), 'alice', ID, { form: yes })).rejects.toMatchObject({
    code: 'JOB_NOT_FOUND',
  });
});

test('a job that has ended accepts no answer', async () => {
  await expect(answer({ form: yes }, { ...waiting, status: 'completed' })).rejects.toMatchObject({
    code: 'JOB_ALREADY_ENDED',
    details: { status: 'completed' },
  });
});

test.each([
  [
    'a question that is not asked',
    { other: yes },
    {},
    'INPUT_NOT_REQUIRED',
    'answers.other: the job did not ask this question. Still open: form, page.',
  ],
  [
    'a question when none is open',
    { other: yes },
    { inputRequests: {} },
    'INPUT_NOT_REQUIRED',
    'answers.other: the job did not ask this question. No question is open.',
  ],
  [
    'a long key',
    { ['k'.repeat(70)]: yes },
    { inputRequests: {} },
    'INPUT_NOT_REQUIRED',
    `answers.${'k'.repeat(64)}: the job did not ask this question. No question is open.`,
  ],
  [
    'an answered question',
    { form: yes },
    { answers: { form: yes } },
    'INPUT_ALREADY_ANSWERED',
    'answers.form: already answered; the first answer counts. Still open: page.',
  ],
  [
    'an upload',
    { file: yes },
    { inputRequests: { file } },
    'INVALID_ARGUMENTS',
    'answers.file: this request needs a file. PUT it to input_requests.file.upload.url from check_job, or call cancel_job.',
  ],
])('an answer to %s is refused', async (_what, given, changes, code, message) => {
  await expect(answer(given as Answers, { ...waiting, ...changes } as Job)).rejects.toMatchObject({
    code,
    message,
  });
  expect(written).toEqual([]);
});

test('null counts as absent for a field that the form does not require', async () => {
  const schema = { ...form.schema, properties: { ...form.schema.properties, reason: { type: 'string' } } };
  const job = { ...waiting, inputRequests: { form: { ...form, schema } } } as Job;
  await answer(
    { form: { action: 'accept', content: { yes: true, reason: null } } } as unknown as Answers,
    job,
  );
  expect(written[0]?.answers).toEqual({ form: yes });
});

test('content that does not match the form is refused with its schema', async () => {
  await expect(answer({ form: { action: 'accept', content: { yes: 'maybe' } } })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENTS',
    message: expect.stringMatching(
      /^answers\.form\.content does not match the question: yes: .+ Follow the schema of input_requests\.form\. Example of content: {"yes":false}$/,
    ),
  });
});

test('content for a url question is refused', async () => {
  await expect(answer({ page: { action: 'accept', content: { x: 1 } } })).rejects.toMatchObject({
    code: 'INVALID_ARGUMENTS',
    message: expect.stringMatching(
      /^answers\.page\.content does not match the question: .+ Accept a url question without content\.$/,
    ),
  });
});

test('all answers of a job take at most 16 KiB together', async () => {
  expect(MAX_ANSWERS_BYTES).toBe(16_384);
  const job = { ...waiting, inputRequests: { text } };
  const of = (characters: number) => ({
    text: { action: 'accept', content: { text: 'é'.repeat(characters) } },
  });
  const room = MAX_ANSWERS_BYTES - Buffer.byteLength(JSON.stringify(of(0)));
  const largest = of(Math.floor(room / 2)) as Answers;
  const padded = {
    text: {
      action: 'accept',
      content: { text: `${'é'.repeat(Math.floor(room / 2))}${'x'.repeat(room % 2)}` },
    },
  } as const;
  expect(Buffer.byteLength(JSON.stringify(padded))).toBe(MAX_ANSWERS_BYTES);
  await expect(answer(padded, job)).resolves.toBeDefined();
  await expect(answer(largest, job)).resolves.toBeDefined();
  const bytes = MAX_ANSWERS_BYTES + 2;
  const tooLarge = { text: { action: 'accept', content: { text: `${padded.text.content.text}é` } } } as const;
  await expect(answer(tooLarge, job)).rejects.toMatchObject({
    code: 'INPUT_TOO_LARGE',
    message: `answers: all answers of the job take ${bytes} bytes; the limit is 16384. Shorten them.`,
    details: { bytes, max: 16_384 },
  });
});

test('a lost race reads the job and writes again, five times', async () => {
  const given: Answers = { form: yes };
  await expect(answerJobQuestions(storeOf(waiting, 4), 'alice', ID, given)).resolves.toBeDefined();
  expect(reads).toHaveLength(5);
  await expect(answerJobQuestions(storeOf(waiting, 5), 'alice', ID, given)).rejects.toMatchObject({
    code: 'CONFLICT',
    retryable: true,
    message:
      'The job changed while your answers were written. Call check_job and answer the questions that are still open.',
  });
  expect(reads).toHaveLength(5);
});

test('another error of the store is thrown as it is', async () => {
  const jobs = {
    get: async () => waiting,
    answer: async () => {
      throw new Error('throttled');
    },
  } as unknown as JobStore;
  await expect(answerJobQuestions({ jobs }, 'alice', ID, { form: yes })).rejects.toThrow('throttled');
});

describe('answers to the open questions', () => {
  const seen: (readonly string[])[] = [];
  const respond = (job: Job, given: Answers) =>
    answerOpenQuestions(storeOf(job), 'alice', ID, (open) => {
      seen.push(open);
      return given;
    });
  beforeEach(() => seen.splice(0));

  test('are chosen from the keys that are open', async () => {
    await respond({ ...waiting, answers: { page: { action: 'decline' } } }, { form: yes });
    expect(seen).toEqual([['form']]);
    expect(written).toHaveLength(1);
  });

  test('can be none: the job is returned as it is', async () => {
    expect(await respond(waiting, {})).toBe(waiting);
    expect(written).toEqual([]);
  });

  test('do not exist for a job that has ended', async () => {
    const ended = { ...waiting, status: 'failed' } as const;
    expect(await respond(ended, {})).toBe(ended);
    expect(seen).toEqual([[]]);
  });
});
