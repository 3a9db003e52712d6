/** Answers questions with a grant instead of the owner's identity. A grant covers named questions of one job record. */
import { cutText } from '../../shared/cut-text.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { isTerminal, isUpload, type Job, openRequests, type QuestionRequest } from '../job.ts';
import type { JobStore } from '../job-store.ts';
import { answerJobWith } from './answer.ts';
import type { Answers } from './write-answers.ts';

/** The right to answer some questions of one job record. */
export interface AnswerGrant {
  readonly jobId: string;
  /** Creation time of the record, ISO 8601. An idempotency key can create a new job under the id of an expired one. */
  readonly createdAt: string;
  /** Keys of the questions that the grant covers. */
  readonly keys: readonly string[];
}

/** The open questions of a grant. */
export interface GrantedQuestions {
  readonly operation: string;
  /** Unanswered questions, by key. */
  readonly open: readonly (readonly [string, QuestionRequest])[];
}

interface GrantDependencies {
  readonly jobs: JobStore;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/**
 * Reads the questions that the holder of a grant can still answer.
 * @throws AppError ANSWER_LINK_INVALID when the job is gone, JOB_ALREADY_ENDED, INPUT_ALREADY_ANSWERED when nothing is open
 */
export async function readGrantedQuestions(
  dependencies: GrantDependencies,
  grant: AnswerGrant,
): Promise<GrantedQuestions> {
  const job = await find(dependencies, grant);
  return { operation: job.operation, open: check(job, grant) };
}

/**
 * Answers some or all of the granted questions, as `answerJobQuestions` does.
 * @returns the questions that are still open
 * @throws AppError as `readGrantedQuestions` and `answerJobQuestions`
 */
export async function answerGrantedQuestions(
  dependencies: GrantDependencies,
  grant: AnswerGrant,
  given: Answers,
): Promise<GrantedQuestions> {
  const { owner } = await find(dependencies, grant);
  const job = await answerJobWith(dependencies, owner, grant.jobId, (read) => {
    // Checked on every read: the record may be a different one by now.
    check(read, grant);
    const stray = Object.keys(given).find((key) => !grant.keys.includes(key));
    if (stray === undefined) return given;
    throw new AppError(
      ErrorCode.inputNotRequired,
      `answers.${cutText(stray, 64)}: this link does not cover that question. Answer one of: ${grant.keys.join(', ')}.`,
    );
  });
  return { operation: job.operation, open: granted(job, grant) };
}

/** The same error for every defect of a link, so that probing reveals nothing. */
export function answerLinkInvalid(): AppError {
  return new AppError(
    ErrorCode.answerLinkInvalid,
    'This link is invalid: it is incomplete, it has expired, or its job no longer exists. Use the link exactly as it was sent.',
  );
}

/** One read by id. The record names the owner. */
async function find({ jobs, now = Date.now }: GrantDependencies, { jobId }: AnswerGrant): Promise<Job> {
  const job = await jobs.find(jobId);
  if (job && job.expiresAt * 1000 > now()) return job;
  throw answerLinkInvalid();
}

function check(job: Job, grant: AnswerGrant): GrantedQuestions['open'] {
  if (job.createdAt !== grant.createdAt) throw answerLinkInvalid();
  if (isTerminal(job.status)) {
    throw new AppError(ErrorCode.jobAlreadyEnded, 'The job has ended and no longer accepts answers.');
  }
  const open = granted(job, grant);
  if (open.length > 0) return open;
  throw new AppError(
    ErrorCode.inputAlreadyAnswered,
    'The questions of this link are already answered; the first answer counts.',
  );
}

function granted(job: Job, { keys }: AnswerGrant): GrantedQuestions['open'] {
  return openRequests(job).flatMap(([key, request]) =>
    keys.includes(key) && !isUpload(request) ? [[key, request] as const] : [],
  );
}
