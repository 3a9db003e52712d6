/** Tests that deliveries are listed, shown and replayed, one or all of them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DeliveryStatus, deliveryId } from '../../lambdas/webhooks/deliveries/delivery.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { type ApiCall, type ApiResponse, apiClient, expectValid } from '../support/openapi.ts';
import { type RecordingReceiver, startRecordingReceiver } from '../support/recording-receiver.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { call, connect } from '../support/test-cloud.ts';
import { arnOf, openStores, type Stores, seedDeliveries } from './webhook-stores.ts';

const HOUR_MS = 60 * 60 * 1000;
const OWNER = 'alice';
let cloud: LocalCloud;
let api: ApiCall;
let stores: Stores;
let receiver: RecordingReceiver;

beforeAll(async () => {
  cloud = await sharedCloud();
  api = apiClient(cloud, OWNER);
  stores = await openStores(cloud);
});
beforeEach(async () => {
  receiver = await startRecordingReceiver();
});
afterEach(() => receiver.close());
afterAll(async () => {
  stores.close();
});

async function register(fields: object = {}): Promise<string> {
  const { data } = await api('POST /endpoints', { json: { url: receiver.url, ...fields } });
  return data.endpoint.endpoint_id;
}

/** Waits until the delivery has the expected state. */
async function until(id: string, isSo: (delivery: ApiResponse['data']) => boolean) {
  for (;;) {
    const { data } = await api(`GET /deliveries/${id}`);
    if (isSo(data)) return data;
    await delay(20);
  }
}

const isDelivered = ({ status }: ApiResponse['data']) => status === 'delivered';

/** Checks an arrived webhook against the `webhooks` of the API document. */
function expectWebhook({ json, headers }: RecordingReceiver['requests'][number]): void {
  const webhook = ['webhooks', 'event', 'post'];
  expectValid([...webhook, 'requestBody', 'content', 'application/json', 'schema'], json);
  ['webhook-id', 'webhook-timestamp', 'webhook-signature'].forEach((name, index) => {
    expectValid([...webhook, 'parameters', String(index), 'schema'], headers[name]);
  });
  expect(headers['webhook-id']).toBe(json.id);
}

test('a test event arrives, and is listed with its attempt', async () => {
  const endpointId = await register();
  const { status, data } = await api(`POST /endpoints/${endpointId}/test`);
  expect(status).toBe(202);
  const { request: shown, ...delivery } = await until(data.delivery_id, isDelivered);
  expect(delivery).toMatchObject({
    delivery_id: data.delivery_id,
    endpoint_id: endpointId,
    event: { type: 'endpoint.test' },
    attempts: [{ http_status: 204 }],
    attempt_count: 1,
  });
  expect(delivery).not.toHaveProperty('job_id');
  const [request] = receiver.requests;
  expect(request?.json).toMatchObject({ type: 'endpoint.test', data: { endpoint_id: endpointId } });
  if (request) expectWebhook(request);
  expect(shown).toEqual({ headers: expect.any(Object), body: request?.body });
  expect(request?.headers).toMatchObject(shown.headers);
  const [{ at }] = delivery.attempts;
  expect(request?.headers['webhook-timestamp']).toBe(String(Math.floor(Date.parse(at) / 1000)));
  expect((await api(`GET /endpoints/${endpointId}/health`)).data).toMatchObject({
    deliveries: 1,
    success_rate: 1,
    last_success_at: at,
  });
  expect((await api(`GET /endpoints/${endpointId}/deliveries`)).data).toEqual({ deliveries: [delivery] });
});

test('a job event arrives as documented, and is listed under the endpoint and the job', async () => {
  const endpointId = await register({ operations: ['echo'], events: ['job.completed'] });
  const client = await connect(cloud, { owner: OWNER });
  const { data } = await call(client, 'start_echo', { text: 'x' });
  await client.close();
  expectWebhook(await receiver.find(({ json }) => json.data?.job_id === data.job_id));
  const { data: ofEndpoint } = await api(`GET /endpoints/${endpointId}/deliveries`);
  const id = ofEndpoint.deliveries[0].delivery_id;
  const { request: _, ...delivery } = await until(id, isDelivered);
  expect(delivery).toMatchObject({ job_id: data.job_id, event: { type: 'job.completed' } });
  expect((await api(`GET /jobs/${data.job_id}/deliveries`)).data.deliveries).toContainEqual(delivery);
});

test('the list of an endpoint is newest first, page by page, without gap or repeat', async () => {
  const endpointId = await register();
  const seeded = await seedDeliveries(stores, {
    owner: OWNER,
    endpointId,
    count: 23,
    fromMs: Date.now() - HOUR_MS,
  });
  const listed: string[] = [];
  let cursor = '';
  do {
    const { data } = await api(
      `GET /endpoints/${endpointId}/deliveries?limit=10${cursor && `&cursor=${cursor}`}`,
    );
    listed.push(...data.deliveries.map(({ delivery_id }: { delivery_id: string }) => delivery_id));
    cursor = data.next_cursor ?? '';
  } while (cursor);
  expect(listed).toEqual(seeded.map((each) => deliveryId(each)).reverse());
});

test('filters select of the list, page by page, and a replay takes what they select', async () => {
  const endpointId = await register();
  const fromMs = Date.now() - HOUR_MS;
  const jobId = randomUUID();
  const common = { owner: OWNER, endpointId, jobId, fromMs };
  const delivered = await seedDeliveries(stores, { ...common, count: 130 });
  const failed = await seedDeliveries(stores, {
    ...common,
    jobId: randomUUID(),
    count: 3,
    fromMs: fromMs + 50_000,
    status: 'failed',
  });
  const list = async (query: string) => {
    const { status, data } = await api(`GET /endpoints/${endpointId}/deliveries?${query}`);
    expect(status).toBe(200);
    return { ids: data.deliveries.map((each: { delivery_id: string }) => each.delivery_id), ...data };
  };
  const failedIds = failed.map((each) => deliveryId(each)).reverse();
  const first = await list('status=failed&limit=2');
  expect(first.ids).toEqual(failedIds.slice(0, 2));
  const rest = await list(`status=failed&limit=2&cursor=${first.next_cursor}`);
  expect([rest.ids, rest.next_cursor]).toEqual([failedIds.slice(2), undefined]);
  const at = (seconds: number) => new Date(fromMs + seconds * 1_000).toISOString();
  const ofJob = await list(`job_id=${jobId}&event=job.completed&since=${at(1)}&until=${at(3)}`);
  expect(ofJob.ids).toEqual([3, 2, 1].map((index) => deliveryId(delivered[index] as never)));
  expect((await list('operation=other')).deliveries).toEqual([]);
  expect((await list('event=job.failed')).deliveries).toEqual([]);

  const selection = { since: at(0), until: at(51), status: 'failed' };
  const { data } = await api(`POST /endpoints/${endpointId}/replay`, { json: selection });
  expect(data).toEqual({ replayed: 2 });
  while (receiver.requests.length < 2) await delay(20);
  const sent = receiver.requests.map(({ headers }) => headers['webhook-id']);
  expect(sent.sort()).toEqual(failed.slice(0, 2).map(({ event }) => event.id));
});

describe('replaying one', () => {
  test('sends a delivered one again, under the same id', async () => {
    const endpointId = await register();
    const { data } = await api(`POST /endpoints/${endpointId}/test`);
    await until(data.delivery_id, isDelivered);
    const replay = await api(`POST /deliveries/${data.delivery_id}/replay`);
    expect(replay).toMatchObject({ status: 202, data: { status: 'pending', attempt_count: 1 } });
    const delivery = await until(data.delivery_id, ({ attempt_count }) => attempt_count === 2);
    expect(delivery).toMatchObject({ status: 'delivered', attempts: [{}, { http_status: 204 }] });
    expect(new Set(receiver.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  test('attempts a pending one now, and restarts its schedule', async () => {
    receiver.status = 503;
    const endpointId = await register();
    const { data } = await api(`POST /endpoints/${endpointId}/test`);
    await until(data.delivery_id, ({ attempt_count }) => attempt_count >= 1);
    receiver.status = 200;
    expect((await api(`POST /deliveries/${data.delivery_id}/replay`)).status).toBe(202);
    const { attempts } = await until(data.delivery_id, isDelivered);
    expect(attempts.at(-1)).toMatchObject({ http_status: 200 });
  });

  test('ten times at once posts once, and every post is on record', async () => {
    const endpointId = await register();
    const { data } = await api(`POST /endpoints/${endpointId}/test`);
    await until(data.delivery_id, isDelivered);
    const { promise, resolve } = Promise.withResolvers<void>();
    receiver.held = promise;
    const replays = Array.from({ length: 10 }, () => api(`POST /deliveries/${data.delivery_id}/replay`));
    const statuses = (await Promise.all(replays)).map(({ status }) => status);
    resolve();
    expect(statuses.sort()).toEqual([202, ...Array(9).fill(409)]);
    const { attempts } = await until(data.delivery_id, isDelivered);
    expect([attempts.length, receiver.requests.length]).toEqual([2, 2]);
  });

  test('refuses a held one', async () => {
    const endpointId = await register();
    const [held] = await seedDeliveries(stores, {
      owner: OWNER,
      endpointId,
      count: 1,
      fromMs: Date.now(),
      status: DeliveryStatus.held,
    });
    const { status, data } = await api(`POST /deliveries/${held && deliveryId(held)}/replay`);
    expect([status, data.error.code]).toEqual([409, 'DELIVERY_HELD']);
  });

  test('is refused while its endpoint is disabled or deleted, and leaves a delivered one unchanged', async () => {
    const endpointId = await register();
    const { data } = await api(`POST /endpoints/${endpointId}/test`);
    await until(data.delivery_id, isDelivered);
    await api(`PATCH /endpoints/${endpointId}`, { json: { enabled: false } });
    for (const route of [
      `POST /deliveries/${data.delivery_id}/replay`,
      `POST /endpoints/${endpointId}/test`,
    ]) {
      const refused = await api(route);
      expect([refused.status, refused.data.error.code]).toEqual([409, 'ENDPOINT_INACTIVE']);
    }
    const all = await api(`POST /endpoints/${endpointId}/replay`, {
      json: { since: '2020-01-01T00:00:00Z' },
    });
    expect([all.status, all.data.error.code]).toEqual([409, 'ENDPOINT_INACTIVE']);
    await api(`DELETE /endpoints/${endpointId}`);
    const refused = await api(`POST /deliveries/${data.delivery_id}/replay`);
    expect([refused.status, refused.data.error.code]).toEqual([409, 'ENDPOINT_INACTIVE']);
    expect(isDelivered((await api(`GET /deliveries/${data.delivery_id}`)).data)).toBe(true);
  });

  test.each([
    ['text', 'nonsense'],
    ['an id that nobody has', `${randomUUID()}.0000000000001.ep_x`],
    ['an id with a short version', `${randomUUID()}.1.ep_x`],
    ['a zero', '%00'],
    ['a long text', 'a'.repeat(1_000)],
  ])('of %s is refused', async (_what, id) => {
    for (const route of [`GET /deliveries/${id}`, `POST /deliveries/${id}/replay`]) {
      const { status, data } = await api(route);
      expect([status, data.error.code]).toEqual([404, 'DELIVERY_NOT_FOUND']);
    }
  });

  test('refuses an expired one, although DynamoDB has not deleted it yet', async () => {
    const endpointId = await register();
    const common = { owner: OWNER, endpointId, count: 1, fromMs: Date.now() };
    const [expired = { jobId: '', deliveryKey: '' }] = await seedDeliveries(stores, {
      ...common,
      keptSeconds: -1,
    });
    for (const route of ['GET', 'POST']) {
      const suffix = route === 'POST' ? '/replay' : '';
      expect((await api(`${route} /deliveries/${deliveryId(expired)}${suffix}`)).status).toBe(404);
    }
    expect((await api(`GET /endpoints/${endpointId}/deliveries`)).data).toEqual({ deliveries: [] });
  });
});

describe('replaying all since a time', () => {
  const replay = (endpointId: string, json: object) => api(`POST /endpoints/${endpointId}/replay`, { json });

  test('skips pending and held ones', async () => {
    const endpointId = await register();
    const common = { owner: OWNER, endpointId, count: 1, fromMs: Date.now() - HOUR_MS };
    for (const status of Object.values(DeliveryStatus)) await seedDeliveries(stores, { ...common, status });
    const { data } = await replay(endpointId, { since: '2020-01-01T00:00:00+02:00' });
    expect(data).toEqual({ replayed: 3 });
    while (receiver.requests.length < 3) await delay(20);
    const { data: after } = await api(`GET /endpoints/${endpointId}/deliveries`);
    expect(after.deliveries.filter(({ status }: { status: string }) => status === 'held')).toHaveLength(1);
  });

  const cursorOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const position = {
    createdAt: '2026-01-01T00:00:00Z',
    jobId: randomUUID(),
    deliveryKey: '0000000000001.ep_x',
  };

  test.each<[string, object, string]>([
    ['nothing', {}, 'since, cursor:'],
    ['both', { since: '2020-01-01T00:00:00Z', cursor: 'x' }, 'since, cursor:'],
    ['a filter of a cursor', { status: 'failed', cursor: 'x' }, 'since, cursor:'],
    ['a filter without a time', { status: 'failed' }, 'since, cursor:'],
    ['an unknown status', { since: '2020-01-01T00:00:00Z', status: 'lost' }, 'status:'],
    ['an end before its start', { since: '2020-01-01T00:00:00Z', until: '2019-01-01T00:00:00Z' }, 'until:'],
    ['a day', { since: '2020-01-01' }, 'since:'],
    ['a day that there is not', { since: '2021-02-29T00:00:00Z' }, 'since:'],
    ['a time without its zone', { since: '2020-01-01T00:00:00' }, 'since:'],
    ['the future', { since: '2999-01-01T00:00:00Z' }, 'since:'],
    ['the end of the calendar', { since: '9999-12-31T23:59:59-12:00' }, 'since:'],
    ['a number', { since: 0 }, 'since:'],
    ['a cursor that is none', { cursor: 'nonsense' }, 'cursor:'],
    ['a cursor of a listing', { cursor: cursorOf(position) }, 'cursor:'],
    [
      'a cursor with an unknown filter',
      { cursor: cursorOf({ until: '2027-01-01T00:00:00Z', after: position, filter: { owner: 'bob' } }) },
      'cursor:',
    ],
    [
      'a cursor past its end',
      { cursor: cursorOf({ until: '2025-01-01T00:00:00Z', after: position }) },
      'cursor:',
    ],
  ])('refuses %s', async (_what, json, message) => {
    const { status, data } = await replay(await register(), json);
    expect(status).toBe(400);
    expect(data.error.message).toContain(message);
  });

  test('accepts the earliest possible time', async () => {
    expect((await replay(await register(), { since: '0000-01-01T00:00:00+14:00' })).data).toEqual({
      replayed: 0,
    });
  });
});

test("another owner's deliveries look unknown on every route", async () => {
  const endpointId = await register();
  const { data: sent } = await api(`POST /endpoints/${endpointId}/test`);
  await until(sent.delivery_id, isDelivered);
  const mallory = apiClient(cloud, 'mallory');
  const unknown = {
    endpoint: `ep_${'f'.repeat(32)}`,
    delivery: `${randomUUID()}.0000000000001.${endpointId}`,
  };
  const real = { endpoint: endpointId, delivery: sent.delivery_id };
  const requests: [string, object?][] = [
    ['GET /endpoints/{endpoint}'],
    ['PATCH /endpoints/{endpoint}', { enabled: false }],
    ['DELETE /endpoints/{endpoint}'],
    ['POST /endpoints/{endpoint}/test'],
    ['POST /endpoints/{endpoint}/secret'],
    ['GET /endpoints/{endpoint}/deliveries'],
    ['GET /endpoints/{endpoint}/deliveries?status=failed'],
    ['GET /endpoints/{endpoint}/health'],
    ['POST /endpoints/{endpoint}/replay', { since: '2020-01-01T00:00:00Z' }],
    ['GET /deliveries/{delivery}'],
    ['POST /deliveries/{delivery}/replay'],
  ];
  for (const [route, json] of requests) {
    const [foreign, missing] = await Promise.all(
      [real, unknown].map((ids) =>
        mallory(
          route.replace(/\{(\w+)\}/, (_, name: keyof typeof ids) => ids[name]),
          { json },
        ),
      ),
    );
    expect([route, foreign?.status, foreign?.data]).toEqual([route, 404, missing?.data]);
  }
  expect((await mallory('GET /endpoints')).data).toEqual({ endpoints: [] });
  const endpoint = await stores.endpoints.get(arnOf(OWNER), endpointId);
  expect(endpoint).toMatchObject({ secrets: [{}] });
  expect(endpoint).not.toHaveProperty('disabled');
  expect(receiver.requests).toHaveLength(1);
});
