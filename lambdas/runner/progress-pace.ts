/** Decides when a running step writes its progress, as a function of times alone. */
import { isWatched, type Watched } from '../jobs/watch.ts';

/** Milliseconds between writes of progress within a step. The begin of a step is a write of its own. */
export interface Pace {
  /** While somebody looks at the job. */
  readonly watchedMs: number;
  readonly unwatchedMs: number;
}

/** @returns the pace of a step that can write every `beatMs` milliseconds */
export function paceOf(beatMs: number): Pace {
  return { watchedMs: beatMs, unwatchedMs: 5 * beatMs };
}

/** Every two seconds while somebody looks, else every ten: more frequent writes would cost more than they show. */
export const DEFAULT_PACE = paceOf(2_000);

/** @returns milliseconds between writes of progress now. @param job as last read or written */
export function intervalMsOf(job: Watched, nowMs: number, pace: Pace = DEFAULT_PACE): number {
  return isWatched(job, nowMs) ? pace.watchedMs : pace.unwatchedMs;
}

/** A timer may fire a little early. */
const EARLY = 0.9;

/**
 * Whether new progress of a step is to be written now.
 * @param wroteAt the last write of the step, or its begin, in epoch milliseconds
 * @param job as last read or written
 */
export function isWriteDue(wroteAt: number, job: Watched, nowMs: number, pace: Pace = DEFAULT_PACE): boolean {
  return nowMs - wroteAt >= EARLY * intervalMsOf(job, nowMs, pace);
}
