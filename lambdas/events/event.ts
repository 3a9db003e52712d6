/** Derives a job's event from two states of its record. The same change always gives the same event. */
import { boundRecord } from '../jobs/bound-record.ts';
import { type Job, JobStatus } from '../jobs/job.ts';
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
  /** `<job id>.<version>`: the same for the same change, however often the event is sent. */
  readonly id: string;
  readonly type: EventType;
  /** When it happened; ISO 8601. */
  readonly timestamp: string;
  /** The job as `GET /jobs/{job_id}` returns it, with a pointer in place of a large result. */
  readonly data: JobView;
}

/** SNS takes 262,144 bytes. The rest is for attributes, and for the attempts in the record of a delivery. */
const MAX_DATA_BYTES = 200 * 1024;

const ENDINGS: Partial<Record<JobStatus, EventType>> = {
  input_required: EventType.inputRequired,
  completed: EventType.completed,
  failed: EventType.failed,
  cancelled: EventType.cancelled,
};

/**
 * @param before the record before the change; undefined for a new record
 * @param after the record after the change
 * @returns undefined for a change without an event: progress within the same second as the previous write
 */
export function eventOf(before: Job | undefined, after: Job): JobEvent | undefined {
  const type = typeOf(before, after);
  return (
    type && {
      id: `${after.jobId}.${after.version}`,
      type,
      timestamp: after.updatedAt,
      data: pointToLargeResult(viewJob(boundRecord(after))),
    }
  );
}

/** Replaces the result by a pointer when the event would be too large; everything else of a job is small. */
function pointToLargeResult(view: JobView): JobView {
  const isSmall = Buffer.byteLength(JSON.stringify(view)) <= MAX_DATA_BYTES;
  return isSmall ? view : { ...view, result: null, result_uri: `job://${view.job_id}/result` };
}

function typeOf(before: Job | undefined, after: Job): EventType | undefined {
  // An idempotency key was used again after its job expired or failed to start, so a new record replaced the old one.
  if (!before || after.createdAt !== before.createdAt) return EventType.created;
  if (before.status !== after.status) {
    if (before.status === JobStatus.pending && after.status === JobStatus.running) return EventType.started;
    return ENDINGS[after.status] ?? EventType.progress;
  }
  // At most one progress event a second a job. The record alone decides, so a replay gives the same events.
  return second(before) === second(after) ? undefined : EventType.progress;
}

function second({ updatedAt }: Job): number {
  return Math.floor(Date.parse(updatedAt) / 1000);
}
