/** Tests that an owner registers, reads, changes, pauses and deletes endpoints. */
import { randomBytes } from 'node:crypto';
import type { Endpoint } from '../../lambdas/webhooks/endpoints/endpoint.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { type ApiCall, apiClient } from '../support/openapi.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { arnOf, openStores, type Stores } from './webhook-stores.ts';

const URL_HERE = 'http://127.0.0.1:9/hook';

let cloud: LocalCloud;
let api: ApiCall;
let stores: Stores;

beforeAll(async () => {
  cloud = await sharedCloud();
  api = apiClient(cloud, 'alice');
  stores = await openStores(cloud);
});
afterAll(async () => {
  stores.close();
});

async function create(fields: object = {}): Promise<string> {
  const { data } = await api('POST /endpoints', { json: { url: URL_HERE, ...fields } });
  return data.endpoint.endpoint_id;
}

describe('registering', () => {
  test('returns the endpoint, its secret, and its location', async () => {
    const { status, data, headers } = await api('POST /endpoints', { json: { url: URL_HERE } });
    expect(status).toBe(201);
    expect(data).toEqual({
      endpoint: {
        endpoint_id: expect.stringMatching(/^ep_[0-9a-f]{32}$/),
        url: URL_HERE,
        events: ['job.input_required', 'job.completed', 'job.failed', 'job.cancelled'],
        operations: null,
        answer_links: true,
        enabled: true,
        created_at: expect.any(String),
        updated_at: expect.any(String),
      },
      secret: expect.stringMatching(/^whsec_/),
    });
    expect(headers.get('cache-control')).toBe('no-store');
    const location = new URL(headers.get('location') ?? '', new URL('/v1/endpoints', cloud.url));
    expect(location.pathname).toBe(`/v1/endpoints/${data.endpoint.endpoint_id}`);
    expect((await api(`GET /endpoints/${data.endpoint.endpoint_id}`)).data).toEqual(data.endpoint);
  });

  test('accepts events, operations and a description, each name once', async () => {
    const fields = {
      events: ['job.failed', 'job.failed'],
      operations: ['echo', 'probe', 'echo'],
      description: 'Pager',
    };
    const { data } = await api('POST /endpoints', { json: { url: URL_HERE, ...fields } });
    expect(data.endpoint).toMatchObject({
      events: ['job.failed'],
      operations: ['echo', 'probe'],
      description: 'Pager',
    });
  });

  test.each<[string, object, string, string]>([
    ['no url', {}, 'INVALID_ARGUMENTS', 'url:'],
    ['a url that is a number', { url: 7 }, 'INVALID_ARGUMENTS', 'url:'],
    ['no URL', { url: 'nonsense' }, 'URL_REFUSED', 'url:'],
    ['http', { url: 'http://hooks.example.org/' }, 'URL_REFUSED', 'https'],
    ['credentials', { url: 'https://a:b@hooks.example.org/' }, 'URL_REFUSED', 'url:'],
    ['a private address', { url: 'https://10.0.0.1/' }, 'URL_REFUSED', 'url:'],
    ['the metadata service', { url: 'https://169.254.169.254/latest' }, 'URL_REFUSED', 'url:'],
    ['a port that is not allowed', { url: 'https://93.184.216.34:22/' }, 'URL_REFUSED', '22'],
    ['a local name', { url: 'https://db.internal/' }, 'URL_REFUSED', 'internal'],
    ['an unknown event', { url: URL_HERE, events: ['job.done'] }, 'INVALID_ARGUMENTS', '"job.done"'],
    ['the test event', { url: URL_HERE, events: ['endpoint.test'] }, 'INVALID_ARGUMENTS', 'job.completed'],
    ['no event', { url: URL_HERE, events: [] }, 'INVALID_ARGUMENTS', 'events:'],
    ['an event by another type', { url: URL_HERE, events: [7] }, 'INVALID_ARGUMENTS', 'events.0:'],
    ['an unknown operation', { url: URL_HERE, operations: ['biuld'] }, 'INVALID_ARGUMENTS', '"biuld"'],
    ['an inherited name', { url: URL_HERE, operations: ['toString'] }, 'INVALID_ARGUMENTS', '"toString"'],
    ['operations that are null', { url: URL_HERE, operations: null }, 'INVALID_ARGUMENTS', 'operations:'],
    [
      'a long description',
      { url: URL_HERE, description: 'x'.repeat(501) },
      'INVALID_ARGUMENTS',
      'description:',
    ],
    ['a secret of one’s own', { url: URL_HERE, secret: 'whsec_x' }, 'INVALID_ARGUMENTS', '"secret"'],
    ['another owner', { url: URL_HERE, owner: 'bob' }, 'INVALID_ARGUMENTS', '"owner"'],
    ['a kind', { url: URL_HERE, kind: 'callbacks' }, 'INVALID_ARGUMENTS', '"kind"'],
  ])('refuses %s', async (_what, json, code, message) => {
    const { status, data } = await api('POST /endpoints', { json });
    expect([status, data.error.code]).toEqual([400, code]);
    expect(data.error.message).toContain(message);
  });

  test('lists the known events and operations in the error', async () => {
    const events = await api('POST /endpoints', { json: { url: URL_HERE, events: ['job.done'] } });
    expect(events.data.error.message).toMatch(/Expected one of: job\.created, .*job\.cancelled\./);
    const operations = await api('POST /endpoints', { json: { url: URL_HERE, operations: ['biuld'] } });
    expect(operations.data.error.message).toMatch(/Expected one of: ask, .*take\b/);
  });

  test('refuses a host whose name does not resolve', async () => {
    const url = `https://${randomBytes(8).toString('hex')}.example.org/`;
    const { data } = await api('POST /endpoints', { json: { url } });
    expect(data.error).toMatchObject({
      code: 'URL_REFUSED',
      message: expect.stringContaining('does not resolve'),
    });
  });

  test('has a limit of a hundred, other kinds included, until one is deleted', async () => {
    const erin = apiClient(cloud, 'erin');
    const ids: string[] = [];
    for (let count = 0; count < 99; count += 1) {
      ids.push((await erin('POST /endpoints', { json: { url: URL_HERE } })).data.endpoint.endpoint_id);
    }
    expect((await erin('POST /callback-secret')).status).toBe(200);
    const refused = await erin('POST /endpoints', { json: { url: URL_HERE } });
    expect(refused).toMatchObject({
      status: 429,
      data: { error: { code: 'RESOURCE_EXHAUSTED', details: { max: 100 } } },
    });
    expect((await erin('GET /endpoints')).data.endpoints.map(idOf)).toEqual(ids);
    // Existing endpoints can still be changed.
    expect((await erin('POST /callback-secret')).status).toBe(200);
    await erin(`DELETE /endpoints/${ids[0]}`);
    expect((await erin('POST /endpoints', { json: { url: URL_HERE } })).status).toBe(201);
  });
});

const idOf = ({ endpoint_id }: { endpoint_id: string }) => endpoint_id;

describe('changing', () => {
  test('writes the given properties and leaves the rest', async () => {
    const id = await create({ events: ['job.failed'], operations: ['echo'], description: 'first' });
    const before = (await api(`GET /endpoints/${id}`)).data;
    const url = 'http://127.0.0.1:10/other';
    const { status, data } = await api(`PATCH /endpoints/${id}`, { json: { url } });
    expect(status).toBe(200);
    expect(data).toEqual({ ...before, url, updated_at: expect.any(String) });
    const json = { events: ['job.created'], operations: null, description: null };
    const { data: after } = await api(`PATCH /endpoints/${id}`, { json });
    const { description: _, ...rest } = data;
    expect(after).toEqual({
      ...rest,
      events: ['job.created'],
      operations: null,
      updated_at: expect.any(String),
    });
    expect((await api(`GET /endpoints/${id}`)).data).toEqual(after);
  });

  test('disables and enables, for any reason of the disabling', async () => {
    const id = await create();
    const disabled = await api(`PATCH /endpoints/${id}`, { json: { enabled: false } });
    expect(disabled.data).toMatchObject({ enabled: false, disabled: { reason: 'by_owner' } });
    await api(`PATCH /endpoints/${id}`, { json: { enabled: true } });
    const endpoint = await stores.endpoints.get(arnOf('alice'), id);
    await stores.endpoints.disableGone(endpoint as Endpoint, endpoint?.url ?? '');
    expect((await api(`GET /endpoints/${id}`)).data).toMatchObject({
      enabled: false,
      disabled: { reason: 'gone' },
    });
    const enabled = await api(`PATCH /endpoints/${id}`, { json: { enabled: true } });
    expect(enabled.data.enabled).toBe(true);
    expect(enabled.data).not.toHaveProperty('disabled');
  });

  test.each<[string, object, string]>([
    ['nothing', {}, 'at least one property'],
    ['a url that is null', { url: null }, 'url:'],
    ['events that are null', { events: null }, 'events:'],
    ['a private address', { url: 'https://192.168.0.1/' }, 'url:'],
    ['an unknown event', { events: ['job.completed', 'x'] }, '"x"'],
    ['an unknown operation', { operations: ['echo', 'x'] }, '"x"'],
    ['enabled as text', { enabled: 'false' }, 'enabled:'],
    ['a secret', { secrets: [] }, '"secrets"'],
    ['its id', { endpoint_id: 'ep_' }, '"endpoint_id"'],
  ])('refuses %s, and changes nothing', async (_what, json, message) => {
    const id = await create();
    const before = (await api(`GET /endpoints/${id}`)).data;
    const { status, data } = await api(`PATCH /endpoints/${id}`, { json });
    expect(status).toBe(400);
    expect(data.error.message).toContain(message);
    expect((await api(`GET /endpoints/${id}`)).data).toEqual(before);
  });
});

test('a deleted endpoint is gone', async () => {
  const id = await create();
  expect((await api(`DELETE /endpoints/${id}`)).status).toBe(204);
  for (const route of [`GET /endpoints/${id}`, `DELETE /endpoints/${id}`, `POST /endpoints/${id}/test`]) {
    expect((await api(route)).status).toBe(404);
  }
  expect((await api('GET /endpoints')).data.endpoints.map(idOf)).not.toContain(id);
});

test('endpoints of other kinds are neither listed nor found', async () => {
  const kinds = [
    { endpointId: 'callbacks', kind: 'callbacks' },
    { endpointId: `ep_${'0'.repeat(32)}`, kind: 'subscription' },
    { endpointId: `ep_${'1'.repeat(32)}`, kind: 'mailbox' },
  ] as const;
  for (const each of kinds) {
    await stores.endpoints.put({ owner: arnOf('frank'), events: ['job.failed'], secrets: [], ...each });
  }
  const frank = apiClient(cloud, 'frank');
  expect((await frank('GET /endpoints')).data).toEqual({ endpoints: [] });
  for (const { endpointId } of kinds) {
    expect((await frank(`GET /endpoints/${endpointId}`)).status).toBe(404);
    expect((await frank(`DELETE /endpoints/${endpointId}`)).status).toBe(404);
    expect((await frank(`POST /endpoints/${endpointId}/secret`)).status).toBe(404);
    expect((await frank(`GET /endpoints/${endpointId}/deliveries`)).status).toBe(404);
  }
  expect(await stores.endpoints.list(arnOf('frank'))).toHaveLength(3);
});
