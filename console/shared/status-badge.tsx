/** Shows the status of a job or of a step, in words and with a color. */
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

export function labelOf(status: Status): string {
  return LABELS[status] ?? status;
}

export function StatusBadge({ status }: { readonly status: Status }) {
  return <span class={`status status-${status}`}>{labelOf(status)}</span>;
}
