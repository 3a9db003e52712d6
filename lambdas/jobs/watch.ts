/** Tells whether somebody looks at a job. Its steps write progress inside a step often only then: see progress-pace.ts. */
import { type Job, JobStatus } from './job.ts';

/** A job counts as watched for this long after a look, at least. */
const LOOK_MS = 60_000;
/** A look is written for twice as long, so that looks write at most once a minute a job. */
export const WATCH_MS = 2 * LOOK_MS;
/** A younger record shows as much as that of a watched job. So jobs with short steps are never written for a look. */
const FRESH_MS = 1_500;
/** `EventType.progress`. */
const PROGRESS_EVENT = 'job.progress';

/** The attributes of a record that say whether somebody looks. */
export type Watched = Pick<Job, 'watchedUntil' | 'callback'>;

/** A job that somebody looks at, as read. */
export type LookedAt = Pick<Job, 'jobId' | 'watchedUntil' | 'callback'> &
  Partial<Pick<Job, 'status' | 'stepFunction' | 'updatedAt'>>;

/** Whether somebody has looked within the last minute, or receives every `job.progress` by `callback_url`. See `watchSubscribed` too. */
export function isWatched({ watchedUntil = 0, callback }: Watched, nowMs: number): boolean {
  return watchedUntil > nowMs || callback?.events.includes(PROGRESS_EVENT) === true;
}

/** @returns until when the job counts as watched without a further read, in epoch milliseconds; undefined when nobody looks */
export function watchedUntil({ watchedUntil: until, callback }: Watched, nowMs: number): number | undefined {
  return isWatched({ callback }, nowMs) ? nowMs + WATCH_MS : until;
}

/** Whether a look has to be written: steps of the engine run, their record is not fresh, and the last written look ends soon. */
export function needsWatch(job: LookedAt, nowMs: number): boolean {
  const { watchedUntil, updatedAt } = job;
  const isFresh = updatedAt !== undefined && nowMs - Date.parse(updatedAt) < FRESH_MS;
  return !(watchedUntil === undefined && isFresh) && needsSubscribedWatch(job, nowMs);
}

/** The same for a subscriber of `job.progress`, whose look does not depend on what the record shows. */
export function needsSubscribedWatch(
  { status, stepFunction, watchedUntil = 0, callback }: LookedAt,
  nowMs: number,
): boolean {
  const runsSteps = status === JobStatus.running && stepFunction !== undefined;
  return runsSteps && watchedUntil < nowMs + LOOK_MS && !isWatched({ callback }, nowMs);
}

/** Returns the conditional update that writes a look. It changes neither version nor time, so no event follows. */
export function watchUpdate(nowMs: number) {
  return {
    UpdateExpression: 'SET watchedUntil = :until',
    ConditionExpression: '#status = :running AND (attribute_not_exists(watchedUntil) OR watchedUntil < :due)',
    ExpressionAttributeNames: { '#status': 'status' },
    ExpressionAttributeValues: {
      ':until': { N: String(nowMs + WATCH_MS) },
      ':due': { N: String(nowMs + LOOK_MS) },
      ':running': { S: JobStatus.running },
    },
  };
}
