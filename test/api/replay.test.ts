/** Tests replays under failures: an unavailable queue, too little time, concurrent changes. */

import { randomUUID } from 'node:crypto';
import { jest } from '@jest/globals';
import { log } from '../../lambdas/shared/observability/log.ts';
import { type Delivery, DeliveryStatus, deliveryKey } from '../../lambdas/webhooks/deliveries/delivery.ts';
import type { DeliveryMessage, DeliveryQueue } from '../../lambdas/webhooks/deliveries/delivery-queue.ts';
import type { DeliveryStore } from '../../lambdas/webhooks/deliveries/delivery-store.ts';
import { replayDelivery, replayEndpoint } from '../../lambdas/webhooks/deliveries/replay.ts';
import { startWebhookTables } from '../support/webhook-tables.ts';

const START_MS = Date.parse('2026-01-01T00:00:00Z');
const SINCE = { since: new Date(START_MS).toISOString() };
let nowMs = START_MS;
const now = () => nowMs;
let deliveries: DeliveryStore;
let close: () => Promise<void>;

beforeAll(async () => {
  ({ deliveries, close } = await startWebhookTables(now));
});
afterAll(() => close());

function workingQueue() {
  const sent: DeliveryMessage[] = [];
  const queue = {
    send: async (message: DeliveryMessage) => void sent.push(message),
    sendAll: async (messages: readonly { message: DeliveryMessage }[]) => {
      sent.push(...messages.map(({ message }) => message));
      return new Set<number>();
    },
  } as unknown as DeliveryQueue;
  return { queue, sent };
}

const down = async () => {
  throw new Error('SQS is not there.');
};
const brokenQueue = { send: down, sendAll: down } as unknown as DeliveryQueue;

async function create(
  endpointId: string,
  status: DeliveryStatus = DeliveryStatus.delivered,
): Promise<Delivery> {
  const jobId = randomUUID();
  const key = { jobId, deliveryKey: deliveryKey(1, endpointId) };
  const event = { id: `${jobId}.1`, type: 'job.failed', timestamp: '', data: {} } as Delivery['event'];
  const expiresAt = START_MS / 1000 + 3_600;
  await deliveries.create(
    { ...key, owner: 'o', endpointId, type: event.type, event, status, expiresAt },
    { listed: true },
  );
  nowMs += 1_000;
  return (await deliveries.get(key)) as Delivery;
}

async function isWaiting({ jobId }: Delivery): Promise<boolean> {
  const waiting = await deliveries.waiting(jobId.slice(0, 1), '9', { limit: 100 });
  return waiting.deliveries.some((each) => each.jobId === jobId);
}

beforeEach(() => void jest.spyOn(log, 'warn').mockImplementation(() => {}));
afterEach(() => jest.restoreAllMocks());

describe('one delivery', () => {
  test.each([
    DeliveryStatus.delivered,
    DeliveryStatus.failed,
    DeliveryStatus.cancelled,
    DeliveryStatus.pending,
  ])('that is %s is queued for its next attempt, and waits until that is made', async (status) => {
    const delivery = await create('ep_a', status);
    const { queue, sent } = workingQueue();
    expect(await replayDelivery({ deliveries, queue }, delivery)).toMatchObject({ status: 'pending' });
    expect(sent).toMatchObject([{ type: 'attempt', jobId: delivery.jobId, attempt: 1 }]);
    expect(await isWaiting(delivery)).toBe(true);
  });

  test('ten times at once is replayed once', async () => {
    const delivery = await create('ep_a', DeliveryStatus.failed);
    const { queue, sent } = workingQueue();
    const replays = Array.from({ length: 10 }, () => replayDelivery({ deliveries, queue, now }, delivery));
    const results = await Promise.allSettled(replays);
    const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(reasons).toHaveLength(9);
    expect(reasons[0]).toMatchObject({ code: 'CONFLICT', retryable: true });
    expect(sent).toHaveLength(1);
  });

  test('is replayed again after its attempt, or half an hour after the attempt was lost', async () => {
    const delivery = await create('ep_a', DeliveryStatus.failed);
    const { queue, sent } = workingQueue();
    const latest = async () => (await deliveries.get(delivery)) as Delivery;
    const replay = async () => replayDelivery({ deliveries, queue, now }, await latest());
    await replay();
    await expect(replay()).rejects.toMatchObject({ code: 'CONFLICT' });
    nowMs += 31 * 60_000;
    await replay();
    const attempt = { at: new Date(nowMs).toISOString(), latencyMs: 1, status: 500 };
    const nextAttemptAt = new Date(nowMs + 5_000).toISOString();
    await deliveries.record(await latest(), attempt, { status: 'pending', nextAttemptAt, waits: false });
    await replay();
    expect(sent.map((message) => 'attempt' in message && message.attempt)).toEqual([1, 1, 2]);
  });

  test('is not lost when the queue is unavailable', async () => {
    const delivery = await create('ep_a', DeliveryStatus.failed);
    const replayed = await replayDelivery({ deliveries, queue: brokenQueue }, delivery);
    expect(replayed.status).toBe('pending');
    expect(await isWaiting(delivery)).toBe(true);
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  test('that was attempted since the read is replayed in its latest state', async () => {
    const delivery = await create('ep_a', DeliveryStatus.pending);
    const attempt = { at: new Date(nowMs).toISOString(), latencyMs: 1, status: 500 };
    await deliveries.record(delivery, attempt, { status: DeliveryStatus.failed });
    const { queue, sent } = workingQueue();
    const replayed = await replayDelivery({ deliveries, queue }, delivery);
    expect(replayed).toMatchObject({ status: 'pending', attemptCount: 1, attemptsBefore: 1 });
    expect(sent).toMatchObject([{ attempt: 2 }]);
  });

  test('that is deleted or keeps changing is a conflict', async () => {
    const delivery = await create('ep_a');
    const moving = { reopen: async () => undefined, get: async () => delivery } as unknown as DeliveryStore;
    const { queue, sent } = workingQueue();
    await expect(replayDelivery({ deliveries: moving, queue }, delivery)).rejects.toMatchObject({
      code: 'CONFLICT',
      retryable: true,
    });
    const gone = { ...delivery, jobId: randomUUID() };
    await expect(replayDelivery({ deliveries, queue }, gone)).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(sent).toEqual([]);
  });
});

describe('all of an endpoint', () => {
  const options = { from: SINCE, remainingMs: () => 29_000, now: () => nowMs };

  test('are not lost when the queue is unavailable', async () => {
    const [first, second] = [await create('ep_b'), await create('ep_b')];
    const result = await replayEndpoint(
      { deliveries, queue: brokenQueue },
      { ...options, endpointId: 'ep_b' },
    );
    expect(result).toEqual({ replayed: 2 });
    expect([await isWaiting(first), await isWaiting(second)]).toEqual([true, true]);
  });

  test('stop in time and continue from there', async () => {
    const all: Delivery[] = [];
    for (let count = 0; count < 250; count += 1) all.push(await create('ep_c'));
    const { queue, sent } = workingQueue();
    const hurried = { ...options, endpointId: 'ep_c', remainingMs: () => 9_999 };
    let result = await replayEndpoint({ deliveries, queue }, hurried);
    expect(result).toMatchObject({ replayed: 100, next: {} });
    const counts = [result.replayed];
    nowMs += 1;
    while (result.next) {
      // Created meanwhile, so not a part of this replay.
      await create('ep_c');
      result = await replayEndpoint({ deliveries, queue }, { ...hurried, from: result.next });
      counts.push(result.replayed);
    }
    expect(counts).toEqual([100, 100, 50]);
    expect(sent.map((message) => 'jobId' in message && message.jobId)).toEqual(all.map(({ jobId }) => jobId));
  });

  test('include the one created at exactly that time, and none before', async () => {
    const before = await create('ep_d');
    const from = { since: new Date(nowMs).toISOString() };
    const at = await create('ep_d');
    const { queue, sent } = workingQueue();
    await replayEndpoint({ deliveries, queue }, { ...options, endpointId: 'ep_d', from });
    expect(sent).toMatchObject([{ jobId: at.jobId }]);
    expect((await deliveries.get(before))?.status).toBe('delivered');
  });
});
