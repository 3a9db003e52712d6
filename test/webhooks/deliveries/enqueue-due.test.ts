/** Tests which waiting deliveries a sweep queues and marks, and when it stops. */
import type { Delivery } from '../../../lambdas/webhooks/deliveries/delivery.ts';
import type { DeliveryQueue } from '../../../lambdas/webhooks/deliveries/delivery-queue.ts';
import type { DeliveryStore } from '../../../lambdas/webhooks/deliveries/delivery-store.ts';
import { enqueueDue } from '../../../lambdas/webhooks/deliveries/enqueue-due.ts';

const NOW = Date.parse('2026-01-01T12:00:00.000Z');
const BEFORE = '2026-01-01T12:15:00.000Z';
const next = { jobId: 'job', deliveryKey: 'key', nextAttemptAt: BEFORE };

let asked: unknown[][];
let sent: unknown[];
let marked: Delivery[];
let unsent: Set<number>;
let pages: { deliveries: Delivery[]; next?: typeof next }[];

beforeEach(() => {
  asked = [];
  sent = [];
  marked = [];
  unsent = new Set();
  pages = [];
});

const due = (nextAttemptAt?: string) =>
  ({
    jobId: 'job',
    deliveryKey: 'key',
    owner: 'alice',
    endpointId: 'ep',
    attemptCount: 3,
    nextAttemptAt,
  }) as Delivery;

const sweep = (remainingMs = () => 60_000, now: (() => number) | undefined = () => NOW) =>
  enqueueDue({
    deliveries: {
      waiting: async (...query: unknown[]) => {
        asked.push(query);
        return (query[0] === '7' && pages.shift()) || { deliveries: [] };
      },
      markQueued: async (delivery: Delivery) => void marked.push(delivery),
    } as unknown as DeliveryStore,
    queue: {
      sendAll: async (messages: readonly unknown[]) => {
        sent.push(...messages);
        return messages.length > 0 ? unsent : new Set();
      },
    } as unknown as DeliveryQueue,
    remainingMs,
    now,
  });

test('each of 16 shards is asked for what is due in 15 minutes', async () => {
  expect(await sweep()).toBe(0);
  expect(asked.map(([shard]) => shard).join('')).toBe('0123456789abcdef');
  expect(asked[0]).toEqual(['0', BEFORE, { limit: 100, after: undefined }]);
});

test('a due delivery is queued for its time and marked', async () => {
  const deliveries = [due('2026-01-01T12:10:00.000Z'), due('2026-01-01T11:00:00.000Z'), due()];
  pages = [{ deliveries }];
  expect(await sweep()).toBe(3);
  const message = {
    type: 'attempt',
    owner: 'alice',
    endpointId: 'ep',
    jobId: 'job',
    deliveryKey: 'key',
    attempt: 4,
  };
  expect(sent).toEqual([
    { message, delayMs: 600_000 },
    { message, delayMs: 0 },
    { message, delayMs: 900_000 },
  ]);
  expect(marked).toEqual(deliveries);
});

test('a delivery that SQS rejects is neither marked nor counted', async () => {
  const [first, second] = [due('2026-01-01T12:00:00.000Z'), due('2026-01-01T12:01:00.000Z')];
  pages = [{ deliveries: [first, second] }];
  unsent = new Set([0]);
  expect(await sweep()).toBe(1);
  expect(marked).toEqual([second]);
});

test('pages are read until the last', async () => {
  pages = [{ deliveries: [due()], next }, { deliveries: [due()] }];
  expect(await sweep()).toBe(2);
  expect(asked.filter(([shard]) => shard === '7').map(([, , options]) => options)).toEqual([
    { limit: 100, after: undefined },
    { limit: 100, after: next },
  ]);
});

test.each([
  [15_001, 2],
  [15_000, 1],
])('with %i ms left a shard reads %i pages', async (leftMs, count) => {
  pages = [{ deliveries: [due()], next }, { deliveries: [due()] }];
  expect(await sweep(() => leftMs)).toBe(count);
});

test('the clock is the system clock by default', async () => {
  const start = Date.now();
  await enqueueDue({
    deliveries: {
      waiting: async (...query: unknown[]) => {
        asked.push(query);
        return { deliveries: [] };
      },
    } as unknown as DeliveryStore,
    queue: { sendAll: async () => new Set() } as unknown as DeliveryQueue,
    remainingMs: () => 0,
  });
  expect(Date.parse(String(asked[0]?.[1]))).toBeGreaterThanOrEqual(start + 900_000);
});
