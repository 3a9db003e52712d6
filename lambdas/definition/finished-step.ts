/** Defines the data of a finished step in the execution, and of one that calls an API. */
import type { StoredObject } from '../jobs/job.ts';
import type { Json } from '../shared/json.ts';
import type { Usage } from '../shared/usage.ts';
import type { CalledStep } from './api-call.ts';

/** The result, the log and the API call of a step, for the states and steps after it. */
export interface FinishedStep extends Partial<CalledStep> {
  readonly result: Json;
  readonly log?: StoredObject;
  /** When it returned its result, in epoch milliseconds; absent for an API call. */
  readonly ended?: number;
  /** What its last attempt used. The next write of the record has it; absent for an API call. */
  readonly used?: Usage;
  /** The log until an API call. */
  readonly printed?: PrintedLog;
}

/** Where the log of a step stands at an API call, for the attempt after it; at most 6 KB. */
export interface PrintedLog {
  /** Index of the last part, and the offset of its first byte. */
  readonly part: number;
  readonly start: number;
  /** Bytes in parts. */
  readonly uploaded: number;
  /** Epoch milliseconds; 0 before the first upload. */
  readonly uploadedAt: number;
  /** Bytes. */
  readonly size: number;
  /** The last bytes, in Base64; they include all that are in no part. */
  readonly end: string;
  /** Number of questions that the step had asked: after another one, the log has grown. */
  readonly questions: number;
}
