/** Decides when the page of a delivery reads it again. */
import type { DeliveryView } from './views.ts';

const SOON_MS = 1_000;
/** A page that stays open costs a read a minute while the delivery waits. */
const LATE_MS = 60_000;

/** @returns milliseconds; undefined when no attempt follows */
export function pollDelayMs(
  { status, next_attempt_at: next }: Pick<DeliveryView, 'status' | 'next_attempt_at'>,
  nowMs: number,
): number | undefined {
  if (status !== 'pending') return undefined;
  const dueMs = Date.parse(next ?? '') - nowMs;
  // Long overdue: its message is a dead letter, which only a replay sends.
  if (!(dueMs > -LATE_MS)) return LATE_MS;
  return Math.min(LATE_MS, Math.max(SOON_MS, dueMs + SOON_MS));
}
