/** Tests what the owner of a delivery sees, and under which names. */
import type { Delivery } from '../../../lambdas/webhooks/deliveries/delivery.ts';
import { fromItem, toItem } from '../../../lambdas/webhooks/deliveries/delivery-item.ts';
import { viewDelivery } from '../../../lambdas/webhooks/deliveries/delivery-view.ts';

const delivery = {
  jobId: '7d5fbf9e-0000-4000-8000-000000000001',
  deliveryKey: '0000000000003.ep_1',
  owner: 'alice',
  endpointId: 'ep_1',
  type: 'job.completed',
  event: { id: 'event', type: 'job.completed', timestamp: '', data: { secret: 1e300 } },
  status: 'delivered',
  attemptCount: 3,
  attempts: [
    { at: '2026-01-01', latencyMs: 5, status: 200, answer: '' },
    { at: '2026-01-02', latencyMs: 6, error: 'TIMED_OUT', reason: 'Too slow.' },
  ],
  attemptsBefore: 0,
  createdAt: '2026-01-01T00:00:00.000Z',
  expiresAt: 1_767_225_660,
} as unknown as Delivery;

const view = {
  delivery_id: '7d5fbf9e-0000-4000-8000-000000000001.0000000000003.ep_1',
  job_id: '7d5fbf9e-0000-4000-8000-000000000001',
  endpoint_id: 'ep_1',
  event: { id: 'event', type: 'job.completed' },
  status: 'delivered',
  attempts: [
    { at: '2026-01-01', latency_ms: 5, http_status: 200, answer: '' },
    { at: '2026-01-02', latency_ms: 6, error: 'TIMED_OUT', reason: 'Too slow.' },
  ],
  attempt_count: 3,
  created_at: '2026-01-01T00:00:00.000Z',
  expires_at: '2026-01-01T00:01:00.000Z',
};

test('a delivery shows its attempts, and neither its owner nor the data of its event', () => {
  expect(viewDelivery(delivery)).toStrictEqual(view);
});

test('a pending delivery of a callback shows its URL and its next attempt', () => {
  const changes = { url: 'https://example.com/', nextAttemptAt: '2026-01-03' };
  expect(viewDelivery({ ...delivery, ...changes })).toStrictEqual({
    ...view,
    url: 'https://example.com/',
    next_attempt_at: '2026-01-03',
  });
});

test('a test event has no job', () => {
  const { job_id: _, ...rest } = view;
  const type = 'endpoint.test' as const;
  expect(viewDelivery({ ...delivery, type })).toStrictEqual({ ...rest, event: { id: 'event', type } });
});

describe('an item', () => {
  test('keeps the event as JSON text', () => {
    const item = toItem({ ...delivery, nextAttemptAt: undefined });
    expect(item.event).toEqual({ S: JSON.stringify(delivery.event) });
    expect(item).not.toHaveProperty('nextAttemptAt');
    expect(fromItem(item)).toStrictEqual(delivery);
  });

  test('hides the key of the endpoint index', () => {
    expect(fromItem(toItem({ ...delivery, listedUnder: 'ep_1' }))).toStrictEqual(delivery);
  });

  test('shows whether it waits', () => {
    const waiting = { ...toItem(delivery), waitingShard: { S: '7' } };
    expect(fromItem(waiting)).toStrictEqual({ ...delivery, isWaiting: true });
  });
});
