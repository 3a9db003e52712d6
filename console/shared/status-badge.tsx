/** Shows the status of a job or of a step, in words and with a color. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { JobStatus } from './job.ts';
import './status-badge.css';

/** A step that a retried job took over is `reused`. */
export type Status = JobStatus | 'reused';

const LABELS: Readonly<Record<Status, string>> = {
  pending: 'Pending',
  running: 'Running',
  input_required: 'Waiting for you',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
  reused: 'Reused',
};

/** Whether the reader owns the jobs of the page: operators do not. */
export const OwnsJobs = createContext(true);

/** @param isOwner whether the reader owns the job. @default true */
export function labelOf(status: Status, isOwner = true): string {
  if (status === 'input_required' && !isOwner) return 'Waiting for input';
  return LABELS[status] ?? status;
}

export function StatusBadge({ status }: { readonly status: Status }) {
  return <span class={`status status-${status}`}>{labelOf(status, useContext(OwnsJobs))}</span>;
}
