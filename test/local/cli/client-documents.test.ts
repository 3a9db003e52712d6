/** The local identity provider refuses metadata documents of clients (CIMD) that are not what they should be. */
import { documentFetch, isOwnRedirect, refusalOfDocument } from '../../../local/cli/client-documents.ts';
import { type IdentityProvider, startIdentityProvider } from '../../../local/cli/identity-provider.ts';
import { ClientDocuments } from '../../support/client-documents.ts';

const CALLBACK = 'http://127.0.0.1:8765/callback';

let documents: ClientDocuments;
let idp: IdentityProvider;

beforeAll(async () => {
  documents = await ClientDocuments.start();
  idp = await startIdentityProvider({ documentAuthority: documents.authority });
});
afterAll(async () => {
  await idp.close();
  await documents.close();
});

/** The parameters of a request for a code. */
function requestForCode(clientId: string, redirect: string) {
  return new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirect,
    response_type: 'code',
    scope: 'jobs:read',
    resource: 'http://127.0.0.1:3000/mcp',
    code_challenge: 'x'.repeat(43),
    code_challenge_method: 'S256',
  });
}

/** Asks for a code, as a client does. A good request is sent to the sign-in page. */
async function authorize(clientId: string, redirect = CALLBACK) {
  return openAuthorization(requestForCode(clientId, redirect));
}

async function openAuthorization(query: URLSearchParams) {
  const response = await fetch(`${idp.issuer}/auth?${query}`, {
    redirect: 'manual',
    headers: { accept: 'text/html' },
  });
  return {
    status: response.status,
    location: response.headers.get('location') ?? '',
    text: await response.text(),
  };
}

test('a client with a good document is sent to the sign-in page', async () => {
  const { location, text } = await authorize(documents.publish('/good.json'));
  expect(text).not.toContain('error');
  expect(location).toMatch(/^\/sign-in\//);
  expect(documents.requests).toEqual(['/good.json']);
});

test('the metadata of the provider names all three ways', async () => {
  const metadata = await (await fetch(`${idp.issuer}/.well-known/oauth-authorization-server`)).json();
  expect(metadata).toMatchObject({
    client_id_metadata_document_supported: true,
    registration_endpoint: expect.stringContaining(idp.issuer),
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: expect.arrayContaining(['none']),
  });
});

describe('a document is refused', () => {
  test.each([
    [
      'that redirects',
      () => {
        const target = documents.publish('/target.json');
        return documents.respond('/redirect.json', (_request, response) => {
          response.writeHead(302, { location: target }).end();
        });
      },
      /302; expected 200 without a redirect/,
    ],
    [
      'that is too large',
      () => documents.publish('/large.json', { client_name: 'x'.repeat(6 * 1024) }),
      /response too large/,
    ],
    [
      'that does not say how large it is and does not end',
      () =>
        documents.respond('/endless.json', (_request, response) => {
          response.writeHead(200, { 'content-type': 'application/json' });
          const timer = setInterval(() => response.write('x'.repeat(1024)), 1);
          response.on('close', () => clearInterval(timer));
        }),
      /more than 65536 bytes/,
    ],
    [
      'that has another address in it',
      () => documents.publish('/liar.json', { client_id: `${documents.origin}/good.json` }),
      /client_id does not match/,
    ],
    [
      'that is not JSON',
      () => documents.respond('/page.json', (_request, response) => response.end('<html>')),
      /document fetch failed/,
    ],
    [
      'that is a list',
      () => documents.respond('/list.json', (_request, response) => response.end('[]')),
      /not a JSON object/,
    ],
    [
      'with a client secret',
      () => documents.publish('/secret.json', { client_secret: 'x' }),
      /must not contain client_secret/,
    ],
    [
      'with a secret at the token endpoint',
      () => documents.publish('/basic.json', { token_endpoint_auth_method: 'client_secret_basic' }),
      /must not use shared-secret/,
    ],
    [
      'with keys for the token endpoint',
      () =>
        documents.publish('/keys.json', {
          token_endpoint_auth_method: 'private_key_jwt',
          jwks_uri: `${documents.origin}/jwks.json`,
        }),
      /token_endpoint_auth_method is .*private_key_jwt.*: set it to none/,
    ],
    [
      'without redirects',
      () => documents.publish('/none.json', { redirect_uris: undefined }),
      /redirect_uris/,
    ],
    ['that is not there', () => `${documents.origin}/missing.json`, /404; expected 200/],
  ])('%s', async (_what, publish, reason) => {
    const { status, location, text } = await authorize(publish());
    expect([status, location]).toEqual([400, '']);
    expect(text).toMatch(reason);
  });

  test('when it names a redirect of another site, and the request asks for it', async () => {
    const evil = 'https://evil.example/callback';
    const clientId = documents.publish('/evil.json', { redirect_uris: ['http://127.0.0.1/callback', evil] });
    const refused = await authorize(clientId, evil);
    expect([refused.status, refused.location]).toEqual([400, '']);
    expect(refused.text).toContain('is of another site than the client');
    expect((await authorize(clientId)).location).toMatch(/^\/sign-in\//);
  });

  test.each(['request', 'request_uri'])(
    'when it names a redirect of another site, and the request has that in %s',
    async (parameter) => {
      const evil = 'https://evil.example/callback';
      const redirects = { redirect_uris: ['http://127.0.0.1/callback', evil] };
      const clientId = documents.publish('/pushed.json', redirects);
      const pushed = await fetch(`${idp.issuer}/request`, {
        method: 'POST',
        body: requestForCode(clientId, evil),
      });
      const { request_uri = 'urn:ietf:params:oauth:request_uri:x' } = Object(
        await pushed.json().catch(() => undefined),
      ) as { request_uri?: string };
      const values = { request: 'e30.e30.', request_uri };
      const query = new URLSearchParams({
        client_id: clientId,
        [parameter]: values[parameter as keyof typeof values],
      });
      const refused = await openAuthorization(query);
      expect([pushed.status, refused.status, refused.location]).toEqual([404, 400, '']);
      expect(refused.text).toContain(`${parameter}_not_supported`);
    },
  );

  test('without a request to the other URLs that it names', async () => {
    const clientId = documents.publish('/names.json', {
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `${documents.origin}/jwks.json`,
      sector_identifier_uri: `${documents.origin}/sector.json`,
    });
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const now = Math.floor(Date.now() / 1_000);
    const claims = { iss: clientId, sub: clientId, aud: idp.issuer, jti: 'x', exp: now + 60 };
    const assertion = `${part({ alg: 'ES256' })}.${part(claims)}.${'x'.repeat(86)}`;
    const response = await fetch(`${idp.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code: 'x',
        redirect_uri: CALLBACK,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: assertion,
      }),
    });
    expect(response.status).toBe(400);
    expect(documents.requests).not.toContain('/jwks.json');
    expect(documents.requests).not.toContain('/sector.json');
  });

  test('when the request asks for a redirect that the document does not have', async () => {
    const refused = await authorize(documents.publish('/own.json'), 'http://127.0.0.1:8765/other');
    expect([refused.status, refused.location]).toEqual([400, '']);
  });

  test('when nobody knows the authority of its certificate', async () => {
    const stranger = await ClientDocuments.start();
    const { status, text } = await authorize(stranger.publish('/c.json'));
    expect([status, stranger.requests]).toEqual([400, []]);
    expect(text).toMatch(/certificate/);
    await stranger.close();
  });

  test.each([
    ['http', () => `${documents.origin.replace('https', 'http')}/good.json`],
    ['a fragment', () => `${documents.origin}/good.json#x`],
    ['a user', () => `${documents.origin.replace('://', '://ada:secret@')}/good.json`],
    ['a dot segment', () => `${documents.origin}/a/../good.json`],
    ['an encoded dot segment', () => `${documents.origin}/a/%2e%2E/good.json`],
    ['no path', () => documents.origin],
    ['a backslash', () => `${documents.origin}\\good.json`],
  ])('when its URL has %s', async (_what, clientId) => {
    const before = documents.requests.length;
    const { status, location } = await authorize(clientId());
    expect([status, location]).toEqual([400, '']);
    expect(documents.requests).toHaveLength(before);
  });

  test.each([
    'https://127.0.0.2/c.json',
    'https://2130706433/c.json',
    'https://10.0.0.1/c.json',
    'https://172.16.0.1/c.json',
    'https://192.168.1.1/c.json',
    'https://169.254.169.254/latest/meta-data',
    'https://100.64.0.1/c.json',
    'https://0.0.0.0/c.json',
    'https://[fd00::1]/c.json',
    'https://[fe80::1]/c.json',
    'https://[fd00:ec2::254]/c.json',
    'https://[::ffff:127.0.0.1]/c.json',
    'https://[::ffff:10.0.0.1]/c.json',
    'https://[64:ff9b::7f00:1]/c.json',
    'https://internal/c.json',
    'https://service.internal/c.json',
    'https://public.example.org:22/c.json',
  ])('at %s, without a connection', async (clientId) => {
    expect(refusalOfDocument(clientId)).toEqual(expect.any(String));
    const { status, text } = await authorize(clientId);
    expect(status).toBe(400);
    expect(text).toContain('invalid_client_metadata');
  });

  test.each(['127.0.0.1', '10.0.0.1', '169.254.169.254', '::1', '::ffff:127.0.0.1'])(
    'when its name resolves to %s',
    async (address) => {
      const resolve = async () => [{ address, family: address.includes(':') ? 6 : 4 }];
      const fetchDocument = documentFetch({ documentAuthority: documents.authority, resolve });
      await expect(fetchDocument('https://client.example.org/c.json', {})).rejects.toThrow(
        /not at a public address/,
      );
    },
  );
});

test.each([
  ['its own page', 'https://client.example/cb', 'https://client.example/c.json', true],
  ['a page of a subdomain', 'https://www.client.example/cb', 'https://client.example/c.json', true],
  ['a port of this machine', 'http://localhost:5000/cb', 'https://client.example/c.json', true],
  ['a program of this machine', 'cursor://auth/cb', 'https://client.example/c.json', true],
  ['another site', 'https://evil.example/cb', 'https://client.example/c.json', false],
  ['another site by FTP', 'ftp://evil.example/cb', 'https://client.example/c.json', false],
  ['another site by WebSocket', 'ws://evil.example/cb', 'https://client.example/c.json', false],
  ['another site by secure WebSocket', 'WSS://evil.example/cb', 'https://client.example/c.json', false],
  ['a file', 'file:///tmp/cb', 'https://client.example/c.json', false],
  ['a file of another host', 'file://client.example/cb', 'https://client.example/c.json', false],
  ['a script', 'javascript:alert(1)', 'https://client.example/c.json', false],
  ['a script with a host', 'javascript://127.0.0.1/%0aalert(1)', 'https://client.example/c.json', false],
  ['a page in the URL', 'data:text/html,x', 'https://client.example/c.json', false],
  [
    'a site whose name ends the same',
    'https://evilclient.example/cb',
    'https://client.example/c.json',
    false,
  ],
  ['the site above', 'https://example.org/cb', 'https://client.example.org/c.json', false],
  ['nothing that can be read', 'nowhere', 'https://client.example/c.json', false],
])('a redirect to %s is judged', (_what, redirect, document, expected) => {
  expect(isOwnRedirect(redirect, document)).toBe(expected);
});
