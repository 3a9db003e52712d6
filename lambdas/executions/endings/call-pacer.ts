/** Spaces the calls of one action, so that a sweep takes only a share of the account's quota. */

import { refill, type TokenRate } from '../../shared/rate-limiter.ts';

export interface PacerOptions extends TokenRate {
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
    const { perSecond, endsAtMs, now, delay } = this.#options;
    const nowMs = now();
    this.#tokens = refill({ tokens: this.#tokens, at: this.#at }, this.#options, nowMs);
    this.#at = nowMs;
    const waitMs = Math.max(0, Math.ceil(((1 - this.#tokens) / perSecond) * 1000));
    if (nowMs + waitMs > endsAtMs) return false;
    this.#tokens -= 1;
    if (waitMs > 0) await delay(waitMs);
    return true;
  }
}
