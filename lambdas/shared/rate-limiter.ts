/** Slows down callers who ask for the same thing over and over: in memory, so that refusing costs no read. */
import { AppError, ErrorCode } from './errors.ts';

/** Callers remembered; beyond, the one that has not called for longest is forgotten. */
const MAX_REMEMBERED = 10_000;

export interface PaceOptions {
  /** As refusals name it. */
  readonly limit: string;
  /** Calls that nobody is refused: a client may make a few at once. */
  readonly burst: number;
  /** How often beyond these. */
  readonly perSecond: number;
  /** What a refused caller is told. */
  readonly refusal: (waitMs: number) => string;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/** Of one instance of a function: a caller whose calls are spread over several gets as many times more. */
export class Pace {
  readonly #options: PaceOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: PaceOptions) {
    this.#options = options;
  }

  /**
   * @param key who asks, and for what
   * @throws AppError RESOURCE_EXHAUSTED, with the milliseconds to wait
   */
  check(...key: readonly string[]): void {
    const { limit, burst, perSecond, refusal, now = Date.now } = this.#options;
    const name = key.join(' ');
    const nowMs = now();
    const { tokens, at } = this.#buckets.get(name) ?? { tokens: burst, at: nowMs };
    const available = Math.min(burst, tokens + ((nowMs - at) / 1000) * perSecond);
    this.#buckets.delete(name);
    this.#buckets.set(name, { tokens: available < 1 ? available : available - 1, at: nowMs });
    const [oldest = ''] = this.#buckets.keys();
    if (this.#buckets.size > MAX_REMEMBERED) this.#buckets.delete(oldest);
    if (available >= 1) return;
    const waitMs = Math.ceil(((1 - available) / perSecond) * 1000);
    throw new AppError(ErrorCode.resourceExhausted, refusal(waitMs), {
      retryable: true,
      details: { limit, max: perSecond, retry_after_ms: waitMs },
    });
  }
}

/** Of an owner who asks for a job. @param now epoch milliseconds @default Date.now */
export function pollPace(perSecond: number, now?: () => number): Pace {
  const refusal = (waitMs: number) =>
    `You ask for this job too often: wait ${waitMs} ms, and poll_after_ms between calls, or use wait_seconds.`;
  return new Pace({ limit: 'checks_per_second', burst: 10, perSecond, refusal, now });
}

/** Of an owner who calls an operation for its result: each call is a function that works. */
export function callPace(perSecond: number, now?: () => number): Pace {
  const refusal = (waitMs: number) => `You call this too often: wait ${waitMs} ms, or ask for more at once.`;
  return new Pace({ limit: 'calls_per_second', burst: 20, perSecond, refusal, now });
}
