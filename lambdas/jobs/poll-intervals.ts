/** When to ask for a job again: from how long its operation has taken lately, and how far the job is. */
import { isTerminal, type Job, JobStatus } from './job.ts';

/** A heartbeat's worth: progress is written every two seconds at most. */
const UNKNOWN_MS = 2_000;
const MIN_MS = 1_000;
/** Longer, and a job that ends early is found late. */
const MAX_MS = 30_000;
/** While a person thinks. */
const INPUT_MS = 5_000;
/** How often somebody asks in the time that is left: each time, the rest is estimated anew. */
const ASKS = 4;
/** The share of the newest duration in what is remembered: some five jobs back. */
const WEIGHT = 0.3;

type Times = Pick<Job, 'operation' | 'status' | 'progress' | 'createdAt' | 'startedAt' | 'endedAt'>;

/**
 * Learns from the jobs that pass by, in the memory of one instance of a function: no read is spent on it, and an instance
 * that knows nothing yet goes by the job's own pace.
 */
export class PollIntervals {
  readonly #now: () => number;
  /** Milliseconds from the first step to the end, by operation. */
  readonly #durations = new Map<string, number>();
  /** The ends that have been learned from, so that one job that is asked for often counts once. */
  readonly #last = new Map<string, string>();

  /** @param now epoch milliseconds @default Date.now */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @returns whole milliseconds; undefined once the job has ended */
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
    // Whatever its past, half of the steps done in a minute leaves about a minute.
    const byPaceMs = progress > 0 ? (elapsedMs * (1 - progress)) / progress : undefined;
    if (usualMs === undefined) return byPaceMs ?? UNKNOWN_MS * ASKS;
    const byStepMs = usualMs * (1 - progress);
    // One that is late already goes by what is left of its steps, and not by the clock.
    return usualMs > elapsedMs
      ? Math.min(byStepMs, usualMs - elapsedMs)
      : Math.min(byStepMs, byPaceMs ?? byStepMs);
  }

  #learn({ operation, status, startedAt, endedAt }: Times): void {
    // What failed or was cancelled ended early, or late.
    if (status !== JobStatus.completed || !startedAt || !endedAt) return;
    const end = `${startedAt} ${endedAt}`;
    if (this.#last.get(operation) === end) return;
    this.#last.set(operation, end);
    const durationMs = Date.parse(endedAt) - Date.parse(startedAt);
    const before = this.#durations.get(operation) ?? durationMs;
    this.#durations.set(operation, before + WEIGHT * (durationMs - before));
  }
}
