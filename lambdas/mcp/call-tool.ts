/** `tools/call`, answered as the client can take it: with a result, with a task of either generation, or with questions. */
import {
  type CallToolRequest,
  type CallToolResult,
  type InputRequiredResult,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server';
import { isTerminal } from '../jobs/job.ts';
import type { Caller } from '../shared/caller.ts';
import { AppError, CodedError, ErrorCode } from '../shared/errors.ts';
import { toEndResult } from './job-result.ts';
import { toMethodError } from './method-error.ts';
import type { ClientRequest } from './protocol-method.ts';
import { toCoreTask, toInputRequests, toTask } from './task-mapping.ts';
import { requestedTtlMs, tasksNotOffered } from './tasks/core-methods.ts';
import type { TaskJobs } from './tasks/task-jobs.ts';
import { TaskAnswer } from './tasks/task-server.ts';
import { tasksNotDeclared } from './tasks/tasks-not-declared.ts';
import { type Tool, toErrorResult, toResult } from './tool.ts';

/** For the model that has made the call, while its host follows the task. */
const IMMEDIATE_RESPONSE = 'io.modelcontextprotocol/model-immediate-response';

export type ToolCallParams = CallToolRequest['params'];

/** @throws ProtocolError for a tool that is not there, and for what the client has to declare */
export async function callTool(
  { tools, tasks }: { readonly tools: readonly Tool[]; readonly tasks: TaskJobs },
  { name, arguments: args }: ToolCallParams,
  caller: Caller,
  client: ClientRequest,
): Promise<CallToolResult | InputRequiredResult | TaskAnswer> {
  const tool = find(tools, name);
  if (tool.requiresTasks && client.speaksExtensions && !client.takesTasks) throw tasksNotDeclared();
  try {
    const answer = await tool.call(args, caller, client);
    if ('questions' in answer) {
      return {
        resultType: 'input_required',
        inputRequests: toInputRequests(answer.questions, client.elicits),
      } as InputRequiredResult;
    }
    const { job } = answer;
    if (!job || !client.takesTasks) return toResult(answer);
    if (!isTerminal(job.status))
      return new TaskAnswer({ resultType: 'task', ...toTask(job, tasks.pollIntervalMs(job)) });
    return toEndResult(job, answer);
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    return toErrorResult(told(name, error));
  }
}

/** With a task of 2025-11-25, and with nothing else: that is what such a caller reads the answer as. */
export async function callToolAsTask(
  { tools, tasks }: { readonly tools: readonly Tool[]; readonly tasks: TaskJobs },
  { name, arguments: args, task }: ToolCallParams & { readonly task?: unknown },
  caller: Caller,
): Promise<TaskAnswer> {
  const tool = find(tools, name);
  if (!tool.start) throw tasksNotOffered(name);
  const ttlMs = requestedTtlMs(task);
  try {
    const job = await tool.start(args, caller, ttlMs);
    return new TaskAnswer({
      task: toCoreTask(job, tasks.pollIntervalMs(job)),
      _meta: {
        [IMMEDIATE_RESPONSE]: `${name} goes on as the task ${job.jobId}; check_job with this job_id tells of it too.`,
      },
    });
  } catch (error) {
    // The caller awaits a task, and no answer of the tool.
    throw toMethodError(name, told(name, error));
  }
}

function find(tools: readonly Tool[], name: string): Tool {
  const tool = tools.find((one) => one.name === name);
  if (tool) return tool;
  const names = tools.map((one) => one.name).join(', ');
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    `There is no tool "${name}". There are: ${names}.`,
  );
}

/** What the caller is told of anything that a tool threw; what it is not told is logged. */
function told(tool: string, error: unknown): CodedError {
  if (error instanceof CodedError) {
    const { code, cause } = error;
    if (cause) console.warn({ message: 'A tool failed', tool, code, cause });
    return error;
  }
  console.error({ message: 'A tool failed unexpectedly', tool, error });
  return new AppError(
    ErrorCode.internal,
    `${tool} failed on our side. Call it again; if it fails again, tell the operator.`,
    { retryable: true },
  );
}
