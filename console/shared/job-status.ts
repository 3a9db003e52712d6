/** Lists the statuses of jobs, in the order of a job's life. */
import type { JobStatus } from './job.ts';

export const OPEN_STATUSES: readonly JobStatus[] = ['pending', 'running', 'input_required'];
const ENDED_STATUSES: readonly JobStatus[] = ['completed', 'failed', 'cancelled'];
export const STATUSES: readonly JobStatus[] = [...OPEN_STATUSES, ...ENDED_STATUSES];

/** @param status any text: a later version of the service may have others */
export function hasEnded(status: string): boolean {
  return ENDED_STATUSES.some((ended) => ended === status);
}

/** Whether a value of a response is a status that this page knows. */
export function isStatus(value: unknown): value is JobStatus {
  return STATUSES.some((status) => status === value);
}
