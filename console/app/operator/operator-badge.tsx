/** Shows the status of a job or of a step to somebody who does not own the job. */
import '../../shared/status-badge.css';
import type { JobStatus } from '../../shared/job.ts';
import { STATUS_LABELS } from './views.ts';

export function OperatorBadge({ status }: { readonly status: JobStatus | 'reused' }) {
  return <span class={`status status-${status}`}>{STATUS_LABELS[status] ?? status}</span>;
}
