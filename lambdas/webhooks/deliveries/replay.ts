/** Sends again what was sent before: one delivery, or all of an endpoint since a time. */
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { type Delivery, DeliveryStatus } from './delivery.ts';
import { attemptMessage, type DeliveryQueue } from './delivery-queue.ts';
import type { DeliveryPosition, DeliveryStore } from './delivery-store.ts';

export interface ReplayDependencies {
  readonly deliveries: DeliveryStore;
  readonly queue: DeliveryQueue;
}

/**
 * Begins a delivery's schedule anew, with an attempt now. A pending one too: the attempt that was to come later finds
 * this one made. It waits in the table first, so that it is sent a few minutes later when the queue cannot be reached;
 * the attempt takes it out of there.
 * @throws AppError DELIVERY_HELD for one that is fetched, not sent; CONFLICT when it changes all the time.
 */
export async function replayDelivery(
  { deliveries, queue }: ReplayDependencies,
  delivery: Delivery,
): Promise<Delivery> {
  const reopened = await reopen(deliveries, delivery);
  const message = attemptMessage(reopened, reopened.attemptCount + 1);
  await queue.send(message).catch((error: unknown) => {
    console.warn({ message: 'A delivery was not queued and waits', jobId: delivery.jobId, error });
  });
  return reopened;
}

async function reopen(deliveries: DeliveryStore, delivery: Delivery): Promise<Delivery> {
  if (delivery.status === DeliveryStatus.held) {
    throw new AppError(
      ErrorCode.deliveryHeld,
      'The delivery is kept for a client that polls: it is fetched with events/poll, and never sent.',
    );
  }
  const reopened = await deliveries.reopen(delivery);
  if (reopened) return reopened;
  // An attempt was recorded since it was read, or another replay.
  const latest = await deliveries.get(delivery);
  const again = latest && (await deliveries.reopen(latest));
  if (again) return again;
  throw new AppError(ErrorCode.conflict, 'The delivery is changing at this moment. Try again.', {
    retryable: true,
  });
}

/** Where a replay of many goes on. */
export interface ReplayPosition {
  /** ISO 8601: what was created after the replay began is none of its business. */
  readonly until: string;
  readonly after: DeliveryPosition;
}

export interface ReplayOptions {
  readonly endpointId: string;
  /** ISO 8601 with milliseconds in UTC; or where the call before ended. */
  readonly from: { readonly since: string } | ReplayPosition;
  /** Milliseconds left for it; it stops in time, and says where it is. */
  readonly remainingMs: () => number;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

const PAGE = 100;
/** Ten pages take a few seconds; with these to spare, one more fits in even when the table is slow. */
const MAX_PAGES = 10;
const RESERVE_MS = 10_000;

/**
 * Replays deliveries of an endpoint, the oldest first, up to a thousand looked at in a call. Pending ones are on their
 * way, unless they are overdue, and held ones are fetched: both stay as they are. The calls of one replay go through the deliveries by their
 * time of creation, which no replay changes, between two times: none is left out, and none is met twice.
 * @returns how many were replayed; `next` unless that was all.
 */
export async function replayEndpoint(
  { deliveries, queue }: ReplayDependencies,
  { endpointId, from, remainingMs, now = Date.now }: ReplayOptions,
): Promise<{ readonly replayed: number; readonly next?: ReplayPosition }> {
  const isFirst = 'since' in from;
  const since = isFirst ? from.since : undefined;
  const until = isFirst ? new Date(now()).toISOString() : from.until;
  let after = isFirst ? undefined : from.after;
  let replayed = 0;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    if (pages > 0 && remainingMs() < RESERVE_MS) break;
    const page = await deliveries.listOfEndpoint(endpointId, { limit: PAGE, since, until, after });
    const toReplay = page.deliveries.filter((delivery) => isOver(delivery, now()));
    const reopened = await Promise.all(toReplay.map((delivery) => deliveries.reopen(delivery)));
    // One that has changed since it was read is on its way again.
    const messages = reopened
      .filter((delivery) => delivery !== undefined)
      .map((delivery) => ({ message: attemptMessage(delivery, delivery.attemptCount + 1) }));
    await queue.sendAll(messages).catch((error: unknown) => {
      console.warn({ message: 'Deliveries were not queued and wait', endpointId, error });
    });
    replayed += messages.length;
    after = page.next;
    if (!after) return { replayed };
  }
  return { replayed, ...(after && { next: { until, after } }) };
}

/** Half an hour after its attempt was due, a pending delivery is on its way no more: its message is a dead letter. */
const OVERDUE_MS = 30 * 60_000;

function isOver({ status, nextAttemptAt = '' }: Delivery, nowMs: number): boolean {
  if (status === DeliveryStatus.pending) return Date.parse(nextAttemptAt) + OVERDUE_MS < nowMs;
  return status !== DeliveryStatus.held;
}
