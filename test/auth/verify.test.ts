/** Tests the authorizer where a running cloud is too slow or unable: Cognito's tokens, old keys, Lambda. */
import { jest } from '@jest/globals';
import { callerOfToken } from '../../lambdas/auth/caller-of-token.ts';
import { IdentityProviderUnavailable } from '../../lambdas/auth/fetch-json.ts';
import { keySource } from '../../lambdas/auth/key-source.ts';
import { TokenRefused, tokenVerifier } from '../../lambdas/auth/verify-token.ts';
import { TestIssuer } from '../support/test-issuer.ts';

const MCP = 'https://api.example.com/v1/mcp';
let issuer: TestIssuer;

beforeEach(async () => {
  issuer = await TestIssuer.start();
  issuer.audience = MCP;
});
afterEach(async () => {
  jest.restoreAllMocks();
  delete process.env.AWS_LAMBDA_RUNTIME_API;
  await issuer.close();
});

const verifier = (clientIds: readonly string[] = []) =>
  tokenVerifier({ issuer: issuer.url, audiences: [MCP], clientIds }, keySource(issuer.url));

test('scopes in scp may lack the prefix; scopes in scope may not', () => {
  const settings = { issuer: 'https://id', scopePrefix: 'api://jobs/', tenantClaim: undefined };
  const scopesOf = (claims: object) => callerOfToken({ sub: 'ada', ...claims }, settings).scopes;
  expect(scopesOf({ scp: 'jobs:read api://jobs/jobs:write' })).toEqual(['jobs:read', 'jobs:write']);
  expect(scopesOf({ scope: 'jobs:read api://jobs/jobs:write' })).toEqual(['jobs:write']);
});

describe('the scope jobs:operate', () => {
  const operator = { sub: 'ada', scope: 'pool/jobs:read pool/jobs:operate' };
  const settings = { issuer: 'https://id', scopePrefix: 'pool/', tenantClaim: undefined };
  const operatorClaim = { name: 'cognito:groups', value: 'operators' };

  test('is lost when no operator claim is configured', () => {
    expect(callerOfToken(operator, settings).scopes).toEqual(['jobs:read']);
  });

  test.each([[['staff', 'operators']], ['operators']])('stays with the claim %j', (groups) => {
    const { scopes } = callerOfToken(
      { ...operator, 'cognito:groups': groups },
      { ...settings, operatorClaim },
    );
    expect(scopes).toEqual(['jobs:read', 'jobs:operate']);
  });

  test.each([
    undefined,
    null,
    [],
    'staff operators',
    'Operators',
    ['operators2'],
    [['operators']],
    { operators: true },
    true,
  ])('is lost with the claim %j', (groups) => {
    const { scopes } = callerOfToken(
      { ...operator, 'cognito:groups': groups },
      { ...settings, operatorClaim },
    );
    expect(scopes).toEqual(['jobs:read']);
  });

  test('does not come from the claim alone', () => {
    const claims = { sub: 'ada', scope: 'pool/jobs:read', 'cognito:groups': ['operators'] };
    expect(callerOfToken(claims, { ...settings, operatorClaim }).scopes).toEqual(['jobs:read']);
  });
});

describe("Amazon Cognito's tokens", () => {
  const settings = { issuer: 'https://pool', scopePrefix: 'async-operations/', tenantClaim: undefined };
  const cognito = (claims: object = {}) =>
    issuer.token({
      header: { typ: undefined },
      claims: {
        aud: undefined,
        token_use: 'access',
        client_id: 'people',
        sub: '7d5fbf9e-0000-4000-8000-000000000000',
        scope: 'openid async-operations/jobs:read async-operations/jobs:write',
        ...claims,
      },
    });

  test("of the pool's own clients are accepted without an audience, and their scopes without the prefix", async () => {
    const claims = await verifier(['people', 'programs'])(await cognito());
    expect(callerOfToken(claims, settings)).toEqual({
      owner: 'https://pool#7d5fbf9e-0000-4000-8000-000000000000',
      person: '7d5fbf9e-0000-4000-8000-000000000000',
      scopes: ['jobs:read', 'jobs:write'],
    });
    const program = await verifier(['people', 'programs'])(
      await cognito({ client_id: 'programs', sub: 'programs' }),
    );
    expect(callerOfToken(program, settings).owner).toBe('https://pool#client:programs');
  });

  test('bound to this resource are accepted', async () => {
    await verifier(['people'])(await cognito({ aud: MCP }));
  });

  test.each<[string, object]>([
    ['of another client', { client_id: 'other' }],
    ['of no client', { client_id: undefined }],
    ['of a list of clients', { client_id: ['people'] }],
    ['for identities', { token_use: 'id' }],
    ['for identities, with the client as their audience', { token_use: 'id', aud: 'people' }],
    ['that do not say what they are for', { token_use: undefined }],
    ['bound to another resource', { aud: 'https://other.example' }],
  ])('%s are not', async (_what, claims) => {
    await expect(verifier(['people'])(await cognito(claims))).rejects.toThrow(TokenRefused);
  });

  test('with scopes of another resource server give no scope of this API', () => {
    const claims = { sub: 'ada', scope: 'jobs:read other/jobs:read async-operations/other' };
    expect(callerOfToken(claims, settings).scopes).toEqual([]);
  });
});

describe('keys', () => {
  const later = (milliseconds: number) => {
    const now = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => now + milliseconds);
  };

  test('are fetched again for an unknown key, half a minute later', async () => {
    const verify = verifier();
    await verify(await issuer.token());
    await issuer.rotate();
    await expect(verify(await issuer.token())).rejects.toThrow(TokenRefused);
    expect(issuer.keyRequests).toBe(1);
    later(31_000);
    await verify(await issuer.token());
    expect(issuer.keyRequests).toBe(2);
  });

  test('that were withdrawn are accepted for at most five minutes', async () => {
    const verify = verifier();
    await verify(await issuer.token());
    const old = await issuer.rotate();
    await verify(await issuer.token({ key: old }));
    later(5 * 60 * 1000 + 1);
    await expect(verify(await issuer.token({ key: old }))).rejects.toThrow(TokenRefused);
  });

  test('that are cached stay valid when an invented key arrives while the identity provider is down', async () => {
    const verify = verifier();
    await verify(await issuer.token());
    later(31_000);
    issuer.mood = 'down';
    await expect(verify(await issuer.token({ header: { kid: 'made-up' } }))).rejects.toThrow(
      IdentityProviderUnavailable,
    );
    await verify(await issuer.token());
  });

  test('are never fetched over http on Lambda, with any configuration', async () => {
    process.env.AWS_LAMBDA_RUNTIME_API = '127.0.0.1:9001';
    await expect(verifier()(await issuer.token())).rejects.toThrow('is not https');
    expect(issuer.keyRequests).toBe(0);
  });

  test('are never fetched over http from another machine', async () => {
    const verify = tokenVerifier(
      { issuer: 'http://192.0.2.1', audiences: [MCP], clientIds: [] },
      keySource('http://192.0.2.1'),
    );
    await expect(verify(await issuer.token({ claims: { iss: 'http://192.0.2.1' } }))).rejects.toThrow(
      'is not https',
    );
  });
});
