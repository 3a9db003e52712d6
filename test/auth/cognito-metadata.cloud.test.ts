/** Tests that the official clients discover the sign-in page of the user pool from the stack's metadata. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  discoverAuthorizationServerMetadata,
  discoverOAuthProtectedResourceMetadata,
  startAuthorization,
} from '@modelcontextprotocol/client';
import {
  discoverAuthorizationServerMetadata as discoverWithSdk1,
  startAuthorization as startWithSdk1,
} from '@modelcontextprotocol/sdk/client/auth.js';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AsyncOperationsStack } from '../../lib/async-operations-stack.ts';
import { samples } from '../support/sample-catalogue.ts';

const STAGE = '/v1';
const POOL = 'https://login.example.com';

let server: Server;
let url: string;

/** Reads the documents of the template by path, as the gateway would serve them behind its stage. */
function documents(base: string): Map<string, string> {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  const template = Template.fromStack(
    new AsyncOperationsStack(app, 'Test', {
      operations: samples,
    }),
  );
  const resources = template.findResources('AWS::ApiGateway::Resource');
  const pathOf = (id: string): string => {
    const { ParentId, PathPart } = resources[id]?.Properties ?? {};
    return ParentId?.Ref ? `${pathOf(ParentId.Ref)}/${PathPart}` : `/${PathPart}`;
  };
  const mocks = Object.values(
    template.findResources('AWS::ApiGateway::Method', { Properties: { Integration: { Type: 'MOCK' } } }),
  );
  return new Map(
    mocks.map(({ Properties: { ResourceId, Integration } }) => [
      STAGE + pathOf(ResourceId.Ref),
      resolved(Integration.IntegrationResponses[0].ResponseTemplates['application/json'], base),
    ]),
  );
}

/** Maps AWS addresses to those of the server and of a pool. */
function resolved(value: unknown, base: string): string {
  if (typeof value === 'string') return value;
  const parts = (value as { readonly 'Fn::Join': [string, unknown[]] })['Fn::Join'][1];
  return parts
    .map((part) => (typeof part === 'string' ? part : '<>'))
    .join('')
    .replaceAll(/https:\/\/<>\.execute-api\.<>\.<>\/v1/g, base + STAGE)
    .replaceAll(/https:\/\/<>\.auth\.<>\.amazoncognito\.com/g, POOL)
    .replaceAll(/https:\/\/cognito-idp\.<>\.<>\/<>/g, `${POOL}/pool`);
}

beforeAll(async () => {
  let served = new Map<string, string>();
  server = createServer((request, response) => {
    const body = served.get(request.url ?? '');
    // The gateway responds 403 for a path outside a stage.
    if (body === undefined) response.writeHead(request.url?.startsWith(STAGE) ? 404 : 403).end('{}');
    else response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  served = documents(url);
});
afterAll(() => server.close());

async function resource() {
  return discoverOAuthProtectedResourceMetadata(`${url}${STAGE}/mcp`, {
    resourceMetadataUrl: `${url}${STAGE}/.well-known/oauth-protected-resource/mcp`,
  });
}

test('the resource names the API as its authorization server, which describes the sign-in at the pool with PKCE', async () => {
  const { resource: named, authorization_servers: [issuer = ''] = [], scopes_supported } = await resource();
  expect([named, issuer]).toEqual([`${url}${STAGE}/mcp`, `${url}${STAGE}`]);
  const metadata = await discoverAuthorizationServerMetadata(issuer);
  expect(metadata).toMatchObject({
    issuer,
    authorization_endpoint: `${POOL}/oauth2/authorize`,
    token_endpoint: `${POOL}/oauth2/token`,
    jwks_uri: `${POOL}/pool/.well-known/jwks.json`,
    code_challenge_methods_supported: ['S256'],
    scopes_supported,
  });
  const options = { clientInformation: { client_id: 'x' }, redirectUrl: 'http://localhost:8080/callback' };
  const { authorizationUrl } = await startAuthorization(issuer, { metadata, ...options });
  expect(authorizationUrl.origin + authorizationUrl.pathname).toBe(`${POOL}/oauth2/authorize`);
  expect(authorizationUrl.searchParams.get('code_challenge_method')).toBe('S256');
});

test('the 1.x client discovers the same', async () => {
  const metadata = await discoverWithSdk1(`${url}${STAGE}`);
  const { authorizationUrl } = await startWithSdk1(`${url}${STAGE}`, {
    metadata,
    clientInformation: { client_id: 'x' },
    redirectUrl: 'http://localhost:8080/callback',
  });
  expect(authorizationUrl.href).toContain(`${POOL}/oauth2/authorize?`);
});
