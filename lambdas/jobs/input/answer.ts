import { cutText } from '../../shared/cut-text.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { validationMessage } from '../../shared/validation-message.ts';
import {
  type InputAnswer,
  type InputRequest,
  isJobId,
  isTerminal,
  isUpload,
  isUrl,
  type Job,
  openRequests,
  type QuestionRequest,
} from '../job.ts';
import { jobAlreadyEnded, jobNotFound } from '../job-errors.ts';
import type { JobStore } from '../job-store.ts';
import { parseContent } from './answer-content.ts';
import { exampleContent } from './example-answers.ts';
import { type Answers, writeAnswers } from './write-answers.ts';

/** Limit for all answers of a job together, as JSON. */
export const MAX_ANSWERS_BYTES = 16 * 1024;

/**
 * Answers some or all open questions of a job. It accepts all given answers or none.
 * @returns the job; it resumes when no question is open
 * @throws AppError JOB_NOT_FOUND, JOB_ALREADY_ENDED, INPUT_NOT_REQUIRED, INPUT_ALREADY_ANSWERED, INVALID_ARGUMENTS, or
 *   CONFLICT when other callers answer at the same time
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
 * Same as `answerJobQuestions`, for protocols that ignore answers to closed questions.
 * @param read returns the answers to the open questions, whose keys it receives
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
 * Reads the job, accepts answers to it and writes them. All other functions of this file use it.
 * @param read returns the answers to the job as read; it runs again after each lost race
 */
export async function answerJobWith(
  { jobs }: { readonly jobs: JobStore },
  owner: string,
  jobId: string,
  read: (job: Job) => Answers,
): Promise<Job> {
  let found: Job | undefined;
  const answered = await writeAnswers(jobs, async () => {
    found = isJobId(jobId) ? await jobs.get(owner, jobId) : undefined;
    if (!found) throw jobNotFound();
    const given = read(found);
    return Object.keys(given).length > 0 ? { job: found, answers: accept(found, given) } : undefined;
  });
  const job = answered ?? found;
  if (!job) throw jobNotFound();
  return job;
}

/** @returns all answers of the job, with the accepted ones */
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
    `answers: all answers of the job take ${bytes} bytes; the limit is ${MAX_ANSWERS_BYTES}. Shorten them.`,
    { details: { bytes, max: MAX_ANSWERS_BYTES } },
  );
}

function notOpen({ answers = {} }: Job, key: string, open: readonly string[]): AppError {
  const stillOpen = open.length > 0 ? ` Still open: ${open.join(', ')}.` : ' No question is open.';
  if (Object.hasOwn(answers, key)) {
    return new AppError(
      ErrorCode.inputAlreadyAnswered,
      `answers.${key}: already answered; the first answer counts.${stillOpen}`,
    );
  }
  return new AppError(
    ErrorCode.inputNotRequired,
    `answers.${cutText(key, 64)}: the job did not ask this question.${stillOpen}`,
  );
}

function check(key: string, answer: InputAnswer, request: InputRequest): InputAnswer {
  if (isUpload(request)) {
    throw new AppError(
      ErrorCode.invalidArguments,
      `answers.${key}: this request needs a file. PUT it to input_requests.${key}.upload.url from check_job, or call cancel_job.`,
    );
  }
  if (answer.action !== 'accept') return { action: answer.action };
  const { success, data, error } = parseContent(request, answer.content);
  if (success) return { action: 'accept', content: data as typeof answer.content };
  throw new AppError(
    ErrorCode.invalidArguments,
    `answers.${key}.content does not match the question: ${validationMessage(error)} ${remedyOf(key, request)}`,
  );
}

function remedyOf(key: string, request: QuestionRequest): string {
  if (isUrl(request)) return 'Accept a url question without content.';
  return `Follow the schema of input_requests.${key}. Example of content: ${JSON.stringify(exampleContent(request))}`;
}
