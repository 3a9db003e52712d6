/** A job: the durable record of one asked-for operation, and the moves its status may make. */
import { createHash } from 'node:crypto';
import type { Json } from '../shared/json.ts';

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

/** For each status, those it may follow. A terminal status is in no list: nothing follows it. */
export const STATUSES_BEFORE: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  pending: [],
  running: [pending, running, inputRequired],
  // Asked again, when the state that waits is tried again.
  input_required: [running, inputRequired],
  completed: [running],
  failed: [pending, running, inputRequired],
  cancelled: [pending, running, inputRequired],
};

export function isTerminal(status: JobStatus): boolean {
  return status === completed || status === failed || status === cancelled;
}

/** Why a job failed, as callers see it. */
export interface JobError {
  /** Of the engine (`ErrorCode`), or the operation's own. */
  readonly code: string;
  readonly message: string;
  /** The step that was running; absent when no step had begun. */
  readonly step?: string;
  readonly retryable: boolean;
  readonly details?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * The version of a job when it is created. An idempotency key may make a job anew under its old id, once that one has
 * expired or could not be started: its versions begin where those before can never have come to, so that id and
 * version name one state of one job for ever.
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

/** What a step has asked for; JSON, as it is on record. */
export type InputRequest = QuestionRequest | UploadRequest;

/** What its owner answers in words, or by having been somewhere. */
export type QuestionRequest = FormRequest | UrlRequest;

/** A question, which the owner answers. */
export type FormRequest = {
  readonly step: string;
  /** For people: what is asked, and why. */
  readonly message: string;
  /** JSON Schema (draft 7) of the answer's content: an object of texts, numbers, booleans and choices. */
  readonly schema: { readonly [name: string]: Json };
};

/** A page, for what must not pass through a client. The answer says that its owner went there, and not what they did. */
export type UrlRequest = {
  readonly step: string;
  readonly message: string;
  readonly url: string;
};

/** A file, whose arrival in the workspace is the answer. The URL that puts it there is made anew for each who asks. */
export type UploadRequest = {
  readonly step: string;
  readonly message: string;
  readonly upload: {
    /** Where it is to be put: see `uploadKey`. */
    readonly key: string;
    /** Bytes. */
    readonly maxBytes: number;
    /** Bytes that it has to have, when the caller has said so beforehand. */
    readonly size?: number;
  };
};

export function isUpload(request: InputRequest): request is UploadRequest {
  return 'upload' in request;
}

export function isUrl(request: InputRequest): request is UrlRequest {
  return 'url' in request;
}

/** A file that has arrived: the content of the answer to an `UploadRequest`. */
export type UploadedFile = {
  /** Bytes. */
  readonly size: number;
  /** The bucket's name for what is there (`ETag`): another file has another. */
  readonly version: string;
};

/** As MCP's elicitation has it: `decline` says no, `cancel` says nothing. */
export type InputAnswer = AcceptedAnswer | { readonly action: 'decline' | 'cancel' };

export type AcceptedAnswer = {
  readonly action: 'accept';
  readonly content: { readonly [name: string]: Json };
};

/** The logs of the steps that printed something, by step name. */
export function logsOf(
  finished: Readonly<Record<string, { readonly log?: StoredObject }>>,
): Record<string, StoredObject> {
  return Object.fromEntries(
    Object.entries(finished).flatMap(([step, { log }]) => (log ? [[step, log]] : [])),
  );
}

export interface Job {
  readonly jobId: string;
  readonly owner: string;
  readonly operation: string;
  readonly status: JobStatus;
  /** See `firstVersion`; grows by one at each write. */
  readonly version: number;
  /** 0..1: finished steps and the current step's own fraction, over all steps. Never falls. */
  readonly progress: number;
  /** The step that runs, or ran last. */
  readonly step?: string;
  readonly message?: string;
  readonly input: Json;
  /** SHA-256 of the input: tells a repeated call from another one with the same idempotency key. */
  readonly inputHash: string;
  /** Set when the caller gave an idempotency key: then the id is made from it, and executions need a name of their own. */
  readonly idempotent?: boolean;
  /** What the call that became this job had done by then; at most 16 KiB. */
  readonly handedOver?: Json;
  /** What its steps have asked so far, by keys that are unique over the job's life. */
  readonly inputRequests?: Readonly<Record<string, InputRequest>>;
  /** Until the job ends: for its steps alone. */
  readonly answers?: Readonly<Record<string, InputAnswer>>;
  /** By which the execution that waits for answers goes on. */
  readonly taskToken?: string;
  /** Whom the caller asked to be told, of which events. */
  readonly callback?: { readonly url: string; readonly events: readonly string[] };
  /** The result, unless it is large: then `resultObject` says where it is. */
  readonly result?: Json;
  readonly resultObject?: StoredObject;
  readonly error?: JobError;
  /** The last lines that the current or last step printed. */
  readonly logTail?: readonly string[];
  /** The whole output of each step that has ended. */
  readonly logs?: Readonly<Record<string, StoredObject>>;
  /** ISO 8601, as all times of the record but `expiresAt`. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** How long the record is kept once the job has ended. */
  readonly retentionSeconds: number;
  /** Epoch seconds, DynamoDB's TTL attribute. A job past it is gone for every reader, deleted or not. */
  readonly expiresAt: number;
}

/** The questions that nobody has answered yet, by key. */
export function openRequests({
  inputRequests = {},
  answers = {},
}: Pick<Job, 'inputRequests' | 'answers'>): [string, InputRequest][] {
  return Object.entries(inputRequests).filter(([key]) => !Object.hasOwn(answers, key));
}

/** What a listing holds: the attributes that the owner index carries. */
export type JobSummary = Pick<Job, 'jobId' | 'operation' | 'status' | 'createdAt' | 'endedAt' | 'expiresAt'>;

/** The file that an open job waits for; undefined when it waits for none. */
export function awaitedUpload(
  job: Job,
): { readonly key: string; readonly request: UploadRequest } | undefined {
  if (job.status !== inputRequired) return undefined;
  for (const [key, request] of openRequests(job)) if (isUpload(request)) return { key, request };
  return undefined;
}

export function isJobId(value: string): boolean {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);
}

/**
 * The job id for an idempotency key: the same owner, operation and key always give the same id, and nobody else's do.
 * A UUID of version 8 (RFC 9562, 5.8) made from SHA-256.
 */
export function jobIdForKey(owner: string, operation: string, key: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([owner, operation, key]))
    .digest();
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x80, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = hash.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  );
}

/** SHA-256 over the input with sorted keys, hexadecimal: the order of a caller's properties means nothing. */
export function hashInput(input: Json): string {
  const sorted = (_key: string, value: Json): Json =>
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return createHash('sha256').update(JSON.stringify(input, sorted)).digest('hex');
}

/**
 * The name of a job's execution: its id. A job made from an idempotency key adds its creation time, because the key may
 * be used again after the job has expired, and Step Functions keeps a name taken for 90 days after its execution ends.
 */
export function executionName(job: Pick<Job, 'jobId' | 'idempotent' | 'createdAt'>): string {
  return job.idempotent ? `${job.jobId}-${Date.parse(job.createdAt)}` : job.jobId;
}
