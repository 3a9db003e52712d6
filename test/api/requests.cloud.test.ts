/** Tests that each invalid request gets an error with the reason, and never a 500. */
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { routes, UNKNOWN_ROUTE } from '../../lambdas/api/routes.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { anyCharacter } from '../support/any-character.ts';
import { type ApiCall, apiClient } from '../support/openapi.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { signedAs } from '../support/test-cloud.ts';

const URL_HERE = 'http://127.0.0.1:9/hook';
const logs: string[] = [];
let cloud: LocalCloud;
let api: ApiCall;
let operate: ApiCall;
let endpointId: string;

beforeAll(async () => {
  cloud = await sharedCloud('test', {
    onLog: (name, line) => name.startsWith('Management') && logs.push(line),
  });
  api = apiClient(cloud, 'alice');
  operate = apiClient(cloud, 'operator');
  const { data } = await api('POST /endpoints', { json: { url: URL_HERE } });
  endpointId = data.endpoint.endpoint_id;
});

describe('a body', () => {
  test.each([
    ['that is cut off', '{"url":'],
    ['that is text', 'url=x'],
    ['with two values', '{}{}'],
    ['of white space', ' '],
    ['that is a list', '[]'],
    ['that is null', 'null'],
    ['that is a number', '1e999'],
    ['that is deep', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['that is deep within', `{"url":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`],
    ['with another prototype', '{"__proto__":{"url":"http://127.0.0.1:9/"}}'],
    ['with a constructor', '{"url":"http://127.0.0.1:9/","constructor":{"prototype":{"enabled":true}}}'],
    ['with many faults', JSON.stringify({ url: URL_HERE, events: Array(100).fill(7) })],
  ])('%s is refused', async (_what, text) => {
    for (const route of ['POST /endpoints', `PATCH /endpoints/${endpointId}`]) {
      const { status, data } = await api(route, { text });
      expect([status, data.error.code]).toEqual([400, 'INVALID_ARGUMENTS']);
      expect(data.error.message.length).toBeLessThan(1_000);
    }
  });

  test('leaves the prototypes as they are', () => {
    expect(Object.getOwnPropertyNames({})).toEqual([]);
    expect('enabled' in {}).toBe(false);
  });

  test('of 64 KiB is accepted, and one more byte is too large', async () => {
    const text = (bytes: number) => JSON.stringify({ url: URL_HERE }).padEnd(bytes, ' ');
    expect((await api('POST /endpoints', { text: text(65_536) })).status).toBe(201);
    const { status, data } = await api('POST /endpoints', { text: text(65_537) });
    expect([status, data.error]).toEqual([
      413,
      expect.objectContaining({ code: 'INPUT_TOO_LARGE', details: { bytes: 65_537, max: 65_536 } }),
    ]);
    // The limit counts bytes, not characters.
    const snowmen = await api('POST /endpoints', {
      json: { url: URL_HERE, description: '☃'.repeat(30_000) },
    });
    expect(snowmen.status).toBe(413);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/json-patch+json',
    '',
  ])('declared as %p is refused', async (type) => {
    const { status, data } = await api('POST /endpoints', {
      json: { url: URL_HERE },
      headers: { 'content-type': type },
    });
    expect([status, data.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  test.each(['application/json; charset=utf-8', 'Application/JSON', 'application/json ;charset=utf-8'])(
    'declared as %p is taken',
    async (type) => {
      const headers = { 'content-type': type };
      expect((await api('POST /endpoints', { json: { url: URL_HERE }, headers })).status).toBe(201);
    },
  );

  test('is refused on a route without a body, unless it is empty', async () => {
    for (const [text, status] of [
      ['{"force":true}', 400],
      ['[]', 400],
      ['x', 400],
      ['{}', 202],
    ] as const) {
      expect([text, (await api(`POST /endpoints/${endpointId}/test`, { text })).status]).toEqual([
        text,
        status,
      ]);
    }
  });
});

test('every route refuses an unknown parameter', async () => {
  for (const route of routes) {
    const { method, path } = route;
    // Identity providers return to the console with parameters of their own. Documents are the same for every request.
    if (path === '/console' || 'isDocument' in route) continue;
    const target = path.replace('{endpoint_id}', endpointId).replaceAll(/\{\w+\}/g, randomUUID());
    const send = path.startsWith('/operator/') ? operate : api;
    const { status, data } = await send(`${method} ${target}?verbose=1`);
    expect([path, status, data.error.code]).toEqual([path, 400, 'INVALID_ARGUMENTS']);
    expect(data.error.message).toContain('"verbose"');
  }
});

test.each([
  ['GET', '/jobs/x/y'],
  ['GET', '/jobs%2F7'],
  ['GET', '/jobs/%2e%2e/endpoints/x/y'],
  ['GET', '/unknown'],
  ['GET', '/operator%2Ffindings'],
  ['GET', '/console/a/b'],
  ['PUT', '/jobs'],
  ['DELETE', '/jobs/7'],
  ['OPTIONS', '/jobs'],
])('%s %s is not found, as an error of the API', async (method, path) => {
  const response = await fetch(new URL(path, cloud.url), {
    method,
    headers: { authorization: signedAs('alice') },
  });
  expect([response.status, await response.json()]).toEqual([404, { error: UNKNOWN_ROUTE }]);
});

test.each(['/jobs/%00', '/jobs/..%2F..', '/jobs/%7Bjob_id%7D', '/jobs//%2e%2e%2f/'])(
  'a hostile id is the id of no job: %s',
  async (path) => {
    const response = await fetch(new URL(path, cloud.url), { headers: { authorization: signedAs('alice') } });
    expect(response.status).toBe(404);
  },
);

test.each(['/jobs/', '//jobs', '/jobs//'])('%s is the path of the jobs', async (path) => {
  const target = `${cloud.url}${path}?limit=1`;
  const response = await fetch(target, { headers: { authorization: signedAs('alice') } });
  expect([response.status, await response.json()]).toEqual([200, { jobs: [] }]);
});

test('no mangled request gets a 500', async () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: anyCharacter }),
    fc.constantFrom('__proto__', 'constructor', '', '\0', 'ep_', '\u{202e}', 'null', '-1', '1e400'),
  );
  const id = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => !/^\.{1,2}$/.test(value)),
    fc.uuid(),
    fc.constantFrom('real', 'callbacks', `ep_${'0'.repeat(32)}`, `${randomUUID()}.0000000000001.ep_x`),
  );
  const cursor = fc
    .oneof(
      fc.json(),
      fc
        .record(
          {
            createdAt: fc.date({ noInvalidDate: true }),
            jobId: fc.uuid(),
            deliveryKey: fc.constant('0000000000001.ep_x'),
          },
          { requiredKeys: [] },
        )
        .map((value) => JSON.stringify(value)),
      fc
        .tuple(fc.date({ noInvalidDate: true }), fc.date({ noInvalidDate: true }), fc.uuid())
        .map(([until, createdAt, jobId]) =>
          JSON.stringify({ until, after: { createdAt, jobId, deliveryKey: '0000000000001.ep_x' } }),
        ),
    )
    .map((value) => Buffer.from(value).toString('base64url'));
  const field = fc.oneof(text, cursor, fc.jsonValue({ maxDepth: 3 }));
  const body = fc.oneof(
    fc.constantFrom({ url: URL_HERE }, { since: '2020-01-01T00:00:00Z' }, { description: null }, {}),
    fc.record(
      {
        url: fc.oneof(fc.constantFrom(URL_HERE, 'https://[::1]/', 'http://127.0.0.1:0/', 'https://1'), field),
        events: fc.oneof(fc.array(fc.constantFrom('job.failed', 'job.done')), field),
        operations: fc.oneof(fc.array(fc.constantFrom('echo', 'probe', 'toString')), field),
        description: field,
        enabled: fc.oneof(fc.boolean(), field),
      },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        since: fc.oneof(
          fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
          field,
        ),
        cursor: fc.oneof(cursor, field),
      },
      { requiredKeys: [] },
    ),
    fc.dictionary(text, fc.jsonValue()),
    fc.jsonValue(),
  );
  const request = fc.record({
    route: fc.constantFrom(
      ...routes.filter((route) => route.path !== '/console' && !('isDocument' in route)),
    ),
    id,
    query: fc.oneof(
      { arbitrary: fc.constant([]), weight: 2 },
      fc.array(
        fc.oneof(
          fc.tuple(fc.constant('limit'), fc.oneof(fc.integer().map(String), text)),
          fc.tuple(fc.constant('cursor'), fc.oneof(cursor, text)),
          fc.tuple(text, text),
        ),
        { maxLength: 2 },
      ),
    ),
    body: fc.option(
      fc.oneof(
        body.map((value) => JSON.stringify(value)),
        text,
      ),
      { nil: undefined },
    ),
    type: fc.constantFrom('application/json', 'application/json', 'application/json', 'text/plain'),
    ifNoneMatch: fc.constantFrom('', '*', '"1.1"', 'W/"', ',,,"'),
  });
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(request, async ({ route, id: given, query, body: sent, type, ifNoneMatch }) => {
      const { method, path } = route;
      // The endpoint is needed to the end.
      const isReal = given === 'real' && method !== 'DELETE';
      const target = path.replaceAll(
        /\{\w+\}/g,
        encodeURIComponent((isReal ? endpointId : given).toWellFormed()),
      );
      const takesBody = method === 'POST' || method === 'PATCH';
      const parameters = new URLSearchParams(query as [string, string][]);
      // The client checks every response against the document.
      const { status } = await api(`${method} ${target}${query.length > 0 ? `?${parameters}` : ''}`, {
        text: takesBody && sent !== '' ? sent : undefined,
        headers: {
          'if-none-match': ifNoneMatch,
          ...(takesBody && sent !== undefined && { 'content-type': type }),
        },
      });
      statuses.add(status);
      expect(status).toBeLessThan(500);
    }),
    { numRuns: 500 },
  );
  // Some requests passed all checks.
  expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 404]));
  expect(logs.filter((line) => line.includes('failed'))).toEqual([]);
}, 120_000);
