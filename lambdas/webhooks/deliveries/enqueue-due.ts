/** Queues deliveries whose next attempt has come within a queue's reach. */
import { WAITING_SHARDS } from './deliveries-table.ts';
import { attemptMessage, type DeliveryQueue, MAX_QUEUE_DELAY_MS } from './delivery-queue.ts';
import type { DeliveryStore, WaitingPosition } from './delivery-store.ts';

/** Read, queued and marked at a time. */
const PAGE = 100;

export interface QueueWaitingDependencies {
  readonly deliveries: DeliveryStore;
  readonly queue: DeliveryQueue;
  /** Milliseconds left for it; it stops in time, and what is left is there the next time. */
  readonly remainingMs: () => number;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** A page takes well under a second; this is for one that meets a throttled table. */
const RESERVE_MS = 15_000;

/**
 * Queued first and marked after: a crash in between queues it twice, and the second message finds its attempt made.
 * @returns how many were queued.
 */
export async function queueWaiting(dependencies: QueueWaitingDependencies): Promise<number> {
  const counts = await Promise.all(WAITING_SHARDS.map((shard) => queueShard(dependencies, shard)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function queueShard(
  { deliveries, queue, remainingMs, now = Date.now }: QueueWaitingDependencies,
  shard: string,
): Promise<number> {
  const before = new Date(now() + MAX_QUEUE_DELAY_MS).toISOString();
  let count = 0;
  let after: WaitingPosition | undefined;
  do {
    const page = await deliveries.waiting(shard, before, { limit: PAGE, after });
    const unsent = await queue.sendAll(
      page.deliveries.map((delivery) => ({
        message: attemptMessage(delivery, delivery.attemptCount + 1),
        delayMs: Math.max(0, Date.parse(delivery.nextAttemptAt ?? before) - now()),
      })),
    );
    const sent = page.deliveries.filter((_, index) => !unsent.has(index));
    await Promise.all(sent.map((delivery) => deliveries.leaveWaiting(delivery)));
    count += sent.length;
    after = page.next;
  } while (after && remainingMs() > RESERVE_MS);
  return count;
}
