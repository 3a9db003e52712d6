/** Handles `tools/call`. Returns a result, a task of either protocol era, or questions, as the client supports. */
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
import { log } from '../shared/observability/log.ts';
import { measureFailure } from '../shared/observability/request-metrics.ts';
import { toFinalResult } from './job-result.ts';
import { measureResult } from './measure-result.ts';
import { toMethodError } from './method-error.ts';
import type { ClientRequest } from './protocol-method.ts';
import { toCoreTask, toInputRequests, toTask } from './task-mapping.ts';
import { requestedTtlMs, tasksNotOffered } from './tasks/core-methods.ts';
import type { TaskJobs } from './tasks/task-jobs.ts';
import { TaskResult } from './tasks/task-server.ts';
import { tasksNotDeclared } from './tasks/tasks-not-declared.ts';
import { type Tool, toCallToolResult, toErrorResult } from './tool.ts';

/** Text for the model that made the call, while its host polls the task. */
const IMMEDIATE_RESPONSE = 'io.modelcontextprotocol/model-immediate-response';

export type ToolCallParams = CallToolRequest['params'];

/** @throws ProtocolError for an unknown tool, or when the client does not declare a required capability */
export async function callTool(
  { tools, tasks }: { readonly tools: readonly Tool[]; readonly tasks: TaskJobs },
  { name, arguments: args }: ToolCallParams,
  caller: Caller,
  client: ClientRequest,
): Promise<CallToolResult | InputRequiredResult | TaskResult> {
  const tool = find(tools, name);
  if (tool.requiresTasks && client.supportsExtensions && !client.supportsTasks) throw tasksNotDeclared();
  try {
    const result = await tool.call(args, caller, client);
    if ('questions' in result) {
      return {
        resultType: 'input_required',
        inputRequests: toInputRequests(result.questions, client.elicits),
      } as InputRequiredResult;
    }
    const { job } = result;
    if (!job || !client.supportsTasks) return measureResult(toCallToolResult(result, client));
    if (!isTerminal(job.status))
      return new TaskResult({ resultType: 'task', ...toTask(job, tasks.pollIntervalMs(job)) });
    return measureResult(toFinalResult(job, result));
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    return measureResult(toErrorResult(reportableError(name, error)));
  }
}

/**
 * Starts the tool's job and returns a task of 2025-11-25. Such a caller parses every response as a task.
 * @throws ProtocolError
 */
export async function callToolAsTask(
  { tools, tasks }: { readonly tools: readonly Tool[]; readonly tasks: TaskJobs },
  { name, arguments: args, task }: ToolCallParams & { readonly task?: unknown },
  caller: Caller,
): Promise<TaskResult> {
  const tool = find(tools, name);
  if (!tool.start) throw tasksNotOffered(name);
  const ttlMs = requestedTtlMs(task);
  try {
    const job = await tool.start(args, caller, ttlMs);
    return new TaskResult({
      task: toCoreTask(job, tasks.pollIntervalMs(job)),
      _meta: {
        [IMMEDIATE_RESPONSE]: `${name} runs as task ${job.jobId}. check_job with this job_id also returns its progress.`,
      },
    });
  } catch (error) {
    // The caller expects a task, so a tool result with `isError` would not parse.
    throw toMethodError(name, reportableError(name, error));
  }
}

function find(tools: readonly Tool[], name: string): Tool {
  const tool = tools.find((one) => one.name === name || one.aliases.includes(name));
  if (tool) return tool;
  const names = tools.map((one) => one.name).join(', ');
  throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool "${name}". Call one of: ${names}.`);
}

/** Maps anything that a tool throws to an error that is safe to show. Logs the cause. */
function reportableError(tool: string, error: unknown): CodedError {
  measureFailure(error);
  if (error instanceof CodedError) {
    const { code, cause } = error;
    if (cause) log.warn('A tool failed', { tool, code, cause });
    return error;
  }
  log.error('A tool failed unexpectedly', { tool, error });
  return new AppError(
    ErrorCode.internal,
    `${tool} failed with an internal error. Retry; if it fails again, report it to the operator.`,
    { retryable: true },
  );
}
