/** Tests the documents with which clients find the server: the card, and the catalogs that lead to it. */
import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/server';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { createApi } from '../../lambdas/api/api.ts';
import type { ApiDependencies } from '../../lambdas/api/dependencies.ts';
import { type CardIdentity, PROTOCOL_VERSIONS, readCard } from '../../lambdas/shared/server-identity.ts';
import { errorsBySchema, type PublishedSchema } from '../support/published-schemas.ts';

const CARD = readCard('{"version":"1.2.3"}') as CardIdentity;

/** Asks as anybody: without a caller. */
async function ask(
  path: string,
  {
    card = CARD,
    method = 'GET',
    headers = {},
    context = {},
  }: {
    card?: CardIdentity | null;
    method?: string;
    headers?: Record<string, string>;
    context?: Record<string, string>;
  } = {},
) {
  const api = createApi({ operations: [], serverCard: card ?? undefined } as unknown as ApiDependencies);
  const [, proxy] = /^\/\.well-known\/(.*)/.exec(path) ?? [];
  const event = {
    httpMethod: method,
    path,
    resource: proxy === undefined ? path : '/.well-known/{proxy+}',
    pathParameters: proxy === undefined ? null : { proxy },
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    requestContext: { identity: {}, domainName: 'jobs.example.com', stage: 'v1', path, ...context },
  };
  const {
    statusCode,
    headers: sent,
    body,
  } = (await api(
    event as unknown as APIGatewayProxyEvent,
    { getRemainingTimeInMillis: () => 29_000 } as Context,
    { signal: new AbortController().signal },
  )) as APIGatewayProxyResult;
  return { status: statusCode, headers: sent ?? {}, body };
}

const PATHS = ['/mcp/server-card', '/.well-known/ai-catalog.json', '/.well-known/ard.json'] as const;

test.each<[string, string, PublishedSchema]>([
  [PATHS[0], 'application/mcp-server-card+json', 'server-card'],
  [PATHS[1], 'application/ai-catalog+json', 'ai-catalog'],
  [PATHS[1], 'application/ai-catalog+json', 'ard-manifest'],
  [PATHS[2], 'application/json', 'ard-manifest'],
])('%s is public, of its type, cached, and valid by the schema', async (path, type, schema) => {
  const { status, headers, body } = await ask(path);
  expect([status, headers['content-type'], headers['cache-control']]).toEqual([
    200,
    type,
    'public, max-age=3600',
  ]);
  expect(headers).toMatchObject({
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET',
    'access-control-allow-headers': 'Content-Type, If-None-Match',
    'access-control-expose-headers': 'ETag',
  });
  expect(errorsBySchema(schema, JSON.parse(body))).toEqual([]);
});

test('the card says who the server is and how to connect, and nothing else', async () => {
  expect(JSON.parse((await ask(PATHS[0])).body)).toEqual({
    $schema: 'https://static.modelcontextprotocol.io/schemas/v1/server-card.schema.json',
    name: 'com.example.jobs/mcp-async-operations',
    title: 'Async Operations',
    description: 'Runs long operations as durable jobs.',
    version: '1.2.3',
    remotes: [
      {
        type: 'streamable-http',
        url: 'https://jobs.example.com/mcp',
        supportedProtocolVersions: expect.arrayContaining(['2026-07-28', '2025-11-25']),
      },
    ],
  });
});

test('its protocol versions are those that the endpoint serves', () => {
  expect(PROTOCOL_VERSIONS).toEqual(['2026-07-28', ...SUPPORTED_PROTOCOL_VERSIONS]);
});

test('the card has the name and the page that the operator gave', async () => {
  const card = {
    ...CARD,
    namespace: 'com.example',
    name: 'reports',
    websiteUrl: 'https://example.com/reports',
  };
  expect(JSON.parse((await ask(PATHS[0], { card })).body)).toMatchObject({
    name: 'com.example/reports',
    websiteUrl: 'https://example.com/reports',
  });
});

test.each([
  ['a custom domain', {}, 'https://jobs.example.com'],
  [
    'the stage of the default domain',
    { domainName: 'abc.execute-api.eu-west-1.amazonaws.com', path: '/v1/mcp/server-card' },
    'https://abc.execute-api.eu-west-1.amazonaws.com/v1',
  ],
  ['the local cloud', { domainName: '127.0.0.1:3000', stage: 'v1' }, 'http://127.0.0.1:3000'],
])('the card of %s has its URL', async (_what, context, url) => {
  const { body } = await ask(PATHS[0], { context });
  expect(JSON.parse(body).remotes[0].url).toBe(`${url}/mcp`);
  expect(errorsBySchema('server-card', JSON.parse(body))).toEqual([]);
});

test('both catalogs lead to the card', async () => {
  const [catalog, manifest] = await Promise.all([ask(PATHS[1]), ask(PATHS[2])]);
  expect(manifest.body).toBe(catalog.body);
  expect(JSON.parse(catalog.body).entries).toEqual([
    {
      identifier: 'urn:air:jobs.example.com:mcp:mcp-async-operations',
      displayName: 'Async Operations',
      type: 'application/mcp-server-card+json',
      url: 'https://jobs.example.com/mcp/server-card',
    },
  ]);
});

test.each([
  ['com.example', 'urn:air:example.com:mcp:reports'],
  ['com.example.jobs', 'urn:air:jobs.example.com:mcp:reports'],
])('a server of the namespace %s has the identifier %s', async (namespace, identifier) => {
  const { body } = await ask(PATHS[1], { card: { ...CARD, namespace, name: 'reports' } });
  expect(JSON.parse(body).entries[0].identifier).toBe(identifier);
  expect(errorsBySchema('ard-manifest', JSON.parse(body))).toEqual([]);
});

describe.each(PATHS)('%s', (path) => {
  test('is the same with any credential, Accept header and unknown header', async () => {
    const { status, headers, body } = await ask(path);
    const others: Record<string, string>[] = [
      { Authorization: 'Bearer x' },
      { Authorization: 'AWS4-HMAC-SHA256 nonsense' },
      { Accept: 'text/html' },
      { 'If-None-Match': '"another"' },
    ];
    for (const other of others) {
      expect(await ask(path, { headers: other })).toEqual({ status, headers, body });
    }
  });

  test('is not sent again to a client that has it', async () => {
    const { headers, body } = await ask(path);
    const etag = String(headers.etag);
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    for (const header of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      const again = await ask(path, { headers: { 'If-None-Match': header } });
      expect([again.status, again.body, again.headers.etag]).toEqual([304, '', etag]);
    }
    const changed = await ask(path, { card: { ...CARD, name: 'other', title: 'Other', version: '1.2.4' } });
    expect(changed.headers.etag).not.toBe(etag);
    expect(changed.body).not.toBe(body);
  });

  test('has no body for HEAD, and tells pages of any site that they may read it', async () => {
    const get = await ask(path);
    expect(await ask(path, { method: 'HEAD' })).toEqual({ ...get, body: '' });
    const { status, headers, body } = await ask(path, { method: 'OPTIONS' });
    expect([status, headers['access-control-allow-origin'], body]).toEqual([204, '*', '']);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'get'])('has no method %s', async (method) => {
    const { status, body } = await ask(path, { method });
    expect([status, JSON.parse(body).error.code]).toEqual([404, 'NOT_FOUND']);
  });

  test('does not exist when the operator turned it off', async () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      expect((await ask(path, { card: null, method })).status).toBe(404);
    }
  });
});

test.each([
  '/.well-known/mcp.json',
  '/.well-known/mcp/server-card.json',
  '/.well-known/ai-catalog.json/',
  '/.well-known/oauth-authorization-server/mcp',
  '/.well-known/../jobs',
  '/.well-known/__proto__',
])('%s is answered to anybody: with 404, so that clients try the next path', async (path) => {
  const { status, body } = await ask(path);
  // A trailing slash counts as none.
  if (path.endsWith('.json/')) expect(status).toBe(200);
  else expect([status, JSON.parse(body).error.code]).toEqual([404, 'NOT_FOUND']);
});
