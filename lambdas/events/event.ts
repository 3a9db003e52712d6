/** What happened to a job, told from two states of its record: the same change always makes the same event. */
import type { Job } from '../jobs/job.ts';
import { JobStatus } from '../jobs/job.ts';
import { type JobView, viewJob } from '../jobs/job-view.ts';

export const EventType = {
  created: 'job.created',
  started: 'job.started',
  progress: 'job.progress',
  inputRequired: 'job.input_required',
  completed: 'job.completed',
  failed: 'job.failed',
  cancelled: 'job.cancelled',
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

export const eventTypes = Object.values(EventType);

export interface JobEvent {
  /** `<job id>.<version>`: the same for the same change, however often it is told. */
  readonly id: string;
  readonly type: EventType;
  /** When it happened; ISO 8601. */
  readonly timestamp: string;
  /** The job as `check_job` shows it; a large result by pointer. */
  readonly data: JobView;
}

const ENDINGS: Partial<Record<JobStatus, EventType>> = {
  input_required: EventType.inputRequired,
  completed: EventType.completed,
  failed: EventType.failed,
  cancelled: EventType.cancelled,
};

/**
 * @param before the record before the change; undefined when there was none.
 * @param after the record after it.
 * @returns undefined for a change that nobody is told of: progress within the same second as the write before.
 */
export function eventOf(before: Job | undefined, after: Job): JobEvent | undefined {
  const type = typeOf(before, after);
  return (
    type && {
      id: `${after.jobId}.${after.version}`,
      type,
      timestamp: after.updatedAt,
      data: viewJob(after),
    }
  );
}

function typeOf(before: Job | undefined, after: Job): EventType | undefined {
  // Over an older record: its idempotency key was used again, after it had expired or could not be started.
  if (!before || after.createdAt !== before.createdAt) return EventType.created;
  if (before.status !== after.status) {
    if (before.status === JobStatus.pending && after.status === JobStatus.running) return EventType.started;
    return ENDINGS[after.status] ?? EventType.progress;
  }
  // One a second a job, decided by the record alone, so that a replay decides the same.
  return second(before) === second(after) ? undefined : EventType.progress;
}

function second({ updatedAt }: Job): number {
  return Math.floor(Date.parse(updatedAt) / 1000);
}
