/**
 * Reads the answers that a model gives: by the keys of the questions, or without a key when one question is open. Content
 * without an action counts as accepted, but no word such as "yes" does: nothing is approved by mistake.
 */
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { normalizeArguments } from '../../shared/normalize-arguments.ts';
import {
  type AcceptedAnswer,
  type InputAnswer,
  isTerminal,
  isUpload,
  isUrl,
  type Job,
  openRequests,
  type QuestionRequest,
} from '../job.ts';
import { jobAlreadyEnded } from '../job-errors.ts';
import { parseContent } from './answer-content.ts';
import { exampleAnswers } from './example-answers.ts';
import type { Answers } from './write-answers.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** Stands for an answer to a closed question or an upload: `answerJobWith` refuses both. */
const REFUSED: InputAnswer = { action: 'cancel' };

/**
 * Returns the answers by key, for `answerJobWith`, which checks their content.
 * @param given as the caller sent it
 * @throws AppError JOB_ALREADY_ENDED, INPUT_NOT_REQUIRED, or INVALID_ARGUMENTS with an example
 */
export function readAnswers(given: unknown, job: Job): Answers {
  if (isTerminal(job.status)) throw jobAlreadyEnded(job);
  const open = openRequests(job);
  const answers = toObject(given);
  if (!answers || Object.keys(answers).length === 0) throw notAnAnswer('answers', open);
  const isByKey = Object.entries(answers).some(
    ([key, value]) => Object.hasOwn(job.inputRequests ?? {}, key) && toObject(value),
  );
  const [only] = open;
  if (!isByKey && !only) {
    throw new AppError(
      ErrorCode.inputNotRequired,
      `The job is ${job.status} and has no open question. Call check_job.`,
    );
  }
  if (!isByKey && only && open.length === 1) {
    const [key, request] = only;
    const answer = isUpload(request) ? REFUSED : readAnswer(answers, request);
    // A repeated call must not answer the next question.
    if (answer && !Object.values(job.answers ?? {}).some((earlier) => isDeepStrictEqual(earlier, answer)))
      return { [key]: answer };
    throw notAnAnswer('answers', open);
  }
  const read = Object.entries(answers).map(([key, value]) => {
    const request = open.find(([name]) => name === key)?.[1];
    const answer = request && !isUpload(request) ? readAnswer(toObject(value) ?? {}, request) : REFUSED;
    if (answer) return [key, answer];
    throw notAnAnswer(`answers.${key}`, open);
  });
  return Object.fromEntries(read);
}

function notAnAnswer(path: string, open: ReturnType<typeof openRequests>): AppError {
  const example = exampleAnswers(open);
  return new AppError(
    ErrorCode.invalidArguments,
    `${path}: this answers no open question.${example ? ` Ask the user, then follow this example: ${example}` : ''}`,
  );
}

/** Returns the answer: an action with its content, or content alone; undefined when the object is neither. */
function readAnswer(given: JsonObject, request: QuestionRequest): InputAnswer | undefined {
  // Even for a form with a field of that name.
  if (Object.keys(given).length === 1 && (given.action === 'decline' || given.action === 'cancel'))
    return { action: given.action };
  const fields = isUrl(request) ? {} : Object(request.schema.properties);
  const isContent = (given.action === undefined || 'action' in fields) && given.content === undefined;
  const { action, content, ...rest } = isContent ? { action: undefined, content: given } : given;
  if (action === 'decline' || action === 'cancel') return { action };
  const accepted = content === undefined || content === null ? rest : toObject(content);
  if (!accepted) return undefined;
  const names = Object.keys(accepted);
  const isForQuestion = names.length > 0 && names.every((name) => Object.hasOwn(fields, name));
  return action === 'accept' || (action === undefined && isForQuestion)
    ? accept(accepted, request)
    : undefined;
}

function accept(content: JsonObject, request: QuestionRequest): AcceptedAnswer {
  const { normal, data = normal } = parseContent(request, content);
  return { action: 'accept', content: data as AcceptedAnswer['content'] };
}

function toObject(value: unknown): JsonObject | undefined {
  const { data } = z.safeParse(ANY_OBJECT, normalizeArguments(ANY_OBJECT, value));
  return data;
}

const ANY_OBJECT = z.record(z.string(), z.unknown());
