/** `<operation>`: answers with the result, or, when that takes too long for a call, with the job that goes on. */
import { randomUUID } from 'node:crypto';
import { type ClientCapabilities, MissingRequiredClientCapabilityError } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { CallAnswer, CallEvent } from '../../definition/call-protocol.ts';
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import type { Questions } from '../../definition/questions.ts';
import { MAX_ANSWERS_BYTES } from '../../jobs/input/answer.ts';
import { type InputAnswer, isUrl, JobStatus, jobIdForKey } from '../../jobs/job.ts';
import { Scope } from '../../shared/caller.ts';
import { AppError, codedError, ErrorCode } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { readElicited } from '../elicitation-result.ts';
import { textOf } from '../job-result.ts';
import type { ClientRequest } from '../protocol-method.ts';
import { canElicit } from '../task-mapping.ts';
import { defineTool, type Tool, type ToolAnswer } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';
import {
  acceptStart,
  jobArguments,
  requireObjects,
  startedOutput,
  startJob,
  startTask,
} from './start-job.ts';

/** Always with the result. */
export function syncTool(
  operation: OperationDefinition,
  { calls, callPace, workspace }: ToolDependencies,
): Tool {
  return defineTool({
    name: operation.name,
    title: operation.title,
    description: operation.description,
    // A state machine of the operator's own may change things while its caller waits.
    scope: operation.annotations.readOnlyHint ? Scope.jobsRead : Scope.jobsWrite,
    annotations: { title: operation.title, ...operation.annotations },
    input: z.strictObject(operation.input.shape),
    output: operation.output instanceof z.ZodObject ? operation.output : z.looseObject({}),
    async call(input, { owner }, client) {
      callPace.check(owner, operation.name);
      await requireObjects(operation, input, workspace);
      const answer = await calls.invoke(operation, {
        call: { jobId: randomUUID(), owner, input: input as Json, ...answersOf(client) },
      });
      const questions = questionsFor(client, answer);
      if (questions) return { questions };
      if ('asked' in answer && client.speaksExtensions) throw elicitationNotDeclared(answer.asked);
      const { result } = resultOf(operation, answer);
      return answerResult(operation, result, result as Readonly<Record<string, Json>>, workspace);
    },
  });
}

/** With the result when it is there in time. */
export function syncFirstTool(operation: OperationDefinition, dependencies: ToolDependencies): Tool {
  const { jobs, calls, callPace, workspace } = dependencies;
  return defineTool({
    name: operation.name,
    title: operation.title,
    description: `${operation.description} Answers with the result; when it takes longer, with a job_id to follow with check_job.`,
    scope: Scope.jobsWrite,
    annotations: { title: operation.title, ...operation.annotations },
    input: z.strictObject({ ...operation.input.shape, ...jobArguments(operation) }),
    output: startedOutput.partial({ job_id: true }),
    async call(args, caller, client) {
      callPace.check(caller.owner, operation.name);
      const from = Date.now();
      const { input, waitMs, submission } = await acceptStart(operation, args, caller, dependencies);
      const { owner } = caller;
      const { idempotencyKey } = submission;
      const submitted = { operation, input, ...submission };
      const jobId =
        idempotencyKey === undefined ? randomUUID() : jobIdForKey(owner, operation.name, idempotencyKey);
      // The same call has become a job before.
      if (idempotencyKey !== undefined && (await jobs.get(owner, jobId))) {
        return startJob(dependencies, caller, submitted, waitMs);
      }
      const answer = await calls.invoke(operation, { call: { jobId, owner, input, ...answersOf(client) } });
      const questions = questionsFor(client, answer);
      if (questions) return { questions };
      const leftMs = Math.max(0, waitMs - (Date.now() - from));
      if ('handedOver' in answer || 'asked' in answer) {
        const { answers } = answer;
        const done = 'handedOver' in answer ? { handedOver: answer.handedOver } : {};
        return startJob(dependencies, caller, { ...submitted, call: { jobId, answers, ...done } }, leftMs);
      }
      if ('error' in answer && answer.error.code === ErrorCode.timedOut) {
        return startJob(dependencies, caller, submitted, leftMs);
      }
      const { result } = resultOf(operation, answer);
      const structured = { status: JobStatus.completed, progress: 1, result, error: null };
      return answerResult(operation, result, structured, workspace);
    },
    start: (args, caller, ttlMs) => startTask(dependencies, operation, args, caller, ttlMs),
    requiresTasks: operation.requiresTasks,
  });
}

/** What the client sent that can be an answer: whether it is one to what is asked, the step's function finds. */
function answersOf({ inputResponses }: ClientRequest): Pick<CallEvent['call'], 'answers'> {
  const answers: Record<string, InputAnswer> = {};
  for (const [key, response] of Object.entries(inputResponses)) {
    const { success, data } = readElicited(response);
    if (success) answers[key] = data;
  }
  const bytes = Buffer.byteLength(JSON.stringify(answers));
  if (bytes <= MAX_ANSWERS_BYTES) return { answers };
  throw new AppError(
    ErrorCode.inputTooLarge,
    `inputResponses: they take ${bytes} bytes; ${MAX_ANSWERS_BYTES} is the limit.`,
  );
}

/**
 * What the client is to ask before it calls again; undefined when it cannot, or when it has answered some of it: a call
 * remembers nothing, so that more than one round is left to a job.
 */
function questionsFor({ elicits }: ClientRequest, answer: CallAnswer): Questions | undefined {
  if (!('asked' in answer) || Object.keys(answer.answers).length > 0) return undefined;
  return Object.values(answer.asked).every((request) => canElicit(elicits, request))
    ? answer.asked
    : undefined;
}

function elicitationNotDeclared(asked: Questions) {
  const elicitation: ClientCapabilities['elicitation'] = Object.values(asked).some(isUrl) ? { url: {} } : {};
  return new MissingRequiredClientCapabilityError({ requiredCapabilities: { elicitation } });
}

/** @throws AppError as the operation failed */
function resultOf({ name }: OperationDefinition, answer: CallAnswer): { readonly result: Json } {
  if ('result' in answer) return answer;
  if ('handedOver' in answer) throw new Error(`${name} handed over a call that can be no job.`);
  if ('asked' in answer) {
    const asked = Object.values(answer.asked).map(({ message }) => message);
    throw new AppError(
      ErrorCode.elicitationRequired,
      `${name} has to ask: ${asked.join(' ')} Call it from a client of 2026-07-28 that can ask its user (elicitation).`,
    );
  }
  const { code, message, retryable, details } = answer.error;
  throw codedError(code, message, { retryable, details });
}

async function answerResult(
  operation: OperationDefinition,
  result: Json,
  structured: ToolAnswer['structured'],
  workspace: ToolDependencies['workspace'],
): Promise<ToolAnswer> {
  const files = operation.files?.(result as never) ?? [];
  const links = await Promise.all(files.map((file) => workspace.link(file)));
  const content = operation.content?.(result as never);
  return { structured, text: textOf(operation, result), content, links };
}
