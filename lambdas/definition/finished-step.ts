/** Defines what a finished step leaves in the execution for the steps after it. */
import type { StoredObject } from '../jobs/job.ts';
import type { Json } from '../shared/json.ts';
import type { CalledStep } from './api-call.ts';

/** What a step leaves in the execution for the steps after it. */
export interface FinishedStep extends Partial<CalledStep> {
  readonly result: Json;
  readonly log?: StoredObject;
}
