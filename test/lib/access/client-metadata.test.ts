/** Clients without a client id from the operator: metadata documents (CIMD) and dynamic registration at the user pool. */
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { readAuthorization } from '../../../lib/access/authorization.ts';
import { CLIENT_METADATA_URLS, checkClientMetadataUrls } from '../../../lib/access/client-metadata.ts';
import { UserPool, type UserPoolProps } from '../../../lib/access/user-pool.ts';
import { checkClientMetadata } from '../../../local/cognito/check-client-metadata.ts';

const POLICY = 'AWS::Cognito::CIMDPolicy';

function makePool(props: UserPoolProps = {}) {
  const stack = new Stack(new App(), 'Test');
  const pool = new UserPool(stack, 'Users', props);
  const metadata = stack.resolve(pool.metadata('https://api.example.com'));
  return { template: Template.fromStack(stack), metadata };
}

function patternsOf(template: Template): readonly unknown[] {
  return Object.values(template.findResources(POLICY)).map(({ Properties }) => Properties.URLPatterns);
}

test('by default, common clients sign in by their metadata documents, with the scopes of the client for people', () => {
  const { template, metadata } = makePool();
  template.resourceCountIs(POLICY, 1);
  template.hasResourceProperties(POLICY, {
    PolicyName: 'mcp-clients-1',
    URLPatterns: CLIENT_METADATA_URLS,
    UserPoolId: { Ref: Match.stringLikeRegexp('^UsersPool') },
    ClientId: { Ref: Match.stringLikeRegexp('^UsersPoolPeople') },
  });
  expect(metadata).toMatchObject({
    client_id_metadata_document_supported: true,
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: expect.arrayContaining(['none']),
  });
  expect(() => checkClientMetadata(template.toJSON() as never)).not.toThrow();
});

test.each([
  'https://claude.ai/oauth/mcp-oauth-client-metadata',
  'https://claude.ai/oauth/claude-code-client-metadata',
  'https://chatgpt.com/oauth/a1b2/client.json',
  'https://chatgpt.com/oauth/codex/a1b2/client.json',
  'https://vscode.dev/oauth/client-metadata.json',
  'https://cursor.com/oauth/mcp-client.json',
])('%s is a document of the default list, also when * does not span a slash', (url) => {
  const patterns = CLIENT_METADATA_URLS.map(
    (text) => new RegExp(`^${text.replaceAll(/[.?]/g, '\\$&').replaceAll('*', '[^/]+')}$`),
  );
  expect(patterns.some((pattern) => pattern.test(url))).toBe(true);
});

test('the list of the operator replaces the default, with a policy for each five', () => {
  const clientMetadataUrls = [1, 2, 3, 4, 5, 6].map((number) => `https://client.example/${number}.json`);
  const { template } = makePool({ clientMetadataUrls });
  expect(patternsOf(template)).toEqual([clientMetadataUrls.slice(0, 5), clientMetadataUrls.slice(5)]);
  expect(() => checkClientMetadata(template.toJSON() as never)).not.toThrow();
});

test('without documents, no policy is there and the metadata promises none', () => {
  const { template, metadata } = makePool({ clientMetadataUrls: [] });
  template.resourceCountIs(POLICY, 0);
  expect(metadata).not.toHaveProperty('client_id_metadata_document_supported');
});

test('programs register clients only when the operator allows it, for people and without the scope of operators', () => {
  const closed = makePool();
  expect(JSON.stringify(closed.template.toJSON())).not.toContain('DcrConfiguration');
  expect(closed.metadata).not.toHaveProperty('registration_endpoint');

  const open = makePool({ dynamicRegistration: true });
  open.template.hasResourceProperties('AWS::Cognito::UserPool', {
    DcrConfiguration: {
      EnableStatus: 'Enabled',
      OpenDcrEnabled: true,
      OpenDcrGrantTypes: ['code'],
      AuthenticatedGrantTypes: [],
      AllowedScopes: ['jobs:read', 'jobs:write', 'webhooks:manage'].map(
        (scope) => `async-operations/${scope}`,
      ),
    },
  });
  expect(JSON.stringify(open.metadata)).toMatch(
    /"registration_endpoint":\{.*amazoncognito\.com\/oauth2\/register/,
  );
});

describe('a URL of a metadata document', () => {
  test.each(['https://client.example/c.json', 'https://client.example:8443/oauth/*/c.json'])(
    'may be %s',
    (url) => {
      expect(() => checkClientMetadataUrls([url])).not.toThrow();
    },
  );

  test.each([
    ['http', 'http://client.example/c.json', /https URLs/],
    ['a query', 'https://client.example/c.json?id=1', /without a query/],
    ['a fragment', 'https://client.example/c.json#id', /without a query or a fragment/],
    ['a user name', 'https://ada@client.example/c.json', /a host name/],
    ['a wildcard for every host', 'https://*/oauth/c.json', /a host name without \*/],
    ['a wildcard in the host', 'https://*.example.com/c.json', /a host name without \*/],
    ['an IPv6 address', 'https://[::1]/oauth/c.json', /a host name/],
    ['no path', 'https://client.example', /a host name|path/],
    ['only a slash', 'https://client.example/', /the path of a document/],
    ['dot segments', 'https://client.example/a/../c.json', /without the segments/],
    ['a space', 'https://client.example/a b.json', /https URLs/],
    ['257 characters', `https://client.example/${'x'.repeat(234)}`, /12 to 256 characters/],
  ])('may not have %s', (_what, url, remedy) => {
    const refused = () => checkClientMetadataUrls(['https://client.example/c.json', url]);
    expect(refused).toThrow(`clientMetadataUrls contains "${url}"`);
    expect(refused).toThrow(remedy);
  });

  test('may be there once', () => {
    expect(() => checkClientMetadataUrls(Array(2).fill('https://client.example/c.json'))).toThrow(/twice/);
  });
});

describe('the CDK context', () => {
  const read = (context: Readonly<Record<string, string>>) =>
    readAuthorization({ tryGetContext: (key: string) => context[key] });

  test.each([
    [{}, { clientMetadataUrls: undefined, dynamicRegistration: undefined }],
    [{ clientMetadataUrls: 'none' }, { clientMetadataUrls: [] }],
    [
      { clientMetadataUrls: 'https://a.example/1,https://b.example/2' },
      { clientMetadataUrls: ['https://a.example/1', 'https://b.example/2'] },
    ],
    [{ dynamicRegistration: 'true' }, { dynamicRegistration: true }],
  ])('%j is read', (context, expected) => {
    expect(read(context)).toMatchObject({ mode: 'cognito', ...expected });
  });

  test('has true or false for dynamicRegistration', () => {
    expect(() => read({ dynamicRegistration: 'yes' })).toThrow(
      'dynamicRegistration is "yes": give true or false.',
    );
  });

  test('has no such options for another authorization', () => {
    const oidc = { authorization: 'oidc', issuer: 'https://id.example.com' };
    expect(() => read({ ...oidc, dynamicRegistration: 'true' })).toThrow(
      /does not apply to authorization=oidc/,
    );
  });
});
