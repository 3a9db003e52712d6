/** Decides when a running step writes its progress, and when it checks its lease, as functions of times alone. */
import { isWatched, type Watched } from '../jobs/watch.ts';

/** Intervals within a step, in milliseconds. The begin of a step is a write of its own. */
export interface Pace {
  /** Between writes of progress while somebody looks at the job. Also between checks of the lease then. */
  readonly watchedMs: number;
  /** Between writes of progress while nobody looks. */
  readonly unwatchedMs: number;
  /** Between checks of the lease while nobody looks: the delay until a cancelled step stops. */
  readonly leaseMs: number;
}

/** @returns the pace of a step that acts every `beatMs` milliseconds */
export function paceOf(beatMs: number): Pace {
  return { watchedMs: beatMs, unwatchedMs: 5 * beatMs, leaseMs: 2 * beatMs };
}

/** Two seconds while somebody looks, else ten: more frequent writes would cost more than they show. */
export const DEFAULT_PACE = paceOf(2_000);

/** A timer may fire a little early; a tenth of the interval less is no more writes. */
const EARLY = 0.9;

/** What a step has done so far. */
export interface StepState {
  /** The step has progress that is not on the record. */
  readonly hasNews: boolean;
  /** Epoch milliseconds of the last write of the record by the step. Its begin is the first one. */
  readonly wroteAt: number;
  /** Epoch milliseconds of the last write or read of the record by the step; undefined before the first after its begin. */
  readonly checkedAt?: number;
}

/** Whether the progress of a step is to be written now. @param job as last read or written */
export function isWriteDue(wroteAt: number, job: Watched, nowMs: number, pace: Pace = DEFAULT_PACE): boolean {
  const intervalMs = isWatched(job, nowMs) ? pace.watchedMs : pace.unwatchedMs;
  return nowMs - wroteAt >= EARLY * intervalMs;
}

/**
 * Returns what a step does now: it writes its progress, or reads the record for its lease and for looks, or neither.
 * @param job as last read or written
 */
export function nextAct(
  { hasNews, wroteAt, checkedAt = 0 }: StepState,
  job: Watched,
  nowMs: number,
  pace: Pace = DEFAULT_PACE,
): 'write' | 'read' | undefined {
  if (hasNews && isWriteDue(wroteAt, job, nowMs, pace)) return 'write';
  const intervalMs = isWatched(job, nowMs) ? pace.watchedMs : pace.leaseMs;
  return nowMs - checkedAt >= EARLY * intervalMs ? 'read' : undefined;
}
