/** Spaces the calls of one action, so that a sweep takes only a share of the account's quota. */

/** A token bucket. */
export interface CallRate {
  /** Calls at once. */
  readonly burst: number;
  readonly perSecond: number;
}

export interface PacerOptions extends CallRate {
  /** Epoch milliseconds. No call begins later. */
  readonly endsAtMs: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly delay: (ms: number) => Promise<unknown>;
}

export class CallPacer {
  readonly #options: PacerOptions;
  #tokens: number;
  #at: number;

  constructor(options: PacerOptions) {
    this.#options = options;
    this.#tokens = options.burst;
    this.#at = options.now();
  }

  /** Waits until the next call may begin. @returns false when that is after the end */
  async take(): Promise<boolean> {
    const { burst, perSecond, endsAtMs, now, delay } = this.#options;
    const nowMs = now();
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#at) / 1000) * perSecond);
    this.#at = nowMs;
    const waitMs = Math.max(0, Math.ceil(((1 - this.#tokens) / perSecond) * 1000));
    if (nowMs + waitMs > endsAtMs) return false;
    this.#tokens -= 1;
    if (waitMs > 0) await delay(waitMs);
    return true;
  }
}
