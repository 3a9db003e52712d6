/** A job as MCP's tasks show it, in both of their generations: the only place where its status becomes a task's. */
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
 * Failures that no step has told of. To a client these are errors of the protocol; whatever a step says went wrong is an
 * answer of its tool (`isError`).
 */
const FAULTS: ReadonlySet<string> = new Set([
  ErrorCode.executionStopped,
  ErrorCode.internal,
  ErrorCode.resultInvalid,
  ErrorCode.startFailed,
  ErrorCode.stepCrashed,
  ErrorCode.workspaceUnavailable,
]);

/** As JSON-RPC has it; undefined for what is no fault of ours. */
export function faultOf({ status, error }: Pick<Job, 'status' | 'error'>) {
  if (status !== JobStatus.failed || !error || !FAULTS.has(error.code)) return undefined;
  const { code, message, step, retryable, details }: JobError = error;
  return {
    code: ProtocolErrorCode.InternalError,
    message,
    data: { code, retryable, ...(step && { step }), ...(details && { details }) },
  };
}

/** A task whose job waits for a file asks its client nothing: it works. */
function statusOf(job: TaskJob): TaskStatus {
  return awaitsFile(job) ? TaskStatus.working : TASK_STATUS[job.status];
}

function awaitsFile(job: TaskJob): boolean {
  const open = job.status === JobStatus.inputRequired ? openRequests(job) : [];
  return open.length > 0 && open.every(([, request]) => isUpload(request));
}

/** What a listing knows of a job is enough. */
type TaskJob = Pick<Job, 'jobId' | 'status' | 'createdAt' | 'endedAt' | 'expiresAt'> &
  Partial<Pick<Job, 'updatedAt' | 'message' | 'error' | 'inputRequests' | 'answers'>>;

/** A task of 2025-11-25. One whose tool has failed is `failed`; what it asks cannot be asked here. */
export function toCoreTask(job: TaskJob, pollIntervalMs?: number) {
  const status = statusOf(job);
  const asks = status === TaskStatus.inputRequired && job.message !== undefined;
  return {
    ...common(job, status),
    ...(asks && { statusMessage: answeredByTool(job) }),
    ttl: ttlMs(job),
    ...(pollIntervalMs !== undefined && { pollInterval: pollIntervalMs }),
  };
}

/** A task of the extension, as a call is answered with it. One whose tool has failed is `completed`, with that result. */
export function toTask(job: TaskJob, pollIntervalMs?: number) {
  const hasAnswered = job.status === JobStatus.failed && !faultOf(job);
  return {
    ...common(job, hasAnswered ? TaskStatus.completed : statusOf(job)),
    ttlMs: ttlMs(job),
    ...(pollIntervalMs !== undefined && { pollIntervalMs }),
  };
}

/**
 * A task of the extension with all that there is to it.
 * @param elicits what its client can be asked
 * @param result of a job that has ended
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
      return { ...task, error: faultOf(job) };
    case TaskStatus.inputRequired: {
      const open = openRequests(job);
      const canAsk = open.every(([, request]) => isUpload(request) || canElicit(elicits, request));
      return {
        ...task,
        ...(!canAsk && { statusMessage: answeredByTool(job) }),
        inputRequests: toInputRequests(Object.fromEntries(open), elicits),
      };
    }
    default:
      return task;
  }
}

/** No client can be asked for a file: `check_job` says where to put it. */
export function canElicit(elicits: ElicitationModes, request: InputRequest): request is QuestionRequest {
  return !isUpload(request) && elicits[isUrl(request) ? 'url' : 'form'];
}

/** Questions as a server asks them of a client: those that it can ask its user. */
export function toInputRequests(requests: Readonly<Record<string, InputRequest>>, elicits: ElicitationModes) {
  return Object.fromEntries(
    Object.entries(requests).flatMap(([key, request]) =>
      canElicit(elicits, request)
        ? [[key, { method: 'elicitation/create', params: toElicitation(request) }]]
        : [],
    ),
  );
}

function toElicitation(request: QuestionRequest) {
  const { message } = request;
  return isUrl(request)
    ? { mode: 'url', message, url: request.url }
    : { mode: 'form', message, requestedSchema: request.schema };
}

function answeredByTool({ message }: TaskJob): string {
  return `${message} Answer with the tool answer_job: its job_id is this task's id.`;
}

function common(job: TaskJob, status: TaskStatus) {
  const { jobId, createdAt, updatedAt, endedAt } = job;
  // Where to put it is a secret, which no state of a task carries.
  const message = awaitsFile(job) ? `${job.message} The tool check_job says where to put it.` : job.message;
  return {
    taskId: jobId,
    status,
    ...(message !== undefined && { statusMessage: message }),
    createdAt,
    lastUpdatedAt: updatedAt ?? endedAt ?? createdAt,
  };
}

/** From its creation, in milliseconds: until it ends, the longest that it can take is in it. */
function ttlMs({ createdAt, expiresAt }: TaskJob): number {
  return expiresAt * 1000 - Date.parse(createdAt);
}
