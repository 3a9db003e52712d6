/** Computes when a delivery is retried: growing delays with jitter, so that retries do not hit a receiver at once. */

/** Seconds between attempts, as Standard Webhooks recommends: ten attempts in a little over three days. */
export const DEFAULT_RETRY_SECONDS: readonly number[] = [
  5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
];

/** A receiver may request a longer delay than the schedule's, up to this limit. */
const MAX_DELAY_MS = 24 * 60 * 60 * 1000;
/** Each delay is 80 to 120 % of the scheduled one. */
const JITTER = 0.2;

/**
 * Returns the milliseconds until the next attempt; undefined when the schedule has no further attempt.
 * @param attemptsMade since the delivery was created or last replayed; at least one
 * @param askedMs the receiver's `Retry-After`, in milliseconds
 * @param random 0..1 @default Math.random
 */
export function nextDelayMs(
  scheduleSeconds: readonly number[],
  attemptsMade: number,
  askedMs = 0,
  random: () => number = Math.random,
): number | undefined {
  const seconds = scheduleSeconds[attemptsMade - 1];
  if (seconds === undefined) return undefined;
  const jittered = seconds * 1000 * (1 - JITTER + 2 * JITTER * random());
  return Math.round(Math.max(jittered, Math.min(askedMs, MAX_DELAY_MS)));
}
