/** Tests which deliveries a replay restarts, and where it stops. */

import { jest } from '@jest/globals';
import { log } from '../../../lambdas/shared/observability/log.ts';
import type { Delivery } from '../../../lambdas/webhooks/deliveries/delivery.ts';
import type { DeliveryQueue } from '../../../lambdas/webhooks/deliveries/delivery-queue.ts';
import type { DeliveryStore } from '../../../lambdas/webhooks/deliveries/delivery-store.ts';
import { replayDelivery, replayEndpoint } from '../../../lambdas/webhooks/deliveries/replay.ts';

const NOW = Date.parse('2026-01-01T12:00:00.000Z');
const after = { jobId: 'job', deliveryKey: 'key', createdAt: '2026-01-01' };

const delivery = (changes: Partial<Delivery> = {}) =>
  ({
    jobId: 'job',
    deliveryKey: 'key',
    owner: 'alice',
    endpointId: 'ep_1',
    status: 'failed',
    attemptCount: 4,
    ...changes,
  }) as Delivery;

let listed: unknown[];
let reopened: Delivery[];
let sent: unknown[];
let reopen: (delivery: Delivery) => Delivery | undefined;
let pages: { deliveries: Delivery[]; next?: typeof after }[];
let latest: Delivery | undefined;
let failure: Error | undefined;

beforeEach(() => {
  listed = [];
  reopened = [];
  sent = [];
  pages = [];
  latest = undefined;
  failure = undefined;
  reopen = (each) => ({ ...each, status: 'pending' });
});
afterEach(() => jest.restoreAllMocks());

const dependencies = {
  deliveries: {
    reopen: async (each: Delivery) => {
      reopened.push(each);
      return reopen(each);
    },
    get: async () => latest,
    listOfEndpoint: async (...query: unknown[]) => {
      listed.push(query);
      return pages.shift() ?? { deliveries: [] };
    },
  } as unknown as DeliveryStore,
  queue: {
    send: async (message: unknown) => {
      if (failure) throw failure;
      sent.push(message);
    },
    sendAll: async (messages: readonly { message: unknown }[]) => {
      if (failure) throw failure;
      sent.push(...messages.map(({ message }) => message));
      return new Set();
    },
  } as unknown as DeliveryQueue,
};
const message = {
  type: 'attempt',
  owner: 'alice',
  endpointId: 'ep_1',
  jobId: 'job',
  deliveryKey: 'key',
  attempt: 5,
};

describe('a replayed delivery', () => {
  test('is reopened and sent with its next attempt', async () => {
    expect(await replayDelivery(dependencies, delivery())).toMatchObject({ status: 'pending' });
    expect(sent).toEqual([message]);
  });

  test('that is held for a client is refused', async () => {
    await expect(replayDelivery(dependencies, delivery({ status: 'held' }))).rejects.toMatchObject({
      code: 'DELIVERY_HELD',
      message: 'This delivery is held for a polling client and is never sent. Fetch it with events/poll.',
    });
    expect(reopened).toEqual([]);
  });

  test('that has changed is read again', async () => {
    latest = delivery({ attemptCount: 7 });
    reopen = (each) => (each === latest ? each : undefined);
    await replayDelivery(dependencies, delivery());
    expect(sent).toEqual([{ ...message, attempt: 8 }]);
  });

  test.each([
    ['keeps changing', delivery()],
    ['is gone', undefined],
  ])('that %s is a conflict', async (_what, found) => {
    latest = found;
    reopen = () => undefined;
    await expect(replayDelivery(dependencies, delivery())).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'Another call is changing this delivery. Try again.',
      retryable: true,
    });
  });

  test('stays waiting when the queue fails', async () => {
    const warn = jest.spyOn(log, 'warn').mockImplementation(() => {});
    failure = new Error('unavailable');
    expect(await replayDelivery(dependencies, delivery())).toMatchObject({ status: 'pending' });
    expect(warn).toHaveBeenCalledWith('A delivery was not queued and stays waiting', {
      job_id: 'job',
      delivery_id: 'job.key',
      owner: 'alice',
      attempt: 5,
      error: failure,
    });
  });
});

describe('a replay of an endpoint', () => {
  const replay = (options: Partial<Parameters<typeof replayEndpoint>[1]> = {}) =>
    replayEndpoint(dependencies, {
      endpointId: 'ep_1',
      from: { since: '2026-01-01' },
      remainingMs: () => 60_000,
      now: () => NOW,
      ...options,
    });

  test('begins at its time and ends at the time of its start', async () => {
    pages = [{ deliveries: [delivery(), delivery()] }];
    const info = jest.spyOn(log, 'info').mockImplementation(() => {});
    expect(await replay()).toStrictEqual({ replayed: 2 });
    expect(info.mock.calls).toEqual(
      Array(2).fill(['Webhook replayed', expect.objectContaining({ delivery_id: 'job.key' })]),
    );
    expect(listed).toEqual([
      ['ep_1', { limit: 100, since: '2026-01-01', until: new Date(NOW).toISOString(), after: undefined }],
    ]);
    expect(sent).toEqual([message, message]);
  });

  test('ends at its own end, and takes only what its filter selects', async () => {
    const filter = { status: 'failed', operation: 'build' } as const;
    const of = (operation: string, status = 'failed') =>
      delivery({ status, event: { data: { operation } } } as unknown as Delivery);
    pages = [
      { deliveries: [of('build'), of('deploy'), of('build', 'delivered')], next: after },
      ...Array.from({ length: 9 }, () => ({ deliveries: [], next: after })),
    ];
    const { replayed, next } = await replay({ from: { since: '2025', until: '2026', filter } });
    expect([replayed, next]).toEqual([1, { until: '2026', after, filter }]);
    pages = [{ deliveries: [of('deploy'), of('build')] }];
    expect(await replay({ from: next })).toStrictEqual({ replayed: 1 });
    expect(listed.at(-1)).toEqual(['ep_1', { limit: 100, since: undefined, until: '2026', after }]);
  });

  test('continues at its position', async () => {
    await replay({ from: { until: '2025', after } });
    expect(listed).toEqual([['ep_1', { limit: 100, since: undefined, until: '2025', after }]]);
  });

  test('reads page after page', async () => {
    pages = [{ deliveries: [delivery()], next: after }, { deliveries: [delivery()] }];
    expect(await replay()).toStrictEqual({ replayed: 2 });
    expect(listed[1]).toEqual(['ep_1', expect.objectContaining({ after, since: '2026-01-01' })]);
  });

  test('reads ten pages in one call', async () => {
    pages = Array.from({ length: 11 }, () => ({ deliveries: [], next: after }));
    expect(await replay()).toStrictEqual({
      replayed: 0,
      next: { until: new Date(NOW).toISOString(), after },
    });
    expect(listed).toHaveLength(10);
  });

  test.each([
    [10_000, 2],
    [9_999, 1],
  ])('with %i ms left reads %i pages: at least one', async (leftMs, read) => {
    pages = [{ deliveries: [], next: after }, { deliveries: [] }];
    const { next } = await replay({ remainingMs: () => leftMs });
    expect(listed).toHaveLength(read);
    expect(next === undefined).toBe(read === 2);
  });

  test('skips held deliveries, and pending ones that are not overdue', async () => {
    const due = (ms: number) => new Date(NOW - ms).toISOString();
    pages = [
      {
        deliveries: [
          delivery({ status: 'held' }),
          delivery({ status: 'pending', nextAttemptAt: due(30 * 60_000) }),
          delivery({ status: 'pending' }),
          delivery({ status: 'pending', nextAttemptAt: due(30 * 60_000 + 1) }),
          delivery({ status: 'delivered' }),
          delivery({ status: 'cancelled' }),
        ],
      },
    ];
    expect(await replay()).toStrictEqual({ replayed: 3 });
    expect(reopened.map(({ status }) => status)).toEqual(['pending', 'delivered', 'cancelled']);
  });

  test('by the filter pending takes those that wait for a retry, and none whose attempt is under way', async () => {
    const nextAttemptAt = new Date(NOW + 60_000).toISOString();
    pages = [
      {
        deliveries: [
          delivery({ status: 'pending', attemptCount: 1, attemptsBefore: 0, nextAttemptAt }),
          delivery({ status: 'pending', attemptCount: 1, attemptsBefore: 1, nextAttemptAt }),
          delivery({ status: 'failed' }),
        ],
      },
    ];
    const from = { since: '2026-01-01', filter: { status: 'pending' } as const };
    expect(await replay({ from })).toStrictEqual({ replayed: 1 });
    expect(reopened).toEqual([expect.objectContaining({ attemptsBefore: 0 })]);
  });

  test('does not count a delivery that has changed since the read', async () => {
    pages = [{ deliveries: [delivery({ deliveryKey: 'changed' }), delivery()] }];
    reopen = (each) => (each.deliveryKey === 'changed' ? undefined : each);
    expect(await replay()).toStrictEqual({ replayed: 1 });
    expect(sent).toEqual([message]);
  });

  test('counts deliveries that stay waiting because the queue fails', async () => {
    const warn = jest.spyOn(log, 'warn').mockImplementation(() => {});
    failure = new Error('unavailable');
    pages = [{ deliveries: [delivery()] }];
    expect(await replay()).toStrictEqual({ replayed: 1 });
    expect(warn).toHaveBeenCalledWith('Deliveries were not queued and stay waiting', {
      endpoint_id: 'ep_1',
      error: failure,
    });
  });

  test('uses the system clock by default', async () => {
    const before = new Date().toISOString();
    await replay({ now: undefined });
    const [, { until }] = listed[0] as [string, { until: string }];
    expect(until >= before).toBe(true);
  });
});
