/** Limits the request rate per caller and subject. It counts in memory, so that a rejection costs no read. */
import { setTimeout as delay } from 'node:timers/promises';
import { AppError, ErrorCode } from './errors.ts';
import { excludeTime } from './observability/request-metrics.ts';

/** Maximum number of buckets. Beyond it, the limiter drops the bucket that was idle longest. */
const MAX_REMEMBERED = 10_000;
/** The longest that `pace` waits. */
const MAX_PAUSE_MS = 1_000;

export interface RateLimiterOptions {
  /** Name of the limit in error details. */
  readonly limit: string;
  /** Size of a bucket: requests that a caller can make at once. */
  readonly burst: number;
  /** Sustained requests per second. */
  readonly perSecond: number;
  /** Returns the error message for a rejected request. */
  readonly refusal: (waitMs: number) => string;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** A token bucket: calls at once, and calls per second after them. */
export type TokenRate = Pick<RateLimiterOptions, 'burst' | 'perSecond'>;

export interface TokenBucket {
  readonly tokens: number;
  /** Epoch milliseconds of `tokens`. */
  readonly at: number;
}

/** Returns the tokens of a bucket at a later time, in epoch milliseconds. */
export function refill({ tokens, at }: TokenBucket, { burst, perSecond }: TokenRate, nowMs: number): number {
  return Math.min(burst, tokens + ((nowMs - at) / 1000) * perSecond);
}

/** Keeps one token bucket per key, within one function instance: a caller gets the limit from each instance. */
export class RateLimiter {
  readonly #options: RateLimiterOptions;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(options: RateLimiterOptions) {
    this.#options = options;
  }

  /**
   * Takes a token.
   * @param key the caller and the subject of the request
   * @throws AppError RESOURCE_EXHAUSTED with the milliseconds to wait
   */
  check(...key: readonly string[]): void {
    const waitMs = this.#take(key);
    if (waitMs > 0) throw this.#refuse(waitMs);
  }

  /**
   * Takes a token, or waits up to a second for it: some clients ignore the poll interval, and give up when a poll is
   * refused.
   * @param key as for `check`
   * @throws AppError RESOURCE_EXHAUSTED with the milliseconds to wait
   */
  async pace(...key: readonly string[]): Promise<void> {
    const waitMs = this.#take(key);
    if (waitMs > MAX_PAUSE_MS) throw this.#refuse(waitMs);
    if (waitMs === 0) return;
    // A timer may fire a little early.
    const pauseMs = waitMs + 5;
    excludeTime(pauseMs);
    await delay(pauseMs);
    this.check(...key);
  }

  /** @returns 0, or the milliseconds until a token is there */
  #take(key: readonly string[]): number {
    const { burst, perSecond, now = Date.now } = this.#options;
    const name = key.join(' ');
    const nowMs = now();
    const bucket = this.#buckets.get(name) ?? { tokens: burst, at: nowMs };
    const available = refill(bucket, this.#options, nowMs);
    this.#buckets.delete(name);
    this.#buckets.set(name, { tokens: available < 1 ? available : available - 1, at: nowMs });
    const [oldest = ''] = this.#buckets.keys();
    if (this.#buckets.size > MAX_REMEMBERED) this.#buckets.delete(oldest);
    return available >= 1 ? 0 : Math.ceil(((1 - available) / perSecond) * 1000);
  }

  #refuse(waitMs: number): AppError {
    const { limit, perSecond, refusal } = this.#options;
    return new AppError(ErrorCode.resourceExhausted, refusal(waitMs), {
      retryable: true,
      details: { limit, max: perSecond, retry_after_ms: waitMs },
    });
  }
}

/** Limits polls of a job by its owner. @param now epoch milliseconds @default Date.now */
export function createPollRateLimiter(perSecond: number, now?: () => number): RateLimiter {
  const refusal = (waitMs: number) =>
    `Too many polls of this job. Wait ${waitMs} ms now and poll_after_ms between calls, or use wait_seconds.`;
  return new RateLimiter({ limit: 'checks_per_second', burst: 10, perSecond, refusal, now });
}

/** Limits synchronous calls of an operation by an owner: each call runs a function. @param now as above */
export function createCallRateLimiter(perSecond: number, now?: () => number): RateLimiter {
  const refusal = (waitMs: number) => `Too many calls. Wait ${waitMs} ms, or request more data per call.`;
  return new RateLimiter({ limit: 'calls_per_second', burst: 20, perSecond, refusal, now });
}
