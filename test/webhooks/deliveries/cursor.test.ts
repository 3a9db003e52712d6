/** Tests what a cursor carries, and whose it is. */
import {
  type CursorSubject,
  decodeCursor,
  encodeCursor,
  MAX_CURSOR_CHARACTERS,
  type Position,
  SETTLE_MS,
  settledCursor,
} from '../../../lambdas/webhooks/deliveries/cursor.ts';
import { deliveryKey, MIN_RETENTION_MS } from '../../../lambdas/webhooks/deliveries/delivery.ts';
import type { Endpoint } from '../../../lambdas/webhooks/endpoints/endpoint.ts';

const CREATED = '2026-01-01T00:00:00.000Z';
const NOW_MS = Date.parse(CREATED);
const JOB = '7d5fbf9e-0000-4000-8000-000000000001';
const subject: CursorSubject = { owner: 'ada', events: ['job.completed'] };

test.each<[string, Position]>([
  ['a time', { createdAt: CREATED }],
  ['an event', { createdAt: CREATED, last: { jobId: JOB, deliveryKey: deliveryKey(3, 'a'.repeat(64)) } }],
])('the position of %s comes back, and fits', (_what, position) => {
  const cursor = encodeCursor(subject, position);
  expect(decodeCursor(subject, cursor, NOW_MS)).toEqual(position);
  expect(cursor.length).toBeLessThan(MAX_CURSOR_CHARACTERS);
});

test.each<[string, CursorSubject]>([
  ['another owner', { ...subject, owner: 'bob' }],
  ['another event', { ...subject, events: ['job.failed'] }],
  ['one operation', { ...subject, operations: ['build'] }],
  ['one job', { ...subject, jobId: JOB }],
])('a cursor is not one of %s', (_what, other) => {
  const cursor = encodeCursor(subject, { createdAt: CREATED });
  expect(() => decodeCursor(other, cursor, NOW_MS)).toThrow(
    expect.objectContaining({ code: 'INVALID_CURSOR' }),
  );
});

test.each(['2026-01-01T00:01:00.001Z', '9999-12-31T23:59:59.999Z'])(
  'a cursor of %s, more than a minute ahead, is refused',
  (createdAt) => {
    const cursor = encodeCursor(subject, { createdAt });
    expect(() => decodeCursor(subject, cursor, NOW_MS)).toThrow(
      expect.objectContaining({ code: 'INVALID_CURSOR' }),
    );
  },
);

test('a cursor of a clock that is a little ahead is accepted', () => {
  const position = { createdAt: '2026-01-01T00:01:00.000Z' };
  expect(decodeCursor(subject, encodeCursor(subject, position), NOW_MS)).toEqual(position);
});

test('a subscription begins before its creation, and reaches back no further than what is kept', () => {
  const endpoint = { ...subject, createdAt: CREATED } as Endpoint;
  const createdMs = Date.parse(CREATED);
  const timeAt = (nowMs: number) =>
    Date.parse(decodeCursor(subject, settledCursor(endpoint, nowMs), nowMs).createdAt);
  expect(timeAt(createdMs)).toBe(createdMs - SETTLE_MS);
  const later = createdMs + 10 * MIN_RETENTION_MS;
  expect(timeAt(later)).toBe(later - MIN_RETENTION_MS);
});
