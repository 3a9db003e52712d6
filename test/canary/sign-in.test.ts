/** Tests how the canary gets an access token, and what it sends with it. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TokenSignIn } from '../../lambdas/canary/canary-settings.ts';
import { createSignIn } from '../../lambdas/canary/sign-in.ts';
import type { signedFetch } from '../../lambdas/shared/aws/signed-fetch.ts';

const requests: { readonly path: string; readonly authorization: string; readonly body: string }[] = [];
let url = '';
/** The status of the API. */
let status = 200;
let expiresIn = 3_600;

const server = createServer(async (request, response) => {
  const { url: path = '', headers } = request;
  requests.push({ path, authorization: headers.authorization ?? '', body: await text(request) });
  const json = (body: object) => response.writeHead(200).end(JSON.stringify(body));
  if (path === '/.well-known/openid-configuration') {
    json({ issuer: url, jwks_uri: `${url}/keys`, token_endpoint: `${url}/token` });
  } else if (path === '/token') json({ access_token: `token-${requests.length}`, expires_in: expiresIn });
  else response.writeHead(status).end();
});

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  requests.length = 0;
  status = 200;
  expiresIn = 3_600;
});
afterAll(() => server.close());

const CLIENT = { client_id: 'canary:1', client_secret: 'a secret' };
const BASIC = `Basic ${Buffer.from('canary%3A1:a%20secret').toString('base64')}`;

/** Responds to each call of a service of AWS with this object. */
function awsWith(body: object, calls: unknown[] = []): typeof signedFetch {
  return (service) => async (_, init) => {
    calls.push([service, new Headers(init.headers).get('x-amz-target'), JSON.parse(String(init.body))]);
    return Response.json(body);
  };
}

function signInWith(client: TokenSignIn['client'], aws?: typeof signedFetch) {
  const parameters = { scope: 'jobs:read jobs:write', resource: 'https://jobs.example.com/mcp' };
  return createSignIn({ mode: 'token', server: { issuer: url }, client, parameters }, aws);
}

test('finds the token endpoint in the metadata, and sends the token', async () => {
  const authorizedFetch = await signInWith(CLIENT)();
  await authorizedFetch(`${url}/mcp`, { method: 'POST', headers: { accept: 'x' }, body: '{}' });
  expect(requests).toEqual([
    expect.objectContaining({ path: '/.well-known/openid-configuration' }),
    {
      path: '/token',
      authorization: BASIC,
      body: 'grant_type=client_credentials&scope=jobs%3Aread+jobs%3Awrite&resource=https%3A%2F%2Fjobs.example.com%2Fmcp',
    },
    { path: '/mcp', authorization: 'Bearer token-2', body: '{}' },
  ]);
});

test('keeps the token until a minute before it expires', async () => {
  const signIn = signInWith(CLIENT);
  await signIn();
  await signIn();
  expect(requests.filter(({ path }) => path === '/token')).toHaveLength(1);
  expiresIn = 60;
  const short = signInWith(CLIENT);
  await short();
  await short();
  expect(requests.filter(({ path }) => path === '/token')).toHaveLength(3);
});

test('requests another token after the API has refused one', async () => {
  const signIn = signInWith(CLIENT);
  status = 401;
  await (await signIn())(`${url}/mcp`, {});
  await signIn();
  expect(requests.filter(({ path }) => path === '/token')).toHaveLength(2);
});

test('reads the client from a secret, with further parameters of the request', async () => {
  const calls: unknown[] = [];
  const SecretString = JSON.stringify({ ...CLIENT, audience: 'jobs' });
  await signInWith({ secretArn: 'arn:secret' }, awsWith({ SecretString }, calls))();
  expect(calls).toContainEqual([
    'secretsmanager',
    'secretsmanager.GetSecretValue',
    { SecretId: 'arn:secret', VersionStage: 'AWSCURRENT' },
  ]);
  expect(requests.at(-1)).toMatchObject({
    authorization: BASIC,
    body: expect.stringMatching(/&audience=jobs$/),
  });
});

test.each(['not JSON: hush', '{"client_id":"a"}', '{"client_id":"a","client_secret":"hush","more":1}'])(
  'a secret like %s is an error that does not repeat it',
  async (SecretString) => {
    const error = await signInWith({ secretArn: 'arn:secret' }, awsWith({ SecretString }))().catch((e) => e);
    expect(String(error)).toBe(
      'Error: The secret arn:secret is invalid. Store JSON with the texts client_id and client_secret in it.',
    );
    expect(error.cause).toBe(undefined);
  },
);

test('reads the secret of a Cognito client from Cognito', async () => {
  const calls: unknown[] = [];
  const aws = awsWith({ UserPoolClient: { ClientSecret: CLIENT.client_secret } }, calls);
  await signInWith({ userPoolId: 'pool', clientId: CLIENT.client_id }, aws)();
  expect(calls).toEqual([
    [
      'cognito-idp',
      'AWSCognitoIdentityProviderService.DescribeUserPoolClient',
      { UserPoolId: 'pool', ClientId: CLIENT.client_id },
    ],
  ]);
  expect(requests.at(-1)?.authorization).toBe(BASIC);
});
