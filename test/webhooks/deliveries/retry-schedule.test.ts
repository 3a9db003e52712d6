/** Tests the delays between attempts: the schedule, its jitter and what a receiver requests. */
import { DEFAULT_RETRY_SECONDS, nextDelayMs } from '../../../lambdas/webhooks/deliveries/retry-schedule.ts';

const half = () => 0.5;

test('the default schedule has ten attempts in a little over three days', () => {
  expect(DEFAULT_RETRY_SECONDS).toEqual([5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
});

test('each attempt has its delay, and the last has none', () => {
  expect([1, 2, 3].map((made) => nextDelayMs([5, 300], made, 0, half))).toEqual([5_000, 300_000, undefined]);
});

test.each([
  [0, 8_000],
  [0.5, 10_000],
  [1, 12_000],
])('the jitter at %d makes 10 s to %d ms', (random, delayMs) => {
  expect(nextDelayMs([10], 1, 0, () => random)).toBe(delayMs);
});

test('a delay is whole milliseconds', () => {
  expect(nextDelayMs([1], 1, 0, () => 0.123_456)).toBe(849);
});

test('a receiver can request a longer delay, but no shorter one', () => {
  expect(nextDelayMs([10], 1, 60_000, half)).toBe(60_000);
  expect(nextDelayMs([10], 1, 1_000, half)).toBe(10_000);
});

test('a receiver can request a day at most', () => {
  expect(nextDelayMs([10], 1, 999_999_999, half)).toBe(86_400_000);
});

test('the jitter is random by default', () => {
  const delays = new Set(Array.from({ length: 20 }, () => nextDelayMs([1_000], 1)));
  expect(delays.size).toBeGreaterThan(1);
});
