/** Queues deliveries whose next attempt is due within SQS's maximum delay of 15 minutes. */
import { log } from '../../shared/observability/log.ts';
import { addMetric } from '../../shared/observability/metrics.ts';
import { WAITING_SHARDS } from './deliveries-table.ts';
import { deliveryKeys } from './delivery.ts';
import { attemptMessage, type DeliveryQueue, MAX_QUEUE_DELAY_MS } from './delivery-queue.ts';
import type { DeliveryStore, WaitingPosition } from './delivery-store.ts';

/** Deliveries that are read, queued and marked at once. */
const PAGE_SIZE = 100;

export interface EnqueueDueDependencies {
  readonly deliveries: DeliveryStore;
  readonly queue: DeliveryQueue;
  /** Milliseconds left. The function stops in time; the next run takes the rest. */
  readonly remainingMs: () => number;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** Milliseconds. A page takes well under a second; the reserve is for a throttled table. */
const RESERVE_MS = 15_000;

/**
 * Queues each delivery first and marks it after. A crash between the two queues it twice; the second message finds its
 * attempt already made.
 * @returns the number of queued deliveries
 */
export async function enqueueDue(dependencies: EnqueueDueDependencies): Promise<number> {
  const overdueMs = [0];
  try {
    const counts = await Promise.all(
      WAITING_SHARDS.map((shard) => queueShard(dependencies, shard, overdueMs)),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  } finally {
    // Also when the queue takes nothing.
    addMetric('OldestWaitingDelivery', Math.round(Math.max(...overdueMs) / 1000));
  }
}

/** @param overdueMs receives how long the first delivery of each page is past the time of its attempt */
async function queueShard(
  { deliveries, queue, remainingMs, now = Date.now }: EnqueueDueDependencies,
  shard: string,
  overdueMs: number[],
): Promise<number> {
  const before = new Date(now() + MAX_QUEUE_DELAY_MS).toISOString();
  let count = 0;
  let after: WaitingPosition | undefined;
  do {
    const page = await deliveries.waiting(shard, before, { limit: PAGE_SIZE, after });
    overdueMs.push(now() - Date.parse(page.deliveries[0]?.nextAttemptAt ?? before));
    const unsent = await queue.sendAll(
      page.deliveries.map((delivery) => ({
        message: attemptMessage(delivery, delivery.attemptCount + 1),
        delayMs: Math.max(0, Date.parse(delivery.nextAttemptAt ?? before) - now()),
      })),
    );
    const sent = page.deliveries.filter((_, index) => !unsent.has(index));
    await Promise.all(sent.map((delivery) => deliveries.markQueued(delivery)));
    for (const delivery of sent) log.info('Webhook queued for its next attempt', deliveryKeys(delivery));
    count += sent.length;
    after = page.next;
  } while (after && remainingMs() > RESERVE_MS);
  return count;
}
