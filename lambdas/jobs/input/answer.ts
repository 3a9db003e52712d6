/** Answering what a step has asked: the first answer counts, and only one of the shape that was asked for. */
import * as z from 'zod';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { describeIssues } from '../../shared/validation-message.ts';
import {
  type InputAnswer,
  type InputRequest,
  isJobId,
  isTerminal,
  isUpload,
  isUrl,
  type Job,
  openRequests,
} from '../job.ts';
import { jobAlreadyEnded, jobNotFound } from '../job-errors.ts';
import type { JobStore } from '../job-store.ts';
import { type Answers, recordAnswers } from './write-answers.ts';

export const MAX_ANSWERS_BYTES = 16 * 1024;

/**
 * Answers some of a job's open questions, or all. Nothing is taken unless everything can be.
 * @returns the job; it runs on once nothing is open any more
 * @throws AppError JOB_NOT_FOUND, JOB_ALREADY_ENDED, INPUT_NOT_REQUIRED, INPUT_ALREADY_ANSWERED, INVALID_ARGUMENTS, or
 *   CONFLICT when others answer at the same time
 */
export async function answerJobQuestions(
  dependencies: { readonly jobs: JobStore },
  owner: string,
  jobId: string,
  given: Answers,
): Promise<Job> {
  return answerJobWith(dependencies, owner, jobId, () => given);
}

/**
 * As `answerJobQuestions`, for protocols by which an answer to what is not open any more is no error, but none.
 * @param read the answers to those of the open questions, by their keys, that there are answers to
 */
export async function answerOpenQuestions(
  dependencies: { readonly jobs: JobStore },
  owner: string,
  jobId: string,
  read: (open: readonly string[]) => Answers,
): Promise<Job> {
  return answerJobWith(dependencies, owner, jobId, (job) =>
    read(isTerminal(job.status) ? [] : openRequests(job).map(([key]) => key)),
  );
}

/**
 * The one way that answers are taken.
 * @param read the answers to a job as it is; whenever others were faster it is read again
 */
export async function answerJobWith(
  { jobs }: { readonly jobs: JobStore },
  owner: string,
  jobId: string,
  read: (job: Job) => Answers,
): Promise<Job> {
  let found: Job | undefined;
  const answered = await recordAnswers(jobs, async () => {
    found = isJobId(jobId) ? await jobs.get(owner, jobId) : undefined;
    if (!found) throw jobNotFound();
    const given = read(found);
    return Object.keys(given).length > 0 ? { job: found, answers: accept(found, given) } : undefined;
  });
  const job = answered ?? found;
  if (!job) throw jobNotFound();
  return job;
}

/** @returns all that is answered then */
function accept(job: Job, given: Answers): Answers {
  if (isTerminal(job.status)) throw jobAlreadyEnded(job);
  const open = new Map(openRequests(job));
  for (const key of Object.keys(given)) if (!open.has(key)) throw notOpen(job, key, [...open.keys()]);
  const accepted = Object.entries(given).map(([key, answer]) => [
    key,
    check(key, answer, open.get(key) as InputRequest),
  ]);
  const answers: Answers = { ...job.answers, ...Object.fromEntries(accepted) };
  const bytes = Buffer.byteLength(JSON.stringify(answers));
  if (bytes <= MAX_ANSWERS_BYTES) return answers;
  throw new AppError(
    ErrorCode.inputTooLarge,
    `answers: all of them take ${bytes} bytes; ${MAX_ANSWERS_BYTES} is the limit of a job.`,
    { details: { bytes, max: MAX_ANSWERS_BYTES } },
  );
}

function notOpen({ answers = {} }: Job, key: string, open: readonly string[]): AppError {
  const stillOpen = open.length > 0 ? ` Still open: ${open.join(', ')}.` : ' Nothing is open.';
  if (Object.hasOwn(answers, key)) {
    return new AppError(
      ErrorCode.inputAlreadyAnswered,
      `answers.${key}: it has been answered before; the first answer counts.${stillOpen}`,
    );
  }
  return new AppError(
    ErrorCode.inputNotRequired,
    `answers.${key.slice(0, 64)}: the job has not asked for this.${stillOpen}`,
  );
}

function check(key: string, answer: InputAnswer, request: InputRequest): InputAnswer {
  if (isUpload(request)) {
    throw new AppError(
      ErrorCode.invalidArguments,
      `answers.${key}: a file is the answer. PUT it to input_requests.${key}.upload.url of check_job, or call cancel_job.`,
    );
  }
  if (answer.action !== 'accept') return { action: answer.action };
  const schema = isUrl(request) ? z.strictObject({}) : z.fromJSONSchema(request.schema);
  const { success, data, error } = schema.safeParse(answer.content);
  if (success) return { action: 'accept', content: data as typeof answer.content };
  throw new AppError(
    ErrorCode.invalidArguments,
    `answers.${key}.content is not what was asked for: ${describeIssues(error)} ${isUrl(request) ? 'What a url is for is done there: accept without content.' : `The schema of input_requests.${key} says what is.`}`,
  );
}
