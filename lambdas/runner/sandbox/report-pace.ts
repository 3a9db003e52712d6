/** Says how often a sandbox reports. */
import { isWatched, WATCH_MS, type Watched } from '../../jobs/watch.ts';
import { DEFAULT_PACE } from '../progress-pace.ts';

/** @returns milliseconds to the next report. A cancelled step stops within them. */
export function reportIntervalMs(job: Watched, nowMs: number): number {
  return isWatched(job, nowMs) ? DEFAULT_PACE.watchedMs : DEFAULT_PACE.unwatchedMs;
}

/** @returns until when the job counts as watched, in epoch milliseconds, when the next report comes in time; undefined when nobody looks */
export function watchedUntil(job: Watched, nowMs: number): number | undefined {
  return isWatched({ callback: job.callback }, nowMs) ? nowMs + WATCH_MS : job.watchedUntil;
}
