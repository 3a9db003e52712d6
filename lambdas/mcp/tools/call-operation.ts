/** `<operation>`: answers with the result, or, when that takes too long for a call, with the job that goes on. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { JobStatus, jobIdForKey } from '../../jobs/job.ts';
import type { CallAnswer } from '../../operations/call-wire.ts';
import type { OperationDefinition } from '../../operations/define-operation.ts';
import { Scope } from '../../shared/caller.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { textOf } from '../job-answer.ts';
import { defineTool, type Tool, type ToolAnswer } from '../tool.ts';
import type { ToolDependencies } from './index.ts';
import { acceptStart, jobArguments, requireObjects, startedOutput, startJob } from './start-job.ts';

/** Always with the result. */
export function syncTool(
  operation: OperationDefinition,
  { calls, callPace, workspace }: ToolDependencies,
): Tool {
  return defineTool({
    name: operation.name,
    title: operation.title,
    description: operation.description,
    scope: Scope.jobsRead,
    annotations: { title: operation.title, ...operation.annotations },
    input: z.strictObject(operation.input.shape),
    output: operation.output,
    async call(input, { owner }) {
      callPace.check(owner, operation.name);
      await requireObjects(operation, input, workspace);
      const answer = await calls.invoke(operation, {
        call: { jobId: randomUUID(), owner, input: input as Json },
      });
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
    async call(args, caller) {
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
      const answer = await calls.invoke(operation, { call: { jobId, owner, input } });
      const leftMs = Math.max(0, waitMs - (Date.now() - from));
      if ('handedOver' in answer) {
        const call = { jobId, handedOver: answer.handedOver };
        return startJob(dependencies, caller, { ...submitted, call }, leftMs);
      }
      if ('error' in answer && answer.error.code === ErrorCode.timedOut) {
        return startJob(dependencies, caller, submitted, leftMs);
      }
      const { result } = resultOf(operation, answer);
      const structured = { status: JobStatus.completed, progress: 1, result, error: null };
      return answerResult(operation, result, structured, workspace);
    },
  });
}

/** @throws AppError as the operation failed */
function resultOf({ name }: OperationDefinition, answer: CallAnswer): { readonly result: Json } {
  if ('result' in answer) return answer;
  if ('handedOver' in answer) throw new Error(`${name} handed over a call that can be no job.`);
  const { code, message, retryable, details } = answer.error;
  throw new AppError(code, message, { retryable, details });
}

async function answerResult(
  operation: OperationDefinition,
  result: Json,
  structured: ToolAnswer['structured'],
  workspace: ToolDependencies['workspace'],
): Promise<ToolAnswer> {
  const files = operation.files?.(result as never) ?? [];
  const links = await Promise.all(files.map((file) => workspace.link(file)));
  return { structured, text: textOf(operation, result), links };
}
