/** Slows down callers who ask for the same job over and over: in memory, so that refusing costs no read. */
import { AppError, ErrorCode } from '../shared/errors.ts';

/** Calls that nobody is refused: a client may look a few times at once. */
const BURST = 10;
/** Callers remembered; beyond, the one that has not called for longest is forgotten. */
const MAX_REMEMBERED = 10_000;

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

export class PollPace {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #buckets = new Map<string, Bucket>();

  /**
   * Of one instance of a function: a caller whose calls are spread over several gets as many times more.
   * @param perSecond how often the same job may be asked for, beyond the first few calls
   * @param now epoch milliseconds @default Date.now
   */
  constructor(perSecond: number, now: () => number = Date.now) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** @throws AppError RESOURCE_EXHAUSTED, with the milliseconds to wait */
  check(owner: string, jobId: string): void {
    const key = `${owner} ${jobId}`;
    const now = this.#now();
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: BURST, at: now };
    const available = Math.min(BURST, tokens + ((now - at) / 1000) * this.#perSecond);
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: available < 1 ? available : available - 1, at: now });
    const [oldest = ''] = this.#buckets.keys();
    if (this.#buckets.size > MAX_REMEMBERED) this.#buckets.delete(oldest);
    if (available >= 1) return;
    const waitMs = Math.ceil(((1 - available) / this.#perSecond) * 1000);
    throw new AppError(
      ErrorCode.resourceExhausted,
      `You ask for this job too often: wait ${waitMs} ms, and poll_after_ms between calls, or use wait_seconds.`,
      {
        retryable: true,
        details: { limit: 'checks_per_second', max: this.#perSecond, retry_after_ms: waitMs },
      },
    );
  }
}
