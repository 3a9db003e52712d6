/** Reads the keys of log lines from the events of step functions. */
import type { CallEvent } from '../definition/call-protocol.ts';
import type { LogKeys } from '../shared/observability/log-keys.ts';
import type { InputRequestsEvent } from './record-input-requests.ts';
import type { StepEvent } from './run-step.ts';

/** Returns the keys of an event. A synchronous call has no job; the attempt of a request for input is not known. */
export function stepKeys(operation: string, event: StepEvent | InputRequestsEvent | CallEvent): LogKeys {
  if ('call' in event) return { operation };
  const { jobId, step } = event;
  const keys = { job_id: jobId, operation, step };
  return 'owner' in event ? { ...keys, owner: event.owner, attempt: event.attempt + 1 } : keys;
}
