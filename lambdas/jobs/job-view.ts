/** Maps a job to the shape that clients see: tools, the HTTP API and webhooks share it. */
import {
  type FormRequest,
  type InputRequest,
  isTerminal,
  isUpload,
  isUrl,
  type Job,
  JobStatus,
  type JobSummary,
  openRequests,
  type QuestionRequest,
  type StoredObject,
  type UploadRequest,
  type UrlRequest,
} from './job.ts';

/**
 * A job in responses, tool results and events. Times are ISO 8601. It also has what the job is about, under the name of that
 * input property, such as `project`.
 */
export interface JobView {
  readonly job_id: string;
  readonly operation: string;
  readonly status: JobStatus;
  /** 0..1, in whole percents. */
  readonly progress: number;
  readonly step?: string;
  readonly message?: string;
  /** Open questions by key; present while the status is `input_required`. */
  readonly input_requests?: Readonly<Record<string, InputRequestView>>;
  readonly result: unknown;
  /** Location of a large result in the workspace bucket; `result` is then null. */
  readonly result_object?: StoredObject;
  /** Only in an event that its result would make too large: the MCP resource of the result; `result` is then null. */
  readonly result_uri?: string;
  readonly error: Job['error'] | null;
  readonly log_tail?: readonly string[];
  /** Id of the job that this one retries. */
  readonly retried_from?: string;
  readonly created_at: string;
  readonly started_at?: string;
  readonly updated_at: string;
  readonly ended_at?: string;
  /** Time when the record is deleted. */
  readonly expires_at: string;
  /** Milliseconds to wait before the next poll; absent after the job has ended. */
  readonly poll_after_ms?: number;
}

/** A question or an upload request. */
export type InputRequestView = QuestionView | UploadRequestView;

/** A question with its form schema or its URL. */
export type QuestionView = Pick<FormRequest, 'message' | 'schema'> | Pick<UrlRequest, 'message' | 'url'>;

/** A file to upload. Only the owner sees the URL, which is a secret. */
export interface UploadRequestView {
  readonly message: string;
  readonly upload: {
    readonly method: 'PUT';
    /** Bytes. */
    readonly max_bytes: number;
    /** Required size in bytes. */
    readonly size?: number;
    /** Present for callers that may upload. */
    readonly url?: string;
    readonly url_expires_at?: string;
  };
}

/** The step of a job that somebody polls writes progress every two seconds, so faster polls return nothing new. */
const POLL_AFTER_MS = 2_000;

/** @param pollAfterMs a better estimate for a job that has not ended. @default 2,000 */
export function viewJob(job: Job, pollAfterMs = POLL_AFTER_MS): JobView {
  const open = !isTerminal(job.status);
  const showsLog = job.status === JobStatus.failed && job.logTail?.length;
  return {
    job_id: job.jobId,
    operation: job.operation,
    ...viewSubject(job),
    status: job.status,
    progress: percentOf(job) / 100,
    ...(job.step && { step: job.step }),
    ...(job.message && { message: job.message }),
    ...(job.status === JobStatus.inputRequired && {
      input_requests: Object.fromEntries(
        openRequests(job).map(([key, request]) => [key, viewRequest(request)]),
      ),
    }),
    result: job.result ?? null,
    ...(job.resultObject && { result_object: job.resultObject }),
    error: job.error ?? null,
    ...(showsLog && { log_tail: job.logTail }),
    ...(job.retriedFrom && { retried_from: job.retriedFrom }),
    created_at: job.createdAt,
    ...(job.startedAt && { started_at: job.startedAt }),
    updated_at: job.updatedAt,
    ...(job.endedAt && { ended_at: job.endedAt }),
    expires_at: isoSeconds(job.expiresAt),
    ...(open && { poll_after_ms: pollAfterMs }),
  };
}

/** Rounds down, so that only a completed job has 100. A longer fraction costs tokens in every poll. */
export function percentOf({ progress }: Pick<Job, 'progress'>): number {
  return Math.floor(progress * 100 + 1e-6);
}

function viewRequest(request: InputRequest): InputRequestView {
  return isUpload(request) ? viewUpload(request) : viewQuestion(request);
}

export function viewQuestion(request: QuestionRequest): QuestionView {
  const { message } = request;
  return isUrl(request) ? { message, url: request.url } : { message, schema: request.schema };
}

export function viewUpload({ message, upload: { maxBytes, size } }: UploadRequest): UploadRequestView {
  return { message, upload: { method: 'PUT', max_bytes: maxBytes, ...(size !== undefined && { size }) } };
}

export function viewSummary(job: JobSummary) {
  return {
    job_id: job.jobId,
    operation: job.operation,
    ...viewSubject(job),
    status: job.status,
    ...(job.retriedFrom && { retried_from: job.retriedFrom }),
    created_at: job.createdAt,
    ...(job.startedAt && { started_at: job.startedAt }),
    ...(job.endedAt && { ended_at: job.endedAt }),
    expires_at: isoSeconds(job.expiresAt),
  };
}

/** The names of a job's properties that a subject cannot have, and those of the arguments of lists. */
export const RESERVED_SUBJECTS: ReadonlySet<string> = new Set([
  'job_id',
  'operation',
  'status',
  'progress',
  'step',
  'message',
  'input_requests',
  'result',
  'result_object',
  'result_uri',
  'error',
  'log_tail',
  'retried_from',
  'created_at',
  'started_at',
  'updated_at',
  'ended_at',
  'expires_at',
  'poll_after_ms',
  'files',
  'timeline',
  'trace',
  'receipt',
  'next',
  'will_callback',
  'wait_limited_to_seconds',
  'limit',
  'cursor',
]);

function viewSubject({ subject }: Pick<Job, 'subject'>): object {
  return subject ? { [subject.name]: subject.value } : {};
}

function isoSeconds(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}
