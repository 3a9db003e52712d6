/** Estimates when a client should poll a job again, from recent durations of its operation and from its progress. */
import { isTerminal, type Job, JobStatus } from './job.ts';

/** One heartbeat: the step of a job that somebody polls writes progress at most every two seconds. */
const UNKNOWN_MS = 2_000;
const MIN_MS = 1_000;
/** A longer interval would report the end of a short job late. */
const MAX_MS = 30_000;
/** For a job that waits for a person. */
const INPUT_MS = 5_000;
/** Polls within the remaining time; each poll estimates the rest again. */
const ASKS = 4;
/** Weight of the newest duration in the moving average, which covers about five jobs. */
const WEIGHT = 0.3;

type Times = Pick<Job, 'operation' | 'status' | 'progress' | 'createdAt' | 'startedAt' | 'endedAt'>;

/**
 * Keeps durations in the memory of one function instance, from jobs that it reads anyway. An instance without durations
 * uses the progress rate of the job.
 */
export class PollIntervals {
  readonly #now: () => number;
  /** Average milliseconds from the first step to the end, by operation. */
  readonly #durations = new Map<string, number>();
  /** The last job counted by operation, so that repeated polls count a job once. */
  readonly #last = new Map<string, string>();

  /** @param now epoch milliseconds @default Date.now */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @returns whole milliseconds; undefined after the job has ended */
  next(job: Times): number | undefined {
    if (isTerminal(job.status)) {
      this.#learn(job);
      return undefined;
    }
    if (job.status === JobStatus.inputRequired) return INPUT_MS;
    return Math.round(Math.min(Math.max(this.#leftMs(job) / ASKS, MIN_MS), MAX_MS));
  }

  #leftMs({ operation, progress, createdAt, startedAt }: Times): number {
    const elapsedMs = Math.max(this.#now() - Date.parse(startedAt ?? createdAt), 0);
    const usualMs = this.#durations.get(operation);
    // Independent of history: half of the steps in one minute leave about one minute.
    const byPaceMs = progress > 0 ? (elapsedMs * (1 - progress)) / progress : undefined;
    if (usualMs === undefined) return byPaceMs ?? UNKNOWN_MS * ASKS;
    const byStepMs = usualMs * (1 - progress);
    // A job that exceeds the usual duration uses its remaining steps, not the clock.
    return usualMs > elapsedMs
      ? Math.min(byStepMs, usualMs - elapsedMs)
      : Math.min(byStepMs, byPaceMs ?? byStepMs);
  }

  #learn({ operation, status, startedAt, endedAt }: Times): void {
    // Failed and cancelled jobs have untypical durations.
    if (status !== JobStatus.completed || !startedAt || !endedAt) return;
    const end = `${startedAt} ${endedAt}`;
    if (this.#last.get(operation) === end) return;
    this.#last.set(operation, end);
    const durationMs = Date.parse(endedAt) - Date.parse(startedAt);
    const before = this.#durations.get(operation) ?? durationMs;
    this.#durations.set(operation, before + WEIGHT * (durationMs - before));
  }
}
