/** Maps jobs to MCP tasks of both protocol eras. Only this file maps a job's status to a task's. */
import { type CallToolResult, ProtocolErrorCode } from '@modelcontextprotocol/server';
import {
  type InputRequest,
  isUpload,
  isUrl,
  type Job,
  type JobError,
  JobStatus,
  openRequests,
  type QuestionRequest,
} from '../jobs/job.ts';
import { ErrorCode } from '../shared/errors.ts';
import type { ElicitationModes } from './protocol-method.ts';

const TaskStatus = {
  working: 'working',
  inputRequired: 'input_required',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
} as const;
type TaskStatus = (typeof TaskStatus)[keyof typeof TaskStatus];

const TASK_STATUS: Readonly<Record<JobStatus, TaskStatus>> = {
  [JobStatus.pending]: TaskStatus.working,
  [JobStatus.running]: TaskStatus.working,
  [JobStatus.inputRequired]: TaskStatus.inputRequired,
  [JobStatus.completed]: TaskStatus.completed,
  [JobStatus.failed]: TaskStatus.failed,
  [JobStatus.cancelled]: TaskStatus.cancelled,
};

/**
 * Failures that no step reported. Clients receive them as protocol errors; a failure that a step reports is a tool result
 * (`isError`).
 */
export const PROTOCOL_ERROR_CODES: ReadonlySet<string> = new Set([
  ErrorCode.executionStopped,
  ErrorCode.internal,
  ErrorCode.operationRemoved,
  ErrorCode.resultInvalid,
  ErrorCode.startFailed,
  ErrorCode.stepCrashed,
  ErrorCode.workspaceUnavailable,
]);

/** Returns the JSON-RPC error of a job's failure; undefined when its failure is a tool result. */
export function protocolErrorOf({ status, error }: Pick<Job, 'status' | 'error'>) {
  if (status !== JobStatus.failed || !error || !PROTOCOL_ERROR_CODES.has(error.code)) return undefined;
  const { code, message, step, retryable, details }: JobError = error;
  return {
    code: ProtocolErrorCode.InternalError,
    message,
    data: { code, retryable, ...(step && { step }), ...(details && { details }) },
  };
}

/** A job that waits only for a file is `working`: a task cannot ask its client for a file. */
function statusOf(job: TaskJob): TaskStatus {
  return awaitsFile(job) ? TaskStatus.working : TASK_STATUS[job.status];
}

function awaitsFile(job: TaskJob): boolean {
  const open = job.status === JobStatus.inputRequired ? openRequests(job) : [];
  return open.length > 0 && open.every(([, request]) => isUpload(request));
}

/** The attributes of a job that a task needs; a listing has enough of them. */
type TaskJob = Pick<Job, 'jobId' | 'status' | 'createdAt' | 'endedAt' | 'expiresAt'> &
  Partial<Pick<Job, 'updatedAt' | 'message' | 'error' | 'inputRequests' | 'answers'>>;

/** Returns a task of 2025-11-25. A failed tool makes it `failed`; its questions need the tool answer_job. */
export function toCoreTask(job: TaskJob, pollIntervalMs?: number) {
  const status = statusOf(job);
  const hasQuestions = status === TaskStatus.inputRequired && job.message !== undefined;
  return {
    ...commonFields(job, status),
    ...(hasQuestions && { statusMessage: withAnswerJobHint(job) }),
    ttl: ttlMs(job),
    ...(pollIntervalMs !== undefined && { pollInterval: pollIntervalMs }),
  };
}

/** Returns a task of the extension for `tools/call`. A failed tool makes it `completed`, with `isError` in its result. */
export function toTask(job: TaskJob, pollIntervalMs?: number) {
  const isToolError = job.status === JobStatus.failed && !protocolErrorOf(job);
  return {
    ...commonFields(job, isToolError ? TaskStatus.completed : statusOf(job)),
    ttlMs: ttlMs(job),
    ...(pollIntervalMs !== undefined && { pollIntervalMs }),
  };
}

/**
 * Returns a task of the extension with its result, its error or its input requests.
 * @param elicits the ways in which its client can ask the user
 * @param result the result of a job that has ended
 */
export function toDetailedTask(
  job: Job,
  pollIntervalMs: number | undefined,
  elicits: ElicitationModes,
  result: CallToolResult | undefined,
) {
  const task = toTask(job, pollIntervalMs);
  switch (task.status) {
    case TaskStatus.completed:
      return { ...task, result: { ...result, resultType: 'complete' } };
    case TaskStatus.failed:
      return { ...task, error: protocolErrorOf(job) };
    case TaskStatus.inputRequired: {
      const open = openRequests(job);
      const canAsk = open.every(([, request]) => isUpload(request) || canElicit(elicits, request));
      return {
        ...task,
        ...(!canAsk && { statusMessage: withAnswerJobHint(job) }),
        inputRequests: toInputRequests(Object.fromEntries(open), elicits),
      };
    }
    default:
      return task;
  }
}

/** Whether a client can ask its user. No client can ask for a file: `check_job` returns its upload URL. */
export function canElicit(elicits: ElicitationModes, request: InputRequest): request is QuestionRequest {
  return !isUpload(request) && elicits[isUrl(request) ? 'url' : 'form'];
}

/** Returns the elicitation requests for those questions that the client can ask its user. */
export function toInputRequests(requests: Readonly<Record<string, InputRequest>>, elicits: ElicitationModes) {
  return Object.fromEntries(
    Object.entries(requests).flatMap(([key, request]) =>
      canElicit(elicits, request)
        ? [[key, { method: 'elicitation/create', params: toElicitation(request) }]]
        : [],
    ),
  );
}

/** Returns the parameters of `elicitation/create` for a question. */
export function toElicitation(request: QuestionRequest) {
  const { message } = request;
  return isUrl(request)
    ? { mode: 'url', message, url: request.url }
    : { mode: 'form', message, requestedSchema: request.schema };
}

function withAnswerJobHint({ message }: TaskJob): string {
  return `${message} Answer with the tool answer_job: its job_id is this task's id.`;
}

function commonFields(job: TaskJob, status: TaskStatus) {
  const { jobId, createdAt, updatedAt, endedAt } = job;
  // The upload URL is a secret, so no task contains it.
  const message = awaitsFile(job)
    ? `${job.message} Call the tool check_job for the upload URL.`
    : job.message;
  return {
    taskId: jobId,
    status,
    ...(message !== undefined && { statusMessage: message }),
    createdAt,
    lastUpdatedAt: updatedAt ?? endedAt ?? createdAt,
  };
}

/** Milliseconds from its creation. Until the job ends, this includes the longest time that it can run. */
function ttlMs({ createdAt, expiresAt }: TaskJob): number {
  return expiresAt * 1000 - Date.parse(createdAt);
}
