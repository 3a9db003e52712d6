/** Replays one delivery, or the deliveries of an endpoint since a given time that match a filter. */
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { log } from '../../shared/observability/log.ts';
import { type Delivery, DeliveryStatus, deliveryKeys } from './delivery.ts';
import { type DeliveryFilter, matchesFilter } from './delivery-filter.ts';
import { attemptMessage, type DeliveryQueue } from './delivery-queue.ts';
import type { DeliveryPosition, DeliveryStore } from './delivery-store.ts';

export interface ReplayDependencies {
  readonly deliveries: DeliveryStore;
  readonly queue: DeliveryQueue;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/**
 * Restarts a delivery's schedule with an attempt now. For a pending delivery, the later message finds this attempt already
 * made. The delivery enters the waiting index first: when the queue is unavailable, it is sent a few minutes later. The
 * attempt removes it from the index.
 * @throws AppError DELIVERY_HELD for a delivery that clients poll; CONFLICT while its first attempt or another replay is
 *   under way, or when the delivery keeps changing
 */
export async function replayDelivery(
  { deliveries, queue, now = Date.now }: ReplayDependencies,
  delivery: Delivery,
): Promise<Delivery> {
  const reopened = await reopen(deliveries, delivery, now());
  const message = attemptMessage(reopened, reopened.attemptCount + 1);
  log.info('Webhook replayed', deliveryKeys(reopened));
  await queue.send(message).catch((error: unknown) => {
    log.warn('A delivery was not queued and stays waiting', { ...deliveryKeys(reopened), error });
  });
  return reopened;
}

async function reopen(deliveries: DeliveryStore, delivery: Delivery, nowMs: number): Promise<Delivery> {
  if (delivery.status === DeliveryStatus.held) {
    throw new AppError(
      ErrorCode.deliveryHeld,
      'This delivery is held for a polling client and is never sent. Fetch it with events/poll.',
    );
  }
  checkNotUnderWay(delivery, nowMs);
  const reopened = await deliveries.reopen(delivery);
  if (reopened) return reopened;
  // An attempt or another replay was recorded since the read.
  const latest = await deliveries.get(delivery);
  if (latest) checkNotUnderWay(latest, nowMs);
  const again = latest && (await deliveries.reopen(latest));
  if (again) return again;
  throw new AppError(ErrorCode.conflict, 'Another call is changing this delivery. Try again.', {
    retryable: true,
  });
}

/**
 * One replay at a time: no attempt has been recorded since the schedule began, so one is queued or runs.
 * @throws AppError CONFLICT
 */
function checkNotUnderWay(delivery: Delivery, nowMs: number): void {
  const { status, attemptCount, attemptsBefore, nextAttemptAt } = delivery;
  const isQueued = status === DeliveryStatus.pending && nextAttemptAt !== undefined;
  if (!isQueued || attemptCount > attemptsBefore || isOverdue(delivery, nowMs)) return;
  throw new AppError(
    ErrorCode.conflict,
    'An attempt of this delivery is queued or under way. Wait for its outcome before you replay it.',
    { retryable: true },
  );
}

/** Where the next call continues a replay. */
export interface ReplayPosition {
  /** ISO 8601: the start of the replay, or an earlier time. Excludes deliveries created later. */
  readonly until: string;
  readonly after: DeliveryPosition;
  /** @default all deliveries */
  readonly filter?: DeliveryFilter;
}

/** What a replay selects: ISO 8601 with milliseconds in UTC, both inclusive. */
export interface ReplaySelection {
  readonly since: string;
  /** @default the start of the replay */
  readonly until?: string;
  /** @default all deliveries */
  readonly filter?: DeliveryFilter;
}

export interface ReplayOptions {
  readonly endpointId: string;
  /** The selection, or the position where the previous call ended. */
  readonly from: ReplaySelection | ReplayPosition;
  /** Milliseconds left. The function stops in time and returns its position. */
  readonly remainingMs: () => number;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

const PAGE_SIZE = 100;
/** Ten pages take a few seconds. */
const MAX_PAGES = 10;
/** Enough for one more page, even when the table is slow. */
const RESERVE_MS = 10_000;

/**
 * Replays deliveries of an endpoint, the oldest first; one call reads up to a thousand. It skips pending deliveries that
 * are not overdue, because an attempt follows anyway, unless the filter selects pending ones: of these it skips those whose
 * first attempt or replay is under way. It skips held ones, because clients poll them. All calls of one replay
 * read by creation time, which no replay changes, between two fixed times. So no delivery is missed or replayed twice.
 * A filter by status sees the status at the time of its call.
 * @returns the number of replayed deliveries; `next` unless all are done
 */
export async function replayEndpoint(
  { deliveries, queue }: ReplayDependencies,
  { endpointId, from, remainingMs, now = Date.now }: ReplayOptions,
): Promise<{ readonly replayed: number; readonly next?: ReplayPosition }> {
  const { until = new Date(now()).toISOString(), filter = {} } = from;
  const since = 'since' in from ? from.since : undefined;
  let after = 'after' in from ? from.after : undefined;
  let replayed = 0;
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    if (pages > 0 && remainingMs() < RESERVE_MS) break;
    const page = await deliveries.listOfEndpoint(endpointId, { limit: PAGE_SIZE, since, until, after });
    const toReplay = page.deliveries.filter(
      (delivery) => matchesFilter(delivery, filter) && isReplayable(delivery, filter, now()),
    );
    const changed = await Promise.all(toReplay.map((delivery) => deliveries.reopen(delivery)));
    // A delivery that has changed since the read has a new attempt already.
    const reopened = changed.filter((delivery) => delivery !== undefined);
    for (const delivery of reopened) log.info('Webhook replayed', deliveryKeys(delivery));
    const messages = reopened.map((delivery) => ({
      message: attemptMessage(delivery, delivery.attemptCount + 1),
    }));
    await queue.sendAll(messages).catch((error: unknown) => {
      log.warn('Deliveries were not queued and stay waiting', { endpoint_id: endpointId, error });
    });
    replayed += messages.length;
    after = page.next;
    if (!after) return { replayed };
  }
  return { replayed, ...(after && { next: { until, after, ...(from.filter && { filter }) } }) };
}

/** Half an hour after its attempt was due, the message of a pending delivery is a dead letter: no attempt follows. */
const OVERDUE_MS = 30 * 60_000;

function isReplayable(delivery: Delivery, filter: DeliveryFilter, nowMs: number): boolean {
  if (delivery.status === DeliveryStatus.pending) {
    const waitsForRetry = delivery.attemptCount > delivery.attemptsBefore;
    const isSelected = filter.status === DeliveryStatus.pending && waitsForRetry;
    return isSelected || isOverdue(delivery, nowMs);
  }
  return delivery.status !== DeliveryStatus.held;
}

function isOverdue({ nextAttemptAt = '' }: Delivery, nowMs: number): boolean {
  return Date.parse(nextAttemptAt) + OVERDUE_MS < nowMs;
}
