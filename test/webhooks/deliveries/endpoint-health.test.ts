/** Tests the health of an endpoint that its newest deliveries show. */
import type { Delivery } from '../../../lambdas/webhooks/deliveries/delivery.ts';
import { viewHealth } from '../../../lambdas/webhooks/deliveries/endpoint-health.ts';

const delivery = (status: string, createdAt: string, ...attempts: object[]) =>
  ({ status, createdAt, attempts }) as unknown as Delivery;

test('an unused endpoint has no rate and no times', () => {
  expect(viewHealth([])).toStrictEqual({ deliveries: 0, delivered: 0, failed: 0, pending: 0, cancelled: 0 });
});

test('the rate counts ended deliveries, and the times are those of attempts', () => {
  const health = viewHealth([
    delivery('pending', '6', { at: '6.1', error: 'TIMED_OUT', latencyMs: 1 }),
    delivery('delivered', '5', { at: '5.1', status: 503 }, { at: '9', status: 299 }),
    delivery('delivered', '4', { at: '4.1', status: 200 }),
    delivery('delivered', '3', { at: '3.1', status: 200 }),
    delivery('failed', '2', { at: '8', status: 300, latencyMs: 1 }),
    delivery('cancelled', '1'),
  ]);
  expect(health).toStrictEqual({
    deliveries: 6,
    since: '1',
    delivered: 3,
    failed: 1,
    pending: 1,
    cancelled: 1,
    success_rate: 0.75,
    last_success_at: '9',
    last_failure: { at: '8', http_status: 300 },
  });
});

test('a failure without a response has its error', () => {
  const lost = delivery('failed', '1', { at: '1', error: 'DNS_FAILED' });
  expect(viewHealth([lost])).toMatchObject({
    success_rate: 0,
    last_failure: { at: '1', error: 'DNS_FAILED' },
  });
});
