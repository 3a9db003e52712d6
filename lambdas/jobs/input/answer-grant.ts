/** Answering without being the job's owner: a grant names the questions that its holder may answer, of one record alone. */
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { isTerminal, isUpload, type Job, openRequests, type QuestionRequest } from '../job.ts';
import type { JobStore } from '../job-store.ts';
import { answerJobWith } from './answer.ts';
import type { Answers } from './write-answers.ts';

export interface AnswerGrant {
  readonly jobId: string;
  /** That of the record: an idempotency key may make a job anew under the id of one that is gone. ISO 8601 */
  readonly createdAt: string;
  /** Of the questions, and no others. */
  readonly keys: readonly string[];
}

export interface GrantedQuestions {
  readonly operation: string;
  /** Those that nobody has answered yet, by key. */
  readonly open: readonly (readonly [string, QuestionRequest])[];
}

interface GrantDependencies {
  readonly jobs: JobStore;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/**
 * What the holder of a grant may still answer.
 * @throws AppError ANSWER_LINK_INVALID when the job is gone, JOB_ALREADY_ENDED, INPUT_ALREADY_ANSWERED when nothing is open
 */
export async function readGranted(
  dependencies: GrantDependencies,
  grant: AnswerGrant,
): Promise<GrantedQuestions> {
  const job = await find(dependencies, grant);
  return { operation: job.operation, open: check(job, grant) };
}

/**
 * Answers some of what was granted, or all, as `answerJobQuestions` does.
 * @returns what is open then
 * @throws AppError as `readGranted` and `answerJobQuestions`
 */
export async function answerGranted(
  dependencies: GrantDependencies,
  grant: AnswerGrant,
  given: Answers,
): Promise<GrantedQuestions> {
  const { owner } = await find(dependencies, grant);
  const job = await answerJobWith(dependencies, owner, grant.jobId, (read) => {
    // Each time that it is read: it may be another record by now.
    check(read, grant);
    const stray = Object.keys(given).find((key) => !grant.keys.includes(key));
    if (stray === undefined) return given;
    throw new AppError(
      ErrorCode.inputNotRequired,
      `answers.${stray.slice(0, 64)}: this link is not for that question. It is for: ${grant.keys.join(', ')}.`,
    );
  });
  return { operation: job.operation, open: granted(job, grant) };
}

/** Of all that a link can lack it says the same, so that nothing can be learned by trying. */
export function answerLinkInvalid(): AppError {
  return new AppError(
    ErrorCode.answerLinkInvalid,
    'This link answers nothing: it is not whole, its time is over, or its job is gone. Take the link as it was sent.',
  );
}

/** One read, by the id alone: whose the job is, the record says. */
async function find({ jobs, now = Date.now }: GrantDependencies, { jobId }: AnswerGrant): Promise<Job> {
  const job = await jobs.find(jobId);
  if (job && job.expiresAt * 1000 > now()) return job;
  throw answerLinkInvalid();
}

function check(job: Job, grant: AnswerGrant): GrantedQuestions['open'] {
  if (job.createdAt !== grant.createdAt) throw answerLinkInvalid();
  if (isTerminal(job.status)) {
    throw new AppError(ErrorCode.jobAlreadyEnded, 'The job has ended, and takes no answer any more.');
  }
  const open = granted(job, grant);
  if (open.length > 0) return open;
  throw new AppError(
    ErrorCode.inputAlreadyAnswered,
    'What this link is for has been answered before; the first answer counts.',
  );
}

function granted(job: Job, { keys }: AnswerGrant): GrantedQuestions['open'] {
  return openRequests(job).flatMap(([key, request]) =>
    keys.includes(key) && !isUpload(request) ? [[key, request] as const] : [],
  );
}
