/** Tests how the console learns to sign in, and what its policy lets it connect to. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { jest } from '@jest/globals';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { createApi } from '../../lambdas/api/api.ts';
import { ConsolePage } from '../../lambdas/api/console-page.ts';
import type { ApiDependencies } from '../../lambdas/api/dependencies.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import { expectValid } from '../support/openapi.ts';

let server: Server;
let issuer: string;
let requests = 0;
let isUp = true;
beforeAll(async () => {
  server = createServer((_request, response) => {
    requests += 1;
    if (!isUp) return response.writeHead(503).end();
    const metadata = {
      issuer,
      jwks_uri: `${issuer}/keys`,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: 'https://tokens.example.com/token',
      revocation_endpoint: "https://tokens.example.com/revoke; script-src 'unsafe-inline'",
      secret_note: 'not for browsers',
    };
    return response.end(JSON.stringify(metadata));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((done) => server.close(done)));
beforeEach(() => {
  requests = 0;
  isUp = true;
  jest.spyOn(log, 'error').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

function consoleOf() {
  const signIn = {
    mode: 'oidc',
    issuer,
    client_id: 'spa',
    scopes: ['jobs:read'],
    operator_scope: 'jobs:operate',
  } as const;
  const page = new ConsolePage({ directory: new URL('../../console/app/', import.meta.url), signIn });
  const api = createApi({ operations: [], console: page } as unknown as ApiDependencies);
  return async (resource: string) => {
    const result = (await api(
      {
        httpMethod: 'GET',
        path: resource,
        resource,
        requestContext: { path: resource },
      } as APIGatewayProxyEvent,
      { getRemainingTimeInMillis: () => 29_000 } as Context,
      { signal: new AbortController().signal },
    )) as APIGatewayProxyResult;
    return { headers: result.headers, body: result.body };
  };
}

test('the browser gets the addresses of the authorization server, and may call those alone', async () => {
  const get = consoleOf();
  const config = JSON.parse((await get('/console/config')).body);
  expectValid(['components', 'schemas', 'ConsoleConfig'], config);
  expect(config.authorization_server).toMatchObject({ authorization_endpoint: `${issuer}/authorize` });
  expect(config.authorization_server).not.toHaveProperty('secret_note');
  const { headers } = await get('/console');
  expect(headers?.['content-security-policy']).toContain(
    "; connect-src 'self' https://tokens.example.com; base-uri 'none'",
  );
  expect(requests).toBe(1);
});

test('an issuer that is unavailable is asked once in ten seconds, and the page is served', async () => {
  isUp = false;
  const get = consoleOf();
  for (let times = 0; times < 3; times++) await get('/console');
  const { body, headers } = await get('/console/config');
  expect(headers).toMatchObject({ 'cache-control': 'no-store' });
  const config = JSON.parse(body);
  expectValid(['components', 'schemas', 'ConsoleConfig'], config);
  expect(config).not.toHaveProperty('authorization_server');
  expect(requests).toBe(1);
  isUp = true;
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 10_001);
  expect(JSON.parse((await get('/console/config')).body)).toHaveProperty('authorization_server');
});

test('a file that could not be read is read again at the next request', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'console-'));
  try {
    const page = new ConsolePage({
      directory: pathToFileURL(`${directory}/`),
      signIn: { mode: 'none' },
    });
    await expect(page.file('app.js')).rejects.toThrow('ENOENT');
    await writeFile(join(directory, 'app.js'), 'let a;');
    expect(await page.file('app.js')).toMatchObject({ text: 'let a;' });
  } finally {
    await rm(directory, { recursive: true });
  }
});
