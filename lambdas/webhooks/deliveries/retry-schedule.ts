/** When a delivery is tried again: ever longer delays, spread so that receivers are not hit by all at once. */

/** Seconds between one attempt and the next, as Standard Webhooks recommends: ten attempts in a little over three days. */
export const DEFAULT_RETRY_SECONDS: readonly number[] = [
  5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
];

/** A receiver may ask for more time than the schedule gives it, but not for ever. */
const MAX_DELAY_MS = 24 * 60 * 60 * 1000;
/** Each delay is between 80 and 120 % of what the schedule says. */
const JITTER = 0.2;

/**
 * Milliseconds until the next attempt.
 * @param attemptsMade in this round, at least one
 * @param askedMs what the receiver's `Retry-After` said
 * @param random 0..1 @default Math.random
 * @returns undefined when the schedule has no further attempt.
 */
export function nextDelayMs(
  scheduleSeconds: readonly number[],
  attemptsMade: number,
  askedMs = 0,
  random: () => number = Math.random,
): number | undefined {
  const seconds = scheduleSeconds[attemptsMade - 1];
  if (seconds === undefined) return undefined;
  const spread = seconds * 1000 * (1 - JITTER + 2 * JITTER * random());
  return Math.round(Math.max(spread, Math.min(askedMs, MAX_DELAY_MS)));
}
