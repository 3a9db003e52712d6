/** Defines the data of a finished step in the execution. */
import type { StoredObject } from '../jobs/job.ts';
import type { Json } from '../shared/json.ts';
import type { CalledStep } from './api-call.ts';

/** The result, the log and the API call of a step, for the states and steps after it. */
export interface FinishedStep extends Partial<CalledStep> {
  readonly result: Json;
  readonly log?: StoredObject;
  /** When it returned its result, in epoch milliseconds; absent for an API call. */
  readonly ended?: number;
}
