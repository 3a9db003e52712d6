/** Defines a job, the durable record of one operation call, and the transitions of its status. */
import { createHash } from 'node:crypto';
import type { Json } from '../shared/json.ts';
import type { LogKeys } from '../shared/observability/log-keys.ts';
import { type JobTrace, traceIdOf } from '../shared/observability/trace-context.ts';
import type { Usage } from '../shared/usage.ts';
import type { TimelineEvent } from './timeline.ts';

/** Statuses of a job. `completed`, `failed` and `cancelled` are terminal. */
export const JobStatus = {
  pending: 'pending',
  running: 'running',
  inputRequired: 'input_required',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
} as const;
export type JobStatus = (typeof JobStatus)[keyof typeof JobStatus];

const { pending, running, inputRequired, completed, failed, cancelled } = JobStatus;

/** The statuses that may precede each status. Terminal statuses precede none. */
export const STATUSES_BEFORE: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  pending: [],
  running: [pending, running, inputRequired],
  // A retry of the waiting state asks again.
  input_required: [running, inputRequired],
  completed: [running],
  failed: [pending, running, inputRequired],
  cancelled: [pending, running, inputRequired],
};

export function isTerminal(status: JobStatus): boolean {
  return status === completed || status === failed || status === cancelled;
}

/** @returns the number of attempts of a step that failed and were retried, without those that the timeline leaves out */
export function failedAttempts({ timeline = [] }: Pick<Job, 'timeline'>, step: string): number {
  return timeline.filter((event) => event.step === step && 'failed' in event).length;
}

/** The reason of a failed job, safe to show to callers. */
export interface JobError {
  /** A code of the engine (`ErrorCode`) or of the operation. */
  readonly code: string;
  readonly message: string;
  /** The step that failed; absent when no step had begun. */
  readonly step?: string;
  readonly retryable: boolean;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * @returns the version of a new job. An idempotency key can create a job again under its old id, after
 * the old job has expired or failed to start. The new job starts above all versions of the old one. So id and version always
 * identify one state of one job.
 */
export function firstVersion({ idempotent, createdAt }: Pick<Job, 'idempotent' | 'createdAt'>): number {
  return idempotent ? Date.parse(createdAt) : 1;
}

/** A file in the workspace bucket that belongs to a job. */
export interface StoredObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** A question or an upload request of a step, as stored (JSON). */
export type InputRequest = QuestionRequest | UploadRequest;

/** A question: a form to fill in, or a page to visit. */
export type QuestionRequest = FormRequest | UrlRequest;

/** A question with a form. */
export type FormRequest = {
  readonly step: string;
  /** The question and its reason, for people. */
  readonly message: string;
  /** JSON Schema (draft 7) of the answer's content: an object of strings, numbers, booleans and enums. */
  readonly schema: { readonly [name: string]: Json };
};

/** A page to visit, for secrets that must not pass through a client. An answer means that the user went there, not what they did. */
export type UrlRequest = {
  readonly step: string;
  readonly message: string;
  readonly url: string;
};

/** A file to upload. Its arrival in the workspace is the answer. Each request for the job creates a new upload URL. */
export type UploadRequest = {
  readonly step: string;
  readonly message: string;
  readonly upload: {
    /** Workspace key for the file: see `uploadKey`. */
    readonly key: string;
    /** Bytes. */
    readonly maxBytes: number;
    /** Required size in bytes, when the caller announced it. */
    readonly size?: number;
  };
};

export function isUpload(request: InputRequest): request is UploadRequest {
  return 'upload' in request;
}

export function isUrl(request: InputRequest): request is UrlRequest {
  return 'url' in request;
}

/** An uploaded file: the content of the answer to an `UploadRequest`. */
export type UploadedFile = {
  /** Bytes. */
  readonly size: number;
  /** The object's `ETag`: it identifies this version of the file. */
  readonly version: string;
};

/** An answer with the actions of MCP elicitation: `decline` refuses, `cancel` dismisses the question. */
export type InputAnswer = AcceptedAnswer | { readonly action: 'decline' | 'cancel' };

/** An answer with the data that the question asked for. */
export type AcceptedAnswer = {
  readonly action: 'accept';
  readonly content: { readonly [name: string]: Json };
};

/** @returns the workspace key of a step's log */
export function stepLogKey(jobId: string, step: string): string {
  return `${logPrefix(jobId)}${step}.log`;
}

/** @returns the workspace key of a part of a step's log, which the step writes while it runs: parts are listed in order */
export function stepLogPartKey(jobId: string, step: string, index: number): string {
  return `${logPrefix(jobId)}${step}/${String(index).padStart(2, '0')}.log`;
}

/** @returns the prefix of the workspace keys of a job's logs and their parts */
export function logPrefix(jobId: string): string {
  return `logs/${jobId}/`;
}

/** @returns the start of the workspace keys that belong to a job, from its first step to its end */
export function workPrefix(jobId: string): string {
  return `work/${jobId}/`;
}

/** @returns the logs of the steps that printed output, by step name */
export function logsOf(
  finished: Readonly<Record<string, { readonly log?: StoredObject }>>,
): Record<string, StoredObject> {
  return Object.fromEntries(
    Object.entries(finished).flatMap(([step, { log }]) => (log ? [[step, log]] : [])),
  );
}

/** What a job is about: the input property that its operation names as `subject`, with its value as one line of text. */
export interface JobSubject {
  readonly name: string;
  readonly value: string;
}

/** What the owner of a job receives without polling. */
export const Notified = {
  end: 'end',
  /** Also that the job needs input. */
  endOrInput: 'end_or_input',
} as const;
export type Notified = (typeof Notified)[keyof typeof Notified];

/** The durable record of one operation call. */
export interface Job {
  readonly jobId: string;
  readonly owner: string;
  readonly operation: string;
  readonly status: JobStatus;
  /** Starts at `firstVersion`; each write adds one. */
  readonly version: number;
  /** 0..1: finished steps plus the fraction of the current step, divided by all steps. Never decreases. */
  readonly progress: number;
  /** The step that runs or ran last. */
  readonly step?: string;
  readonly message?: string;
  readonly input: Json;
  readonly subject?: JobSubject;
  /** SHA-256 of the input: distinguishes a repeated call from a different call with the same idempotency key. */
  readonly inputHash: string;
  /** True when the caller gave an idempotency key. The id then derives from the key, and the execution name adds a time. */
  readonly idempotent?: boolean;
  /** Intermediate result of the call that became this job; at most 16 KiB. */
  readonly handedOver?: Json;
  /** Id of the job that this one retries. */
  readonly retriedFrom?: string;
  /** The trace of the request that created the job. Absent for jobs of version 0.2. */
  readonly trace?: JobTrace;
  /** Step at which a retry begins; it reuses the results of the steps before. Absent for external state machines. */
  readonly firstStep?: string;
  /** Results of the steps before `firstStep`, by step name. Removed when the job runs: its execution has them then. */
  readonly reused?: Readonly<Record<string, Json>>;
  /** All requests of its steps so far, by keys that are unique within the job. */
  readonly inputRequests?: Readonly<Record<string, InputRequest>>;
  /** Answers by request key, for the job's steps only. Removed when the job ends. */
  readonly answers?: Readonly<Record<string, InputAnswer>>;
  /** True while the job waits for a file: the reconciler looks for the file then. */
  readonly awaitsUpload?: boolean;
  /** Names the attempt that may write the job: an invocation, or the delivery of an event to a sandbox. */
  readonly lease?: string;
  /** Step Functions task token that resumes the waiting execution. */
  readonly taskToken?: string;
  /** Webhook of the caller: URL and events to send. */
  readonly callback?: { readonly url: string; readonly events: readonly string[] };
  /** What its owner received without polling when the job was created, by the callback, webhooks and subscriptions. */
  readonly notified?: Notified;
  /** The result; `resultObject` locates a large one. */
  readonly result?: Json;
  readonly resultObject?: StoredObject;
  readonly error?: JobError;
  /** Last log lines of the current or last step. */
  readonly logTail?: readonly string[];
  /** Complete log of each finished step, by step name. */
  readonly logs?: Readonly<Record<string, StoredObject>>;
  /** What happened to the steps and when, oldest first; less than 4 KiB. */
  readonly timeline?: readonly TimelineEvent[];
  /** Bytes of the timeline. */
  readonly timelineBytes?: number;
  /** What the finished steps have used, with the last invocation of a job that has ended. */
  readonly stepUsage?: Usage;
  /** What else the steps have used: attempts that failed, asked or called an API. Each write adds to it. */
  readonly used?: Usage;
  /**
   * When the last invocation of a step began, in epoch milliseconds. The timeline has no event for one that continues after an API
   * call, and Lambda does not bill the wait before it.
   */
  readonly attemptBegan?: number;
  /**
   * Until then the job counts as watched, in epoch milliseconds: a poll, a stream or a subscription has written it. No event, and
   * neither `version` nor `updatedAt` changes. Removed when the job ends.
   */
  readonly watchedUntil?: number;
  /** The function that runs the steps, for attempts that crash before they report what they used. */
  readonly stepFunction?: {
    readonly memoryMb: number;
    /** By step when the steps differ. @default no sandbox */
    readonly sandboxMb?: number | Readonly<Record<string, number>>;
    /** @default arm64 */
    readonly isX86?: true;
  };
  /** ISO 8601, like all times of the record except `expiresAt` and the timeline. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** Seconds to keep the record after the job has ended. */
  readonly retentionSeconds: number;
  /** Epoch seconds, the TTL attribute of DynamoDB. Readers ignore a job after this time, even if it still exists. */
  readonly expiresAt: number;
}

/** @returns the unanswered requests, with their keys */
export function openRequests({
  inputRequests = {},
  answers = {},
}: Pick<Job, 'inputRequests' | 'answers'>): [string, InputRequest][] {
  return Object.entries(inputRequests).filter(([key]) => !Object.hasOwn(answers, key));
}

/** A job in a list. The owner index lacks the start, the subject and the retried job. */
export type JobSummary = Pick<
  Job,
  | 'jobId'
  | 'operation'
  | 'status'
  | 'createdAt'
  | 'startedAt'
  | 'endedAt'
  | 'expiresAt'
  | 'subject'
  | 'retriedFrom'
>;

/** @returns the upload request that the job waits for; undefined when it waits for none */
export function awaitedUpload(
  job: Job,
): { readonly key: string; readonly request: UploadRequest } | undefined {
  if (job.status !== inputRequired) return undefined;
  for (const [key, request] of openRequests(job)) if (isUpload(request)) return { key, request };
  return undefined;
}

/** Returns the keys of log lines about a job. */
export function logKeysOf({
  jobId,
  operation,
  owner,
  trace,
}: Partial<Pick<Job, 'jobId' | 'operation' | 'owner' | 'trace'>>): LogKeys {
  return { job_id: jobId, operation, owner, ...(trace && { trace_id: traceIdOf(trace) }) };
}

const JOB_ID_LENGTH = 36;

export function isJobId(value: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
}

/**
 * @returns the job id for an idempotency key: a UUID of version 8 (RFC 9562, 5.8) from SHA-256. The same owner, operation
 * and key always give the same id; other owners, operations or keys give different ids.
 */
export function jobIdForKey(owner: string, operation: string, key: string): string {
  return jobIdOf([owner, operation, key]);
}

/**
 * @returns the id of the job that retries a job: always the same for one record, and different from the id of every idempotency
 * key. An idempotency key can create a job again under its old id, so the creation time is part of it.
 */
export function jobIdForRetry({ jobId, createdAt }: Pick<Job, 'jobId' | 'createdAt'>): string {
  return jobIdOf(['retry', jobId, createdAt, '']);
}

function jobIdOf(source: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify(source)).digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** @returns SHA-256 of the input with sorted keys, hexadecimal. The order of properties has no effect. */
export function hashInput(input: Json): string {
  const sorted = (_key: string, value: Json): Json =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return createHash('sha256').update(JSON.stringify(input, sorted)).digest('hex');
}

/**
 * @returns the name of a job's execution: the job id. A job with an idempotency key appends its creation time: the key
 * can be used again after the job has expired. Step Functions reserves a name for 90 days after its execution ends.
 */
export function executionName(job: Pick<Job, 'jobId' | 'idempotent' | 'createdAt'>): string {
  return job.idempotent ? `${job.jobId}-${Date.parse(job.createdAt)}` : job.jobId;
}

/** @returns the job id that the name of an execution or of a file begins with; undefined for any other name */
export function leadingJobId(name: string): string | undefined {
  const jobId = name.slice(0, JOB_ID_LENGTH);
  return isJobId(jobId) ? jobId : undefined;
}
