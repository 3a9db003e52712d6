/** Tests which deliveries a filter selects, and how far a filtered list reads. */
import type { Delivery } from '../../../lambdas/webhooks/deliveries/delivery.ts';
import { listMatching, matchesFilter } from '../../../lambdas/webhooks/deliveries/delivery-filter.ts';

const delivery = (changes: object = {}) =>
  ({
    jobId: 'job',
    deliveryKey: 'key',
    status: 'failed',
    type: 'job.completed',
    event: { data: { operation: 'build' } },
    createdAt: 'then',
    ...changes,
  }) as unknown as Delivery;

test.each([
  ['no filter', {}, true],
  ['its status', { status: 'failed' }, true],
  ['another status', { status: 'delivered' }, false],
  ['its event', { type: 'job.completed' }, true],
  ['another event', { type: 'job.failed' }, false],
  ['its job', { jobId: 'job' }, true],
  ['another job', { jobId: 'other' }, false],
  ['its operation', { operation: 'build' }, true],
  ['another operation', { operation: 'deploy' }, false],
  ['one value of two that differs', { status: 'failed', operation: 'deploy' }, false],
] as const)('a delivery and %s', (_what, filter, matches) => {
  expect(matchesFilter(delivery(), filter)).toBe(matches);
});

test('a test event has no operation', () => {
  const tested = delivery({ type: 'endpoint.test', event: { data: { endpoint_id: 'ep_1' } } });
  expect(matchesFilter(tested, { operation: 'build' })).toBe(false);
  expect(matchesFilter(tested, { type: 'endpoint.test' })).toBe(true);
});

describe('a filtered list', () => {
  let queries: unknown[];
  let pages: { deliveries: Delivery[]; next?: Delivery }[];
  const store = {
    listOfEndpoint: async (_endpointId: string, query: unknown) => {
      queries.push(query);
      return pages.shift() ?? { deliveries: [] };
    },
  };
  const options = { limit: 3, filter: { status: 'failed' } as const, remainingMs: () => 29_000 };
  beforeEach(() => {
    queries = [];
  });
  const numbered = (number: number, status = 'failed') => delivery({ deliveryKey: String(number), status });

  test('reads pages of a hundred until it has enough, and goes on after the last one of the page', async () => {
    const next = numbered(5, 'delivered');
    pages = [
      { deliveries: [numbered(1), numbered(2, 'delivered'), next], next },
      { deliveries: [numbered(6), numbered(7), numbered(8)], next: numbered(9) },
    ];
    const page = await listMatching(store, 'ep_1', { ...options, since: 'a', until: 'z' });
    expect(page).toEqual({
      deliveries: [numbered(1), numbered(6), numbered(7)],
      next: { jobId: 'job', deliveryKey: '7', createdAt: 'then' },
    });
    expect(queries).toEqual([
      { limit: 100, newestFirst: true, since: 'a', until: 'z', after: undefined },
      { limit: 100, newestFirst: true, since: 'a', until: 'z', after: next },
    ]);
  });

  test('ends without a position when the deliveries end', async () => {
    pages = [{ deliveries: [numbered(1), numbered(2), numbered(3)] }];
    expect(await listMatching(store, 'ep_1', options)).toStrictEqual({
      deliveries: [numbered(1), numbered(2), numbered(3)],
    });
  });

  test('reads a thousand deliveries for an empty page that has a position', async () => {
    pages = Array.from({ length: 20 }, () => ({ deliveries: [], next: numbered(1) }));
    expect(await listMatching(store, 'ep_1', options)).toEqual({ deliveries: [], next: numbered(1) });
    expect(queries).toHaveLength(10);
  });

  test.each([
    [10_000, 2],
    [9_999, 1],
  ])('with %i ms left reads %i pages: at least one', async (leftMs, read) => {
    pages = [{ deliveries: [], next: numbered(1) }, { deliveries: [] }];
    const { next } = await listMatching(store, 'ep_1', { ...options, remainingMs: () => leftMs });
    expect([queries.length, next === undefined]).toEqual([read, read === 2]);
  });
});
