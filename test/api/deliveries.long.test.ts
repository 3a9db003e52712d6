/** Tests the replay of more deliveries than one call reads, which is too slow for `npm test`. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { apiClient } from '../support/openapi.ts';
import { startRecordingReceiver } from '../support/recording-receiver.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { openStores, seedDeliveries } from './webhook-stores.ts';

const HOUR_MS = 60 * 60 * 1000;
const OWNER = 'alice';

test('a replay reads more than a thousand deliveries, call by call, and replays each finished one once', async () => {
  const cloud = await sharedCloud();
  const api = apiClient(cloud, OWNER);
  const stores = await openStores(cloud);
  const receiver = await startRecordingReceiver();
  const { data: created } = await api('POST /endpoints', { json: { url: receiver.url } });
  const endpointId = created.endpoint.endpoint_id;
  const replay = (json: object) => api(`POST /endpoints/${endpointId}/replay`, { json });
  const fromMs = Date.now() - 2 * HOUR_MS;
  const common = { owner: OWNER, endpointId };
  const early = await seedDeliveries(stores, { ...common, count: 3, fromMs: fromMs - HOUR_MS });
  const pending = await seedDeliveries(stores, { ...common, count: 900, fromMs, status: 'pending' });
  // The first call ends in the middle of these.
  const finished = await seedDeliveries(stores, { ...common, count: 110, fromMs: fromMs + 900_000 });
  let response = await replay({ since: new Date(fromMs).toISOString() });
  expect(response).toMatchObject({ status: 202, data: { next_cursor: expect.any(String) } });
  // Created after the replay began, so not a part of it.
  const { data: later } = await api(`POST /endpoints/${endpointId}/test`);
  while ((await api(`GET /deliveries/${later.delivery_id}`)).data.status !== 'delivered') await delay(20);
  // The thousandth delivery of this replay.
  const reachedAt = new Date(fromMs + 999_000).toISOString();
  expect(response.data.reached_at).toBe(reachedAt);
  let replayed = response.data.replayed;
  expect(replayed).toBe(100);
  while (response.data.next_cursor) {
    response = await replay({ cursor: response.data.next_cursor });
    replayed += response.data.replayed;
  }
  expect(replayed).toBe(110);
  while (receiver.requests.length < 111) await delay(20);
  const counts = Map.groupBy(receiver.requests, ({ headers }) => headers['webhook-id']);
  expect(finished.filter(({ event }) => counts.get(event.id)?.length !== 1)).toEqual([]);
  expect([...early, ...pending].filter(({ event }) => counts.has(event.id))).toEqual([]);
  expect(receiver.requests).toHaveLength(111);
  receiver.close();
  stores.close();
});
