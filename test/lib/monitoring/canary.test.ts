/** Tests the construct of the canary: its client in each authorization, and the options that it refuses. */
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import type { CanarySettings } from '../../../lambdas/canary/canary-settings.ts';
import type { AuthorizationChoice } from '../../../lib/access/authorization.ts';
import { LOCAL_CONTEXT } from '../../../lib/defaults/local-context.ts';
import { Gateway } from '../../../lib/endpoints/gateway.ts';
import { Canary, type CanaryOptions, readCanary } from '../../../lib/monitoring/canary.ts';
import { rolePolicies } from '../../support/role-policies.ts';
import { samples } from '../../support/sample-catalogue.ts';

const SEARCH: CanaryOptions = { operation: 'search', input: { project: 'canary', pattern: 'ok' } };
const OIDC = { mode: 'oidc', issuer: 'https://id.example.com' } as const;
const SECRET = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:canary-AbCdEf';

function templateOf(authorization: AuthorizationChoice, options: CanaryOptions, local?: object): Template {
  const context = { 'aws:cdk:bundling-stacks': [], ...(local && { [LOCAL_CONTEXT]: local }) };
  const stack = new Stack(new App({ context }), 'Stack', {
    env: { account: '111122223333', region: 'eu-west-1' },
  });
  const gateway = new Gateway(stack, 'Gateway', { authorization });
  // An authorizer needs a method.
  gateway.api.root.addMethod('GET');
  new Canary(stack, 'Canary', { gateway, catalogue: samples, ...options });
  return Template.fromStack(stack);
}

/** Returns the setting of the function. Values that are known only at deploy are names of resources. */
function settingsOf(template: Template): CanarySettings {
  const found = template.findResources('AWS::Lambda::Function', {
    Properties: { Description: Match.stringLikeRegexp('^Runs the canary') },
  });
  const { CANARY } = Object.values(found)[0]?.Properties.Environment.Variables ?? {};
  const parts: unknown[] = typeof CANARY === 'string' ? [CANARY] : CANARY['Fn::Join'][1];
  return JSON.parse(parts.map((part) => (typeof part === 'string' ? part : 'X')).join(''));
}

/** Returns the actions that the function may use, besides those on logs, traces and its table. */
function grantsOf(template: Template): readonly (readonly [action: string, resource: unknown])[] {
  return rolePolicies(template)
    .filter(({ id }) => id.startsWith('CanaryFunctionRole'))
    .flatMap(({ statements }) => statements)
    .flatMap(({ Action, Resource }) => [Action].flat().map((action) => [action, Resource] as const))
    .filter(([action]) => !/^(logs|xray|dynamodb):/.test(action));
}

test('with Cognito, the pool has a client for it, whose secret only the function reads', () => {
  const template = templateOf({ mode: 'cognito' }, SEARCH);
  template.hasResourceProperties('AWS::Cognito::UserPoolClient', {
    AccessTokenValidity: 1_440,
    AllowedOAuthFlows: ['client_credentials'],
    ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH'],
    GenerateSecret: true,
  });
  expect(settingsOf(template)).toEqual({
    tool: 'search_project',
    input: SEARCH.input,
    signIn: {
      mode: 'token',
      server: { tokenEndpoint: expect.stringMatching(/\/oauth2\/token$/) },
      client: { userPoolId: 'X', clientId: 'X' },
      parameters: {
        scope: 'async-operations/jobs:read async-operations/jobs:write async-operations/webhooks:manage',
      },
    },
  });
  expect(grantsOf(template).map(([action]) => action)).toEqual(['cognito-idp:DescribeUserPoolClient']);
  const clients = Object.keys(template.findResources('AWS::Cognito::UserPoolClient'));
  expect(clients).toHaveLength(3);
  template.hasResourceProperties('AWS::Lambda::Function', {
    Environment: {
      Variables: {
        AUTH_CLIENT_IDS: {
          'Fn::Join': ['', [Match.anyValue(), ' ', Match.anyValue(), ' ', Match.anyValue()]],
        },
      },
    },
  });
});

test('with IAM, its role may call the MCP endpoint', () => {
  const template = templateOf({ mode: 'iam' }, SEARCH);
  expect(settingsOf(template).signIn).toEqual({ mode: 'iam' });
  const [[action, resource] = []] = grantsOf(template);
  expect([action, JSON.stringify(resource)]).toEqual([
    'execute-api:Invoke',
    expect.stringContaining('/v1/POST/mcp"'),
  ]);
});

test('with an identity provider, it reads the client from the secret', () => {
  const template = templateOf(OIDC, { ...SEARCH, clientSecretArn: SECRET });
  expect(settingsOf(template).signIn).toEqual({
    mode: 'token',
    server: { issuer: OIDC.issuer },
    client: { secretArn: SECRET },
    parameters: {
      scope: 'jobs:read jobs:write webhooks:manage',
      resource: expect.stringMatching(/^https:\/\/X\.execute-api\..*\/v1\/mcp$/),
    },
  });
  expect(grantsOf(template)).toEqual([['secretsmanager:GetSecretValue', SECRET]]);
});

test('an identity provider with audiences and prefixes of its own gets them', () => {
  const own = { ...OIDC, audience: 'api://jobs', scopePrefix: 'api://jobs/' };
  const { signIn } = settingsOf(templateOf(own, { ...SEARCH, clientSecretArn: SECRET }));
  expect(signIn).toMatchObject({
    parameters: {
      scope: 'api://jobs/jobs:read api://jobs/jobs:write api://jobs/webhooks:manage',
      audience: 'api://jobs',
    },
  });
});

test('on the local cloud, it uses the client of the local identity provider', () => {
  const client = { client_id: 'local-program', client_secret: 'x' };
  const local = { canaryClient: JSON.stringify(client) };
  expect(settingsOf(templateOf(OIDC, SEARCH, local)).signIn).toMatchObject({ client });
  // Without one, callers sign: the secret of the deployment is not there.
  const options = { ...SEARCH, clientSecretArn: SECRET };
  expect(settingsOf(templateOf({ mode: 'iam' }, options, {})).signIn).toEqual({ mode: 'iam' });
});

test('everybody can reach its webhook, and nothing else of it', () => {
  const template = templateOf({ mode: 'iam' }, SEARCH);
  const open = template.findResources('AWS::ApiGateway::Method', {
    Properties: { AuthorizationType: 'NONE' },
  });
  expect(Object.values(open).map(({ Properties }) => Properties.HttpMethod)).toEqual(['POST']);
  template.hasResourceProperties('AWS::ApiGateway::Resource', { PathPart: '{token}' });
});

test.each([
  [
    'an unknown operation',
    { operation: 'serach' },
    'monitoring.canary.operation is "serach", which is no operation of the catalogue that creates jobs. Use one of: build, call_api, deploy, download, migrate, search, upload.',
  ],
  [
    'an operation without jobs',
    { operation: 'read_file' },
    'monitoring.canary.operation is "read_file", which is no operation of the catalogue that creates jobs. Use one of: build, call_api, deploy, download, migrate, search, upload.',
  ],
  [
    'an input that lacks a property',
    { operation: 'search', input: { project: 'canary' } },
    'monitoring.canary.input does not match the input of search: pattern: Invalid input: expected string, received undefined. Change the input.',
  ],
  [
    'a secret of another authorization',
    { ...SEARCH, clientSecretArn: SECRET },
    'monitoring.canary.clientSecretArn does not apply to the authorization iam: remove it.',
  ],
])('refuses %s', (_, options, message) => {
  expect(() => templateOf({ mode: 'iam' }, options)).toThrow(message);
});

test('refuses an identity provider without a client, and with a client of another region', () => {
  expect(() => templateOf(OIDC, SEARCH)).toThrow(
    'monitoring.canary.clientSecretArn is missing: give the ARN of a secret with a client of your identity provider.',
  );
  const elsewhere = { ...SEARCH, clientSecretArn: SECRET.replace('eu-west-1', 'us-east-1') };
  expect(() => templateOf(OIDC, elsewhere)).toThrow(
    'has a secret in the region us-east-1, and the stack is in eu-west-1',
  );
});

test('the context names the operation, its input and the secret', () => {
  const read = (context: object) => readCanary(new App({ context: { ...context } }).node);
  expect(read({})).toBe(undefined);
  expect(read({ canary: 'search', canaryInput: '{"project":"canary"}', canarySecretArn: SECRET })).toEqual({
    operation: 'search',
    input: { project: 'canary' },
    clientSecretArn: SECRET,
  });
  for (const canaryInput of ['[]', 'null', '"x"', '{']) {
    expect(() => read({ canary: 'search', canaryInput })).toThrow(
      `canaryInput is ${canaryInput}: give a JSON object`,
    );
  }
  expect(() => read({ canaryInput: '{}' })).toThrow('need an operation: add -c canary=OPERATION');
});
