/** Tests the unmodified official clients from the first 401 to a refreshed token, with the identity provider of `--auth`. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  Client,
  ClientCredentialsProvider,
  type OAuthClientProvider,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import type { OAuthClientProvider as OAuthClientProvider1 } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client as Client1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as Transport1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { decodeJwt } from 'jose';
import { createSignIn } from '../../lambdas/canary/sign-in.ts';
import { startJob } from '../../lambdas/canary/start-job.ts';
import { scopes } from '../../lambdas/shared/caller.ts';
import {
  DEFAULT_USER,
  type IdentityProvider,
  startIdentityProvider,
} from '../../local/cli/identity-provider.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { ClientDocuments } from '../support/client-documents.ts';
import { call } from '../support/test-cloud.ts';
import { startTokenCloud } from '../support/token-cloud.ts';
import { ClientMemory, type ClientMemoryOptions } from './client-memory.ts';

const ACCESS_TOKEN_SECONDS = 3;
const REDIRECT_URL = 'http://127.0.0.1:8765/callback';

let documents: ClientDocuments;
let idp: IdentityProvider;
let cloud: LocalCloud;
let mcp: URL;

beforeAll(async () => {
  documents = await ClientDocuments.start();
  idp = await startIdentityProvider({
    accessTokenSeconds: ACCESS_TOKEN_SECONDS,
    documentAuthority: documents.authority,
  });
  cloud = await startTokenCloud(idp.issuer, { allowLoopbackWebhooks: true });
  mcp = new URL('/mcp', cloud.url);
});
afterAll(async () => {
  await cloud.close();
  await idp.close();
  await documents.close();
});

/** Acts as a browser: follows an authorization URL with cookies through redirects to the client's callback. */
async function browse(authorizationUrl: URL): Promise<URL> {
  const cookies = new Map<string, string>();
  let url = authorizationUrl;
  while (!url.href.startsWith(REDIRECT_URL)) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    if (!location) throw new Error(`${url.href} responded with ${response.status}: ${await response.text()}`);
    url = new URL(location, url);
  }
  return url;
}

test('a sign-in page without the cookie of its browser says what to do', async () => {
  const response = await fetch(`${idp.issuer}/sign-in/unknown`);
  expect(response.status).toBe(400);
  expect(response.headers.get('content-type')).toMatch(/^text\/html/);
  expect(await response.text()).toContain('connect again');
});

const memoryOf = (options: Omit<ClientMemoryOptions, 'redirectUrl'> = {}) =>
  new ClientMemory({ redirectUrl: REDIRECT_URL, ...options });
const newClient = () => new Client({ name: 'test', version: '1.0.0' });
const transportOf = (memory: ClientMemory) =>
  new StreamableHTTPClientTransport(mcp, { authProvider: memory as unknown as OAuthClientProvider });

/** Signs in until the client holds a token. */
async function signIn(memory: ClientMemory): Promise<void> {
  const transport = transportOf(memory);
  await expect(newClient().connect(transport)).rejects.toThrow(UnauthorizedError);
  const { searchParams } = await browse(memory.authorizationUrl as URL);
  await transport.finishAuth(searchParams);
}

async function connect(memory: ClientMemory): Promise<Client> {
  const client = newClient();
  await client.connect(transportOf(memory));
  return client;
}

describe('@modelcontextprotocol/client', () => {
  test.each([
    ['that registers itself', () => ({}), /^[\w-]{20,}$/],
    [
      'with a metadata document',
      () => ({ clientMetadataUrl: documents.publish('/v2.json') }),
      /^https:.*v2\.json$/,
    ],
    [
      'that is known',
      () => ({ known: { client_id: idp.publicClient.clientId, issuer: idp.issuer } }),
      /^local$/,
    ],
  ])('a client %s finds out where to sign in, and runs a job', async (_what, options, clientId) => {
    const memory = memoryOf(options());
    await signIn(memory);
    const asked = (memory.authorizationUrl as URL).searchParams;
    expect(asked.get('client_id')).toMatch(clientId);
    expect(Object.fromEntries(asked)).toMatchObject({
      resource: mcp.href,
      scope: 'jobs:read jobs:write webhooks:manage offline_access',
      code_challenge_method: 'S256',
    });
    expect(decodeJwt(memory.tokens()?.access_token ?? '')).toMatchObject({
      iss: idp.issuer,
      aud: mcp.href,
      sub: DEFAULT_USER,
    });
    const client = await connect(memory);
    const { data } = await call(client, 'start_echo', { text: 'hello', wait_seconds: 20 });
    expect(data).toMatchObject({ status: 'completed', result: { text: 'hello' } });
    await client.close();
  });

  test('an expired token is renewed without the user', async () => {
    const memory = memoryOf();
    await signIn(memory);
    const first = memory.tokens();
    memory.authorizationUrl = undefined;
    await delay(ACCESS_TOKEN_SECONDS * 1000 + 100);
    const client = await connect(memory);
    expect((await call(client, 'list_jobs')).data.jobs).toBeDefined();
    expect(memory.authorizationUrl).toBeUndefined();
    expect(memory.tokens()?.access_token).not.toBe(first?.access_token);
    expect(memory.tokens()?.refresh_token).not.toBe(first?.refresh_token);
    await client.close();
  });

  test('users have their own jobs', async () => {
    const [ada, bob] = [memoryOf({ loginHint: 'ada' }), memoryOf({ loginHint: 'bob' })];
    await signIn(ada);
    await signIn(bob);
    const [a, b] = [await connect(ada), await connect(bob)];
    const { data } = await call(a, 'start_echo', { text: 'mine' });
    expect((await call(a, 'check_job', { job_id: data.job_id })).data.job_id).toBe(data.job_id);
    expect((await call(b, 'check_job', { job_id: data.job_id })).data.error.code).toBe('JOB_NOT_FOUND');
    await a.close();
    await b.close();
  });

  test('the default user may operate when a client requests it, and no other user may', async () => {
    const operate = async (loginHint?: string) => {
      const known = { client_id: idp.publicClient.clientId, issuer: idp.issuer };
      const memory = memoryOf({ known, loginHint });
      const transport = transportOf(memory);
      await expect(newClient().connect(transport)).rejects.toThrow(UnauthorizedError);
      const url = memory.authorizationUrl as URL;
      url.searchParams.set('scope', 'jobs:read jobs:operate');
      await transport.finishAuth((await browse(url)).searchParams);
      const { access_token: token = '' } = memory.tokens() ?? {};
      const headers = { authorization: `Bearer ${token}` };
      const { status } = await fetch(new URL('/operator/jobs', cloud.url), { headers });
      return [decodeJwt(token).scope, status];
    };
    expect(await operate()).toEqual(['jobs:read jobs:operate', 200]);
    expect(await operate('ada')).toEqual(['jobs:read', 403]);
  });

  test('the redirect names the identity provider (RFC 9207), and a client refuses the redirect of another', async () => {
    const metadata = await fetch(`${idp.issuer}/.well-known/openid-configuration`);
    expect(await metadata.json()).toMatchObject({ authorization_response_iss_parameter_supported: true });
    const memory = memoryOf();
    const transport = transportOf(memory);
    await expect(newClient().connect(transport)).rejects.toThrow(UnauthorizedError);
    const { searchParams } = await browse(memory.authorizationUrl as URL);
    expect(searchParams.get('iss')).toBe(idp.issuer);
    const foreign = new URLSearchParams(searchParams);
    foreign.set('iss', 'https://evil.example');
    await expect(transport.finishAuth(foreign)).rejects.toThrow(/iss/i);
    expect(memory.tokens()).toBeUndefined();
  });

  test('a program learns that it needs no user, signs in without one, and is a separate owner', async () => {
    const { clientId, clientSecret } = idp.confidentialClient;
    const program = () =>
      new ClientCredentialsProvider({ clientId, clientSecret, expectedIssuer: idp.issuer });
    const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    await client.connect(new StreamableHTTPClientTransport(mcp, { authProvider: program() }));
    expect(client.getServerCapabilities()?.extensions).toMatchObject({
      'io.modelcontextprotocol/oauth-client-credentials': {},
    });
    const { data } = await call(client, 'start_echo', { text: 'robot' });
    await client.close();
    const again = newClient();
    await again.connect(new StreamableHTTPClientTransport(mcp, { authProvider: program() }));
    expect((await call(again, 'check_job', { job_id: data.job_id })).data.job_id).toBe(data.job_id);
    await again.close();
  });
});

describe('@modelcontextprotocol/sdk 1.x', () => {
  const transportOf1 = (memory: ClientMemory) =>
    new Transport1(mcp, { authProvider: memory as unknown as OAuthClientProvider1 });

  async function signIn1(memory: ClientMemory): Promise<void> {
    const transport = transportOf1(memory);
    await expect(new Client1({ name: 'test', version: '1.0.0' }).connect(transport)).rejects.toThrow(
      'Unauthorized',
    );
    const { searchParams } = await browse(memory.authorizationUrl as URL);
    await transport.finishAuth(String(searchParams.get('code')));
  }

  async function runJob(memory: ClientMemory): Promise<void> {
    const client = new Client1({ name: 'test', version: '1.0.0' });
    await client.connect(transportOf1(memory));
    const { structuredContent } = await client.callTool({
      name: 'start_echo',
      arguments: { text: 'hello', wait_seconds: 20 },
    });
    expect(structuredContent).toMatchObject({ status: 'completed', result: { text: 'hello' } });
    await client.close();
  }

  test('a client that registers itself signs in, and runs a job', async () => {
    const memory = memoryOf();
    await signIn1(memory);
    await runJob(memory);
  });

  test('a client with a metadata document signs in, renews its token, and runs a job', async () => {
    const clientMetadataUrl = documents.publish('/v1.json');
    const memory = memoryOf({ clientMetadataUrl });
    await signIn1(memory);
    const token = memory.tokens()?.access_token ?? '';
    expect(decodeJwt(token).client_id).toBe(clientMetadataUrl);
    await delay(ACCESS_TOKEN_SECONDS * 1000 + 100);
    await runJob(memory);
    expect(memory.tokens()?.access_token).not.toBe(token);
  });
});

describe('the identity provider', () => {
  const tokenRequest = (body: Record<string, string>) => {
    const { clientId, clientSecret } = idp.confidentialClient;
    return fetch(`${idp.issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'jobs:read', ...body }),
    });
  };

  test('issues tokens only for this machine', async () => {
    expect((await tokenRequest({ resource: mcp.href })).status).toBe(200);
    const foreign = await tokenRequest({ resource: 'https://mcp.example.com/mcp' });
    expect([foreign.status, await foreign.json()]).toEqual([
      400,
      expect.objectContaining({ error: 'invalid_target' }),
    ]);
  });

  test('issues no code without PKCE or to an unknown address', async () => {
    const authorize = async (params: Record<string, string>) => {
      const query = new URLSearchParams({
        client_id: 'local',
        response_type: 'code',
        resource: mcp.href,
        ...params,
      });
      return fetch(`${idp.issuer}/auth?${query}`, { redirect: 'manual' });
    };
    const unproved = await authorize({ redirect_uri: REDIRECT_URL });
    expect(unproved.headers.get('location')).toContain('error=invalid_request');
    const stranger = await authorize({ redirect_uri: 'https://evil.example/callback' });
    expect([stranger.status, stranger.headers.get('location')]).toEqual([400, null]);
  });
});

test('the canary gets a token of its own, with which it starts a job', async () => {
  const { clientId: client_id, clientSecret: client_secret } = idp.confidentialClient;
  const signIn = createSignIn({
    mode: 'token',
    server: { issuer: idp.issuer },
    client: { client_id, client_secret },
    parameters: { scope: scopes.join(' '), resource: mcp.href },
  });
  const jobId = await startJob(await signIn(), {
    apiUrl: cloud.url,
    tool: 'start_echo',
    input: { text: 'alive' },
    callbackUrl: `${cloud.url}/canary/token`,
  });
  expect(jobId).toMatch(/^[0-9a-f-]{36}$/);
});
