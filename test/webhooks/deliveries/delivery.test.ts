/** Tests the ids, the keys and the retention of deliveries. */

import { WAITING_SHARDS, waitingShard } from '../../../lambdas/webhooks/deliveries/deliveries-table.ts';
import {
  DeliveryStatus,
  deliveryId,
  deliveryKey,
  MIN_RETENTION_MS,
  parseDeliveryId,
  retainedUntil,
  TEST_EVENT,
} from '../../../lambdas/webhooks/deliveries/delivery.ts';

const JOB = '7d5fbf9e-0000-4000-8000-000000000001';

test('the statuses and the test event have stable names', () => {
  expect(DeliveryStatus).toEqual({
    pending: 'pending',
    delivered: 'delivered',
    failed: 'failed',
    cancelled: 'cancelled',
    held: 'held',
  });
  expect(TEST_EVENT).toBe('endpoint.test');
});

test('a record is kept four days after its last attempt', () => {
  expect(MIN_RETENTION_MS).toBe(345_600_000);
  expect(retainedUntil(0, 1_999)).toBe(345_601);
});

test('a record is kept as long as its job', () => {
  expect(retainedUntil(1_000_000, 0)).toBe(1_000_000);
});

test('keys sort by version', () => {
  expect(deliveryKey(42, 'ep_1')).toBe('0000000000042.ep_1');
  expect(deliveryKey(9, 'ep') < deliveryKey(10, 'ep')).toBe(true);
});

test('an id leads back to the key', () => {
  const key = { jobId: JOB, deliveryKey: deliveryKey(3, 'ep-1_a') };
  expect(deliveryId(key)).toBe(`${JOB}.0000000000003.ep-1_a`);
  expect(parseDeliveryId(deliveryId(key))).toEqual(key);
});

test('an endpoint id has 1 to 64 characters', () => {
  const of = (length: number) => parseDeliveryId(`${JOB}.0000000000003.${'e'.repeat(length)}`);
  expect([0, 1, 64, 65].map((length) => of(length) !== undefined)).toEqual([false, true, true, false]);
});

test.each([
  '',
  JOB,
  `${JOB}.0000000000003`,
  `x${JOB}.0000000000003.ep`,
  `${JOB}.0000000000003.ep x`,
  `${JOB}.0000000000003.ep\n`,
  `${JOB}.000000000000x.ep`,
  `${JOB}.00000000003.ep`,
  `${JOB.slice(1)}.0000000000003.ep`,
  `${JOB.replace('7', 'g')}.0000000000003.ep`,
  `${JOB}x0000000000003.ep`,
])('the id %j is malformed', (id) => {
  expect(parseDeliveryId(id)).toBeUndefined();
});

test('waiting deliveries are spread by the first digit of their job', () => {
  expect(waitingShard(JOB)).toBe('7');
  expect(WAITING_SHARDS.join('')).toBe('0123456789abcdef');
});
