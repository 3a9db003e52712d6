/** Defines the task methods of the 2026-07-28 extension. A task contains its result, and clients send answers to it. */
import { answerOpenQuestions } from '../../jobs/input/answer.ts';
import type { Answers } from '../../jobs/input/write-answers.ts';
import type { InputAnswer } from '../../jobs/job.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import { Scope } from '../../shared/caller.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { validationMessage } from '../../shared/validation-message.ts';
import { readElicitationResult } from '../elicitation-result.ts';
import type { ClientRequest, ProtocolMethod } from '../protocol-method.ts';
import type { TaskJobs } from './task-jobs.ts';
import { defineTaskMethod, taskParams } from './task-method.ts';
import { tasksNotDeclared } from './tasks-not-declared.ts';

/** An acknowledgement is empty: the task shows the outcome. */
const ACKNOWLEDGED = {};

export function createExtensionMethods(tasks: TaskJobs, jobs: JobStore): readonly ProtocolMethod[] {
  return [
    defineTaskMethod({
      method: 'tasks/get',
      scope: Scope.jobsRead,
      params: taskParams,
      call: async ({ taskId }, owner, client) => {
        requireTasks(client);
        return tasks.detail(await tasks.find(owner, taskId), client.elicits);
      },
    }),
    defineTaskMethod({
      method: 'tasks/update',
      scope: Scope.jobsWrite,
      params: taskParams,
      call: async ({ taskId }, owner, client) => {
        requireTasks(client);
        await answerOpenQuestions({ jobs }, owner, taskId, (open) =>
          readAnswers(client.inputResponses, open),
        );
        return ACKNOWLEDGED;
      },
    }),
    defineTaskMethod({
      method: 'tasks/cancel',
      scope: Scope.jobsWrite,
      params: taskParams,
      call: async ({ taskId }, owner, client) => {
        requireTasks(client);
        await tasks.cancel(owner, taskId).catch((error: unknown) => {
          // An ended task is what the client wants.
          if (!(error instanceof AppError && error.code === ErrorCode.jobAlreadyEnded)) throw error;
        });
        return ACKNOWLEDGED;
      },
    }),
  ];
}

function requireTasks({ supportsTasks }: ClientRequest): void {
  if (!supportsTasks) throw tasksNotDeclared();
}

/**
 * Returns the answers to open questions. Ignores other keys.
 * @throws AppError INVALID_ARGUMENTS for a malformed answer to an open question
 */
function readAnswers(responses: ClientRequest['inputResponses'], open: readonly string[]): Answers {
  const given = open.filter((key) => Object.hasOwn(responses, key));
  return Object.fromEntries(given.map((key) => [key, readAnswer(key, responses[key])]));
}

function readAnswer(key: string, response: unknown): InputAnswer {
  const { success, data, error } = readElicitationResult(response);
  if (success) return data;
  throw new AppError(
    ErrorCode.invalidArguments,
    `inputResponses.${key}: ${validationMessage(error)} Send action; to accept, also send content.`,
  );
}
