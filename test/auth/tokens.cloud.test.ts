/** Tests attacks on authentication through the real endpoint: each gets a response, and none gets access. */

import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Client,
  CrossAppAccessProvider,
  discoverAndRequestJwtAuthGrant,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { SignJWT, UnsecuredJWT } from 'jose';
import type { LocalCloud } from '../../local/cloud.ts';
import { call } from '../support/test-cloud.ts';
import { TestIssuer } from '../support/test-issuer.ts';
import { startTokenCloud } from '../support/token-cloud.ts';

const logs: string[] = [];
let issuer: TestIssuer;
let cloud: LocalCloud;
let mcp: string;

beforeAll(async () => {
  issuer = await TestIssuer.start();
  cloud = await startTokenCloud(issuer.url, {
    onLog: (_name, line) => logs.push(line),
    context: { authorizationExtensions: 'oauth-client-credentials,enterprise-managed-authorization' },
  });
  mcp = `${cloud.url}/mcp`;
  issuer.audience = mcp;
});
afterAll(async () => {
  await cloud.close();
  await issuer.close();
});
/** Clears the authorizer's caches, as after a cold start. */
const forget = () => cloud.interrupt('GatewayAuthorization');
afterEach(() => {
  issuer.mood = 'well';
});

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Sends a request with unchanged headers, also with a repeated one. */
function send(method: string, path: string, headers: Headers, body = '') {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const outgoing = { 'content-length': String(Buffer.byteLength(body)), ...headers } as Record<
        string,
        string
      >;
      httpRequest(new URL(path, cloud.url), { method, headers: outgoing }, async (response) =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: await text(response),
        }),
      )
        .on('error', reject)
        .end(body);
    },
  );
}

/** Requests the owner's jobs from the API and the tool list from MCP: both entry points. */
async function statuses(headers: Headers, query = ''): Promise<readonly number[]> {
  const list = await send('GET', `/jobs${query}`, headers);
  const tools = await send(
    'POST',
    `/mcp${query}`,
    { ...headers, accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
  );
  return [list.status, tools.status];
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const LET_IN = [200, 200];
const NOT_TAKEN = [401, 401];

describe('the response to a client', () => {
  const challenge = () =>
    `scope="jobs:read jobs:write webhooks:manage", resource_metadata="${cloud.url}/.well-known/oauth-protected-resource/mcp"`;

  test('without a token: 401, and where to get a token', async () => {
    for (const [method, path] of [
      ['POST', '/mcp'],
      ['GET', '/mcp'],
      ['GET', '/jobs'],
      ['POST', '/endpoints'],
    ] as const) {
      const response = await send(method, path, {});
      expect([response.status, response.headers['www-authenticate']]).toEqual([401, `Bearer ${challenge()}`]);
      expect(response.headers['content-type']).toBe('application/json');
      expect(JSON.parse(response.text)).toEqual({
        error: { code: 'UNAUTHORIZED', message: expect.stringContaining('access token'), retryable: false },
      });
    }
  });

  test('a HEAD without a token: the same challenge, which Gemini CLI reads', async () => {
    const { status, headers } = await fetch(new URL('/mcp', cloud.url), { method: 'HEAD' });
    expect([status, headers.get('www-authenticate')]).toEqual([401, `Bearer ${challenge()}`]);
  });

  test('with a token without a scope of this API: 403, and the scopes to request', async () => {
    const token = await issuer.token({ claims: { scope: 'openid profile' } });
    const response = await send('GET', '/jobs', bearer(token));
    expect([response.status, response.headers['www-authenticate']]).toEqual([
      403,
      `Bearer error="insufficient_scope", ${challenge()}`,
    ]);
    expect(JSON.parse(response.text).error.code).toBe('FORBIDDEN');
  });

  test.each(['', '/mcp'])('the metadata of the resource (RFC 9728) is public: %p', async (path) => {
    const response = await send('GET', `/.well-known/oauth-protected-resource${path}`, {});
    expect([response.status, JSON.parse(response.text)]).toEqual([
      200,
      {
        resource: mcp,
        authorization_servers: [issuer.url],
        scopes_supported: ['jobs:read', 'jobs:write', 'webhooks:manage'],
        bearer_methods_supported: ['header'],
      },
    ]);
    expect(response.headers['cache-control']).toBe('public, max-age=300');
  });

  test.each(['GET', 'POST'])('an unknown document is not found with %s, with any token', async (method) => {
    for (const headers of [{}, bearer('x'), bearer(await issuer.token())]) {
      const response = await send(method, '/.well-known/oauth-authorization-server', headers);
      expect([response.status, JSON.parse(response.text).error.code]).toEqual([404, 'NOT_FOUND']);
    }
  });

  test.each(['/mcp/server-card', '/.well-known/ai-catalog.json', '/.well-known/ard.json'])(
    '%s is the same without a token, with one, and with a bad one',
    async (path) => {
      const { status, headers, text: document } = await send('GET', path, {});
      expect([status, document]).toEqual([200, expect.stringContaining(mcp)]);
      expect(document).not.toContain(issuer.url);
      const token = await issuer.token();
      for (const authorization of [
        `Bearer ${token}`,
        'Bearer x',
        `Bearer ${token}x`,
        'Basic eA==',
        'AWS4-HMAC-SHA256 x',
      ]) {
        const other = await send('GET', path, { authorization });
        expect([other.status, other.text, other.headers.etag]).toEqual([200, document, headers.etag]);
      }
      const again = await send('GET', path, { ...bearer('x'), 'if-none-match': String(headers.etag) });
      expect([again.status, again.text]).toEqual([304, '']);
      const refused = await send('POST', path, bearer(token), '{}');
      expect([refused.status, JSON.parse(refused.text).error.code]).toEqual([404, 'NOT_FOUND']);
    },
  );
});

describe('a token', () => {
  test('that is valid is accepted by the MCP endpoint and the whole API', async () => {
    expect(await statuses(bearer(await issuer.token()))).toEqual(LET_IN);
    for (const aud of [cloud.url, `${cloud.url}/`, ['https://other.example', mcp]]) {
      expect(await statuses(bearer(await issuer.token({ claims: { aud } })))).toEqual(LET_IN);
    }
    expect(await statuses({ authorization: `bEaReR ${await issuer.token()}` })).toEqual(LET_IN);
  });

  test('of each access token type is accepted', async () => {
    for (const typ of ['at+jwt', 'application/at+jwt', 'JWT', undefined]) {
      expect(await statuses(bearer(await issuer.token({ header: { typ } })))).toEqual(LET_IN);
    }
  });

  test.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('signed with %s is accepted', async (alg) => {
    const key = await issuer.addKey(alg);
    forget();
    expect(await statuses(bearer(await issuer.token({ key })))).toEqual(LET_IN);
  });

  const seconds = (offset: number) => Math.floor(Date.now() / 1000) + offset;

  test.each<[string, () => Record<string, unknown>]>([
    ['that has expired', () => ({ exp: seconds(-1) })],
    ['that never expires', () => ({ exp: undefined })],
    ['that expires when it likes', () => ({ exp: 'never' })],
    ['that is not valid yet', () => ({ nbf: seconds(120) })],
    ['from the future', () => ({ iat: seconds(120) })],
    ['for another API', () => ({ aud: 'https://other.example/mcp' })],
    ['for an API with our name at its beginning', () => ({ aud: `${mcp}.evil.example` })],
    ['for a part of ours', () => ({ aud: `${mcp}/x` })],
    ['for nobody', () => ({ aud: undefined })],
    ['for a list of nobody', () => ({ aud: [] })],
    ['without an audience, of a client that we do not know', () => ({ aud: undefined, token_use: 'access' })],
    ['for an identity', () => ({ token_use: 'id' })],
    ['of another issuer', () => ({ iss: 'https://other.example' })],
    ['of our issuer with a slash', () => ({ iss: `${issuer.url}/` })],
    ['of no issuer', () => ({ iss: undefined })],
    ['of nobody', () => ({ sub: undefined, client_id: undefined })],
    ['of somebody who is a list', () => ({ sub: ['ada'] })],
    ['of somebody with a line break', () => ({ sub: 'ada\n{"level":"fake"}' })],
    ['of somebody with a NUL', () => ({ sub: 'ada\u0000' })],
    ['of somebody with a lone surrogate', () => ({ sub: 'ada\ud800' })],
    ['of somebody who poses as a program', () => ({ sub: 'client:robot' })],
    ['of somebody who poses as a tenant', () => ({ sub: 'tenant:acme' })],
    ['of somebody with a very long name', () => ({ sub: 'a'.repeat(256) })],
  ])('%s is not', async (_what, claims) => {
    expect(await statuses(bearer(await issuer.token({ claims: claims() })))).toEqual(NOT_TAKEN);
  });

  test.each(['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'x'])('of type %s is rejected', async (typ) => {
    expect(await statuses(bearer(await issuer.token({ header: { typ } })))).toEqual(NOT_TAKEN);
  });

  test('without a signature is rejected', async () => {
    const none = new UnsecuredJWT(issuer.claims()).encode();
    expect(await statuses(bearer(none))).toEqual(NOT_TAKEN);
    const [, payload = ''] = (await issuer.token()).split('.');
    for (const alg of ['none', 'None', 'NONE', '']) {
      const header = Buffer.from(JSON.stringify({ alg, typ: 'at+jwt' })).toString('base64url');
      for (const end of ['', 'AAAA']) {
        expect(await statuses(bearer(`${header}.${payload}.${end}`))).toEqual(NOT_TAKEN);
      }
    }
  });

  test('signed with the public key as a shared secret is rejected', async () => {
    const { jwk } = issuer.key;
    for (const secret of [await issuer.publicKeyText(), JSON.stringify(jwk), String(jwk.x)]) {
      const token = await new SignJWT(issuer.claims())
        .setProtectedHeader({ alg: 'HS256', kid: String(jwk.kid), typ: 'at+jwt' })
        .sign(new TextEncoder().encode(secret.padEnd(32, ' ')));
      expect(await statuses(bearer(token))).toEqual(NOT_TAKEN);
    }
  });

  test('signed with a foreign key is rejected, whether it includes the key or names a known one', async () => {
    const other = await TestIssuer.start();
    const { key } = other;
    const { kid } = issuer.key.jwk;
    for (const header of [
      {},
      { kid },
      { kid: undefined },
      { jwk: key.jwk },
      { jku: `${other.url}/keys` },
      { kid: '../../keys' },
    ]) {
      expect(await statuses(bearer(await issuer.token({ key, header })))).toEqual(NOT_TAKEN);
    }
    expect(other.keyRequests).toBe(0);
    await other.close();
  });

  test('that was changed is rejected', async () => {
    const [header, , signature] = (await issuer.token()).split('.');
    const claims = Buffer.from(JSON.stringify(issuer.claims({ sub: 'eve' }))).toString('base64url');
    expect(await statuses(bearer(`${header}.${claims}.${signature}`))).toEqual(NOT_TAKEN);
  });

  test('that is malformed is rejected', async () => {
    const token = await issuer.token();
    for (const authorization of [
      'Bearer',
      'Bearer x',
      'Bearer a.b.c',
      'Bearer {}',
      `Basic ${Buffer.from('ada:x').toString('base64')}`,
      `DPoP ${token}`,
      `Bearer "${token}"`,
      `Bearer ${token} ${token}`,
      `Bearer ${token}, Bearer ${token}`,
      token,
      `Bearer ${token.replaceAll('.', '%2E')}`,
      'AWS4-HMAC-SHA256 Credential=alice/20260101/us-east-1/execute-api/aws4_request, SignedHeaders=host, Signature=0',
    ]) {
      expect([authorization.slice(0, 20), ...(await statuses({ authorization }))]).toEqual([
        authorization.slice(0, 20),
        ...NOT_TAKEN,
      ]);
    }
  });

  test('of more than 8 KiB is rejected', async () => {
    const token = await issuer.token({ claims: { filler: 'x'.repeat(8_192) } });
    expect(await statuses(bearer(token))).toEqual(NOT_TAKEN);
  });

  test('outside exactly one header is rejected, even if the gateway has cached it', async () => {
    const token = await issuer.token();
    const query = `?access_token=${token}`;
    expect(await statuses({}, query)).toEqual(NOT_TAKEN);
    expect(await statuses({ 'x-authorization': `Bearer ${token}`, cookie: `access_token=${token}` })).toEqual(
      NOT_TAKEN,
    );
    const twice = [`Bearer ${token}`, `Bearer ${token}`];
    expect(await statuses({ authorization: twice })).toEqual(NOT_TAKEN);
    expect(await statuses(bearer(token), query)).toEqual(NOT_TAKEN);
    // The gateway caches it from now on: the authorizer is not invoked again.
    expect(await statuses(bearer(token))).toEqual(LET_IN);
    expect(await statuses({ authorization: twice })).toEqual(NOT_TAKEN);
    expect(await statuses({ authorization: ['Bearer x', `Bearer ${token}`] })).toEqual(NOT_TAKEN);
    expect(await statuses(bearer(token), query)).toEqual(NOT_TAKEN);
  });
});

describe('keys', () => {
  test('that are invented cause one fetch in half a minute', async () => {
    forget();
    expect(await statuses(bearer(await issuer.token()))).toEqual(LET_IN);
    const before = issuer.keyRequests;
    for (let index = 0; index < 5; index++) {
      const token = await issuer.token({ header: { kid: `unknown-${index}` } });
      expect(await statuses(bearer(token))).toEqual(NOT_TAKEN);
    }
    expect(issuer.keyRequests).toBe(before);
  });

  test('that were rotated out are rejected, and the new ones accepted', async () => {
    const old = await issuer.rotate();
    forget();
    expect(await statuses(bearer(await issuer.token()))).toEqual(LET_IN);
    expect(await statuses(bearer(await issuer.token({ key: old })))).toEqual(NOT_TAKEN);
  });
});

describe('an identity provider', () => {
  test.each(['down', 'slow', 'huge', 'redirecting', 'talking nonsense', 'as another'] as const)(
    'that is %s gives no access until it recovers',
    async (mood) => {
      const [good, again] = [await issuer.token(), await issuer.token()];
      forget();
      issuer.mood = mood;
      const response = await send('GET', '/jobs', bearer(good));
      expect([response.status, JSON.parse(response.text).error]).toEqual([
        503,
        expect.objectContaining({ code: 'AUTHORIZATION_UNAVAILABLE', retryable: true }),
      ]);
      expect(response.text).not.toContain(issuer.url);
      issuer.mood = 'well';
      // A failure is cached for a second.
      await delay(1_100);
      expect(await statuses(bearer(good))).toEqual(LET_IN);
      expect(await statuses(bearer(again))).toEqual(LET_IN);
    },
  );

  test('that is down does not matter while its keys are cached', async () => {
    expect(await statuses(bearer(await issuer.token()))).toEqual(LET_IN);
    issuer.mood = 'down';
    expect(await statuses(bearer(await issuer.token({ claims: { sub: 'bob' } })))).toEqual(LET_IN);
  });
});

describe('an MCP extension of authorization', () => {
  test('is declared when the operator says that the provider supports it', async () => {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
    };
    const response = await send(
      'POST',
      '/mcp',
      {
        ...bearer(await issuer.token()),
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
      },
      JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'server/discover', params: { _meta } }),
    );
    expect(JSON.parse(response.text).result.capabilities.extensions).toMatchObject({
      'io.modelcontextprotocol/oauth-client-credentials': {},
      'io.modelcontextprotocol/enterprise-managed-authorization': {},
    });
  });

  test('enterprise-managed: the official client gets a token for an ID-JAG, and starts a job', async () => {
    const credentials = { clientId: 'desk', clientSecret: 'secret' };
    const authProvider = new CrossAppAccessProvider({
      ...credentials,
      expectedIssuer: issuer.url,
      assertion: async ({ authorizationServerUrl, resourceUrl, scope, fetchFn }) => {
        const { jwtAuthGrant } = await discoverAndRequestJwtAuthGrant({
          ...credentials,
          idpUrl: issuer.url,
          audience: authorizationServerUrl,
          resource: resourceUrl,
          idToken: await issuer.token({ claims: { aud: 'desk' } }),
          scope,
          fetchFn,
        });
        // The grant itself is no access token.
        expect(await statuses(bearer(jwtAuthGrant))).toEqual(NOT_TAKEN);
        return jwtAuthGrant;
      },
    });
    const client = new Client({ name: 'test', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(mcp), { authProvider }));
    const { data } = await call(client, 'start_echo', { text: 'hello', wait_seconds: 20 });
    expect(data).toMatchObject({ status: 'completed', result: { text: 'hello' } });
    await client.close();
  });
});

test('no token is in a log', async () => {
  const token = await issuer.token({ claims: { exp: 1 } });
  expect(await statuses(bearer(token))).toEqual(NOT_TAKEN);
  const lines = logs.join('\n');
  expect(lines).toContain('A token was refused');
  expect(lines).not.toContain(token.split('.')[1]);
  expect(lines).not.toMatch(/eyJ[\w-]+\.eyJ/);
});
