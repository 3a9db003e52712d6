/** Reports the progress of a call that waits, as `notifications/progress`. */
import type { ProgressToken } from '@modelcontextprotocol/server';
import type { Job } from '../jobs/job.ts';

/** Some clients give up after three seconds without a message. Waits read their job once a second. */
const INTERVAL_MS = 1_500;
/** A waiting call adds at most this much to the progress of its job. */
const MAX_ADDED = 0.01;
/** When half of it is added. */
const HALF_ADDED_MS = 60_000;
const MAX_PROGRESS = 0.99;

export type ProgressState = Pick<Job, 'progress'> & Partial<Pick<Job, 'step' | 'message'>>;

/** The progress of one call. */
export class CallProgress {
  readonly #token: ProgressToken;
  readonly #sinceMs: number;
  #sentAtMs = 0;
  #last = '';
  #value = -1;

  /** @param sinceMs epoch milliseconds: when the call began */
  constructor(token: ProgressToken, sinceMs = Date.now()) {
    this.#token = token;
    this.#sinceMs = sinceMs;
  }

  /**
   * Returns the next notification; undefined when the last one is recent and still correct. Its value always increases, as
   * the protocol requires: time adds a little to the progress of the job.
   */
  next({ progress, step, message }: ProgressState) {
    const nowMs = Date.now();
    const state = JSON.stringify([progress, step, message]);
    if (state === this.#last && nowMs - this.#sentAtMs < INTERVAL_MS) return undefined;
    const elapsedMs = nowMs - this.#sinceMs;
    const added = (MAX_ADDED * elapsedMs) / (elapsedMs + HALF_ADDED_MS);
    const value = 1 - (1 - Math.min(progress, MAX_PROGRESS)) * (1 - added);
    if (value <= this.#value) return undefined;
    this.#last = state;
    this.#sentAtMs = nowMs;
    this.#value = value;
    return {
      method: 'notifications/progress' as const,
      params: { progressToken: this.#token, progress: value, total: 1, ...(message && { message }) },
    };
  }
}

/** Receives the state of a job each time that a waiting call reads it. */
export type OnProgress = (state: ProgressState) => void;

/** Reports that a call runs until it ends. Reports nothing of a short call. */
export async function reportWhile<T>(
  onProgress: OnProgress | undefined,
  message: string,
  call: () => Promise<T>,
): Promise<T> {
  const report = () => onProgress?.({ progress: 0, message });
  const timer = setInterval(report, INTERVAL_MS);
  try {
    return await call();
  } finally {
    clearInterval(timer);
  }
}
