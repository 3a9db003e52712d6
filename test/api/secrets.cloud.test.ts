/** Tests that a secret is returned once, rotates with an overlap, and appears nowhere else. */

import { secretRoutes } from '../../lambdas/api/secrets.ts';
import type { EndpointStore } from '../../lambdas/webhooks/endpoints/endpoint-store.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { isSignedWith } from '../support/event-receiver.ts';
import { type ApiCall, apiClient } from '../support/openapi.ts';
import { type RecordingReceiver, startRecordingReceiver } from '../support/recording-receiver.ts';
import { seal } from '../support/seal.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { call, connect } from '../support/test-cloud.ts';
import { arnOf, openStores, type Stores } from './webhook-stores.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const logs: string[] = [];
const responses: string[] = [];
let cloud: LocalCloud;
let receiver: RecordingReceiver;
let stores: Stores;

beforeAll(async () => {
  cloud = await sharedCloud('test', { onLog: (_name, line) => logs.push(line) });
  receiver = await startRecordingReceiver();
  stores = await openStores(cloud);
});
afterAll(async () => {
  stores.close();
  receiver.close();
});

/** Records every response, to search it for secrets. */
function recording(owner: string): ApiCall {
  const api = apiClient(cloud, owner);
  return async (...args) => {
    const response = await api(...args);
    responses.push(JSON.stringify([response.data, [...response.headers]]));
    return response;
  };
}

function timesTold(secret: string): number {
  return [...responses, ...logs].filter((text) => text.includes(secret.slice('whsec_'.length))).length;
}

async function testEvent(api: ApiCall, endpointId: string) {
  const { data } = await api(`POST /endpoints/${endpointId}/test`);
  return receiver.find(({ headers }) =>
    data.delivery_id.startsWith(headers['webhook-id']?.split('.')[0] ?? '-'),
  );
}

test('both secrets sign for a day after a rotation, and each is returned once', async () => {
  const api = recording('alice');
  const { data } = await api('POST /endpoints', { json: { url: receiver.url } });
  const id = data.endpoint.endpoint_id;
  const before = Date.now();
  const rotation = await api(`POST /endpoints/${id}/secret`);
  expect(rotation.status).toBe(200);
  expect(rotation.headers.get('cache-control')).toBe('no-store');
  const expiry = Date.parse(rotation.data.previous_secret_expires_at);
  expect(expiry).toBeGreaterThanOrEqual(before + DAY_MS);
  expect(expiry).toBeLessThanOrEqual(Date.now() + DAY_MS);
  const received = await testEvent(api, id);
  const [oldSecret, newSecret] = [data.secret, rotation.data.secret];
  expect([oldSecret, newSecret].map((secret) => isSignedWith(secret, received))).toEqual([true, true]);

  for (const route of [
    'GET /endpoints',
    `GET /endpoints/${id}`,
    `GET /endpoints/${id}/deliveries`,
    'GET /.well-known/webhook-keys',
  ])
    await api(route);
  await api(`PATCH /endpoints/${id}`, { json: { description: 'x' } });
  expect([timesTold(oldSecret), timesTold(newSecret)]).toEqual([1, 1]);
});

test('a second rotation within the day keeps the overlap of the first secret', async () => {
  const api = recording('bob');
  const { data } = await api('POST /endpoints', { json: { url: receiver.url } });
  const id = data.endpoint.endpoint_id;
  const second = (await api(`POST /endpoints/${id}/secret`)).data.secret;
  const third = (await api(`POST /endpoints/${id}/secret`)).data.secret;
  const received = await testEvent(api, id);
  for (const secret of [data.secret, second, third]) {
    expect(isSignedWith(secret, received)).toBe(true);
    expect(timesTold(secret)).toBe(1);
  }
});

test('concurrent rotations lose no secret: every returned secret signs', async () => {
  const api = recording('carol');
  const { data } = await api('POST /endpoints', { json: { url: receiver.url } });
  const id = data.endpoint.endpoint_id;
  const all = await Promise.all(Array.from({ length: 8 }, () => api(`POST /endpoints/${id}/secret`)));
  const told = all.filter(({ status }) => status === 200).map((each) => each.data.secret);
  expect(all.every(({ status }) => status === 200 || status === 409)).toBe(true);
  const kept = await stores.secretsOf(arnOf('carol'), id);
  // Newest first, up to the number that may sign at once.
  expect(kept).toHaveLength(Math.min(told.length + 1, 5));
  expect([data.secret, ...told]).toEqual(expect.arrayContaining([...kept]));
});

test('a rotation that loses to another gets 409, without a retry', async () => {
  let updates = 0;
  const endpoints = {
    get: async () => ({ owner: 'o', endpointId: 'callbacks', kind: 'callbacks', secrets: [] }),
    update: async () => {
      updates += 1;
      return undefined;
    },
  } as unknown as EndpointStore;
  const routes = secretRoutes({ endpoints, signingKeys: {} as never, seal });
  const request = { owner: 'o', expectNoInput() {} } as never;
  await expect(routes['POST /callback-secret'](request)).rejects.toMatchObject({ code: 'CONFLICT' });
  expect(updates).toBe(1);
});

test('the first call creates the secret of callbacks, and the next replaces it', async () => {
  const api = recording('dave');
  const first = await api('POST /callback-secret');
  expect(first.data).toEqual({ secret: expect.stringMatching(/^whsec_/) });
  const second = await api('POST /callback-secret', { json: {} });
  expect(second.data.previous_secret_expires_at).toEqual(expect.any(String));
  const client = await connect(cloud, { owner: 'dave' });
  const { data } = await call(client, 'start_echo', { text: 'x', callback_url: receiver.url });
  await client.close();
  const received = await receiver.find(({ json }) => json.data?.job_id === data.job_id);
  for (const { data: told } of [first, second]) {
    expect(isSignedWith(told.secret, received)).toBe(true);
    expect(timesTold(told.secret)).toBe(1);
  }
});

test('of concurrent first calls only one creates the secret', async () => {
  const api = recording('erin');
  const all = await Promise.all(Array.from({ length: 8 }, () => api('POST /callback-secret')));
  const told = all.filter(({ status }) => status === 200).map(({ data }) => data.secret);
  const kept = await stores.secretsOf(arnOf('erin'), 'callbacks');
  expect(told).toEqual(expect.arrayContaining([...kept]));
  expect(kept).toHaveLength(Math.min(told.length, 5));
});

test('the public keys need no credential and may be cached', async () => {
  const response = await fetch(new URL('/.well-known/webhook-keys', cloud.url));
  expect(response.status).toBe(200);
  const { headers, data } = await apiClient(cloud, 'nobody')('GET /.well-known/webhook-keys');
  expect(headers.get('cache-control')).toBe('public, max-age=300');
  expect(await response.json()).toEqual(data);
  expect(data.keys).toHaveLength(1);
});
