/** Says how often a sandbox reports. */
import { isWatched, type Watched } from '../../jobs/watch.ts';
import { DEFAULT_PACE } from '../progress-pace.ts';

/** @returns milliseconds to the next report. A cancelled step stops within them. */
export function reportIntervalMs(job: Watched, nowMs: number): number {
  return isWatched(job, nowMs) ? DEFAULT_PACE.watchedMs : DEFAULT_PACE.unwatchedMs;
}
