/** A job as the world outside sees it: one shape for tools, listings and whoever else is told. */
import type {
  FormRequest,
  InputRequest,
  Job,
  JobSummary,
  QuestionRequest,
  StoredObject,
  UploadRequest,
  UrlRequest,
} from './job.ts';
import { isTerminal, isUpload, isUrl, JobStatus, openRequests } from './job.ts';

/** The seed of every answer about a job; times are ISO 8601. */
export interface JobView {
  readonly job_id: string;
  readonly operation: string;
  readonly status: JobStatus;
  /** 0..1. */
  readonly progress: number;
  readonly step?: string;
  readonly message?: string;
  /** What is to be answered before it can go on, by key; there while the status is `input_required`. */
  readonly input_requests?: Readonly<Record<string, InputRequestView>>;
  readonly result: unknown;
  /** Where a large result is in the workspace bucket; then `result` is null. */
  readonly result_object?: StoredObject;
  readonly error: Job['error'] | null;
  readonly log_tail?: readonly string[];
  readonly created_at: string;
  readonly started_at?: string;
  readonly updated_at: string;
  readonly ended_at?: string;
  /** When the record is deleted. */
  readonly expires_at: string;
  /** How long to wait in milliseconds before asking again; absent once the job has ended. */
  readonly poll_after_ms?: number;
}

export type InputRequestView = QuestionView | UploadRequestView;

export type QuestionView = Pick<FormRequest, 'message' | 'schema'> | Pick<UrlRequest, 'message' | 'url'>;

/** A file to put: where to is a secret, which an owner's own answer alone has. */
export interface UploadRequestView {
  readonly message: string;
  readonly upload: {
    readonly method: 'PUT';
    /** Bytes. */
    readonly max_bytes: number;
    /** Bytes that it has to have. */
    readonly size?: number;
    /** For whom may put it. */
    readonly url?: string;
    readonly url_expires_at?: string;
  };
}

/** Progress is written every two seconds at most, so that asking more often tells nothing new. */
const POLL_AFTER_MS = 2_000;

/** @param pollAfterMs of a job that has not ended, by whoever knows better */
export function viewJob(job: Job, pollAfterMs = POLL_AFTER_MS): JobView {
  const open = !isTerminal(job.status);
  const showsLog = job.status === JobStatus.failed && job.logTail?.length;
  return {
    job_id: job.jobId,
    operation: job.operation,
    status: job.status,
    progress: job.progress,
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
    created_at: job.createdAt,
    ...(job.startedAt && { started_at: job.startedAt }),
    updated_at: job.updatedAt,
    ...(job.endedAt && { ended_at: job.endedAt }),
    expires_at: isoSeconds(job.expiresAt),
    ...(open && { poll_after_ms: pollAfterMs }),
  };
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
    status: job.status,
    created_at: job.createdAt,
    ...(job.endedAt && { ended_at: job.endedAt }),
    expires_at: isoSeconds(job.expiresAt),
  };
}

function isoSeconds(epochSeconds: number): string {
  return new Date(epochSeconds * 1000).toISOString();
}
