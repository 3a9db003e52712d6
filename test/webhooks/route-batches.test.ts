/** Tests how many deliveries are written at once, and which are listed under their endpoint. */

import { jest } from '@jest/globals';
import type { StreamEvent } from '../../lambdas/events/event-sink.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import type { DeliveryQueue } from '../../lambdas/webhooks/deliveries/delivery-queue.ts';
import type { DeliveryStore } from '../../lambdas/webhooks/deliveries/delivery-store.ts';
import { CALLBACKS_ID, type Endpoint } from '../../lambdas/webhooks/endpoints/endpoint.ts';
import type { EndpointStore } from '../../lambdas/webhooks/endpoints/endpoint-store.ts';
import { EventRouter } from '../../lambdas/webhooks/route-events.ts';

afterEach(() => jest.restoreAllMocks());

const event = (id: string, callback?: object) =>
  ({
    event: { id, type: 'job.completed', data: {} },
    job: { jobId: 'job', owner: 'alice', version: 3, expiresAt: 0, callback },
  }) as unknown as StreamEvent;

let written: [string, unknown][];
let mostAtOnce: number;
let lists: string[];

function routerOf(endpoints: readonly object[], failure?: Error): EventRouter {
  written = [];
  lists = [];
  mostAtOnce = 0;
  let atOnce = 0;
  const deliveries = {
    create: async ({ endpointId }: { endpointId: string }, options: unknown) => {
      written.push([endpointId, options]);
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      if (failure) throw failure;
    },
  };
  const list = async (owner: string) => {
    lists.push(owner);
    return endpoints;
  };
  return new EventRouter(
    { list } as unknown as EndpointStore,
    deliveries as unknown as DeliveryStore,
    { sendAll: async () => new Set() } as unknown as DeliveryQueue,
    { jobs: { watchSubscribed: async () => {} }, isOfAll: false },
  );
}

const endpoint = (endpointId: string) =>
  ({ endpointId, kind: 'webhook', events: ['job.completed'] }) as unknown as Endpoint;

test('at most fifty deliveries are written at once', async () => {
  const router = routerOf(Array.from({ length: 120 }, (_, index) => endpoint(`ep_${index}`)));
  await router.send([event('1')]);
  expect(written).toHaveLength(120);
  expect(mostAtOnce).toBe(50);
});

test('endpoints of one owner are read once a batch', async () => {
  await routerOf([]).send([event('1'), event('2')]);
  expect(lists).toEqual(['alice']);
});

test('only deliveries of an endpoint are listed under it', async () => {
  const callback = { url: 'https://example.com/', events: ['job.completed'] };
  await routerOf([endpoint('ep_1')]).send([event('1', callback)]);
  expect(written).toEqual([
    [CALLBACKS_ID, { listed: false }],
    ['ep_1', { listed: true }],
  ]);
});

test('a delivery that is not recorded is logged with its event', async () => {
  const warn = jest.spyOn(log, 'warn').mockImplementation(() => {});
  const error = new Error('throttled');
  const first = event('1');
  expect(await routerOf([endpoint('ep_1')], error).send([first])).toEqual({ failed: [first], refused: [] });
  expect(warn).toHaveBeenCalledWith('A delivery was not recorded', {
    job_id: 'job',
    owner: 'alice',
    delivery_id: 'job.0000000000003.ep_1',
    error,
  });
});
