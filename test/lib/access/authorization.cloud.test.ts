/** Who is let in, by each choice: nobody by mistake. */
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { readAuthorization } from '../../../lib/access/authorization.ts';
import { AsyncOperationsStack } from '../../../lib/async-operations-stack.ts';
import { LOCAL_CONTEXT } from '../../../lib/defaults/local-context.ts';
import { checkPathParts } from '../../../local/apigateway/check-path-parts.ts';
import { pathsOf, resourcesAt } from '../../support/api-resources.ts';
import { rolePolicies } from '../../support/role-policies.ts';
import { twoSamples } from '../../support/sample-catalogue.ts';

const ISSUER = 'https://id.example.com/tenant';
// The answer link has GET and POST: its token is the credential.
// `{proxy+}` is below `/.well-known`: catalogs and keys are documents, and each unknown document is not found.
const COMMON_PATHS = [
  'sandbox-reports',
  '{token}',
  '{token}',
  'console',
  'config',
  '{file}',
  '{proxy+}',
  'server-card',
];
const PUBLIC_PATHS = {
  iam: COMMON_PATHS,
  oidc: [...COMMON_PATHS, 'oauth-protected-resource', 'mcp'],
  cognito: [
    ...COMMON_PATHS,
    'oauth-protected-resource',
    'mcp',
    'oauth-authorization-server',
    'openid-configuration',
  ],
} as const;

/** As `cdk synth -c …` makes it, without the bundles of its functions. */
function synthesize(context: Readonly<Record<string, unknown>> = {}): Template {
  const app = new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] } });
  const stack = new AsyncOperationsStack(app, 'Test', {
    authorization: readAuthorization(app.node),
    operations: twoSamples,
  });
  // Fails when its resources depend on each other in a circle.
  return Template.fromStack(stack);
}

const templates = {
  iam: synthesize({ authorization: 'iam' }),
  oidc: synthesize({ authorization: 'oidc', issuer: ISSUER }),
  cognito: synthesize(),
};
type Mode = keyof typeof templates;
const modes = Object.keys(templates) as Mode[];

interface Method {
  readonly ResourceId: { readonly Ref: string };
  readonly AuthorizationType: string;
  readonly AuthorizerId?: { readonly Ref: string };
}

function methodsOf(template: Template): readonly Method[] {
  return Object.values(template.findResources('AWS::ApiGateway::Method')).map(({ Properties }) => Properties);
}

/** Joins, with what they refer to in angle brackets. */
function text(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const [[key, argument] = []] = Object.entries(value);
  if (key === 'Fn::Join') return (argument as [string, unknown[]])[1].map(text).join('');
  return `<${key === 'Ref' ? argument : JSON.stringify(argument)}>`;
}

function environmentOf(template: Template): Record<string, string> {
  const [authorizer] = Object.values(
    template.findResources('AWS::Lambda::Function', {
      Properties: { Description: 'Verifies access tokens' },
    }),
  );
  const { Variables } = authorizer?.Properties.Environment ?? {};
  return Object.fromEntries(Object.entries(Variables ?? {}).map(([name, value]) => [name, text(value)]));
}

describe.each(modes)('%s', (mode) => {
  const template = templates[mode];

  test('every method asks who calls, but for public documents, answer links and the console', () => {
    const resources = template.findResources('AWS::ApiGateway::Resource');
    const open = methodsOf(template).filter(({ AuthorizationType }) => AuthorizationType === 'NONE');
    const paths = open.map(({ ResourceId }) => resources[ResourceId.Ref]?.Properties.PathPart);
    expect(paths.sort()).toEqual([...PUBLIC_PATHS[mode]].sort());
    const closed = methodsOf(template).filter((method) => !open.includes(method));
    const expected = mode === 'iam' ? 'AWS_IAM' : 'CUSTOM';
    expect(new Set(closed.map(({ AuthorizationType }) => AuthorizationType))).toEqual(new Set([expected]));
    const [authorizer] = Object.keys(template.findResources('AWS::ApiGateway::Authorizer'));
    for (const { AuthorizerId } of closed) expect(AuthorizerId?.Ref).toBe(authorizer);
  });

  test('an update from version 0.2.0 creates no path that API Gateway refuses beside the earlier ones', () => {
    const before = resourcesAt([
      '/mcp',
      '/jobs/{job_id}/log',
      '/endpoints/{endpoint_id}/health',
      '/deliveries/{delivery_id}/replay',
      '/operator/{proxy+}',
      '/answers/{token}',
      '/.well-known/oauth-protected-resource/mcp',
      '/console/{file}',
    ]);
    const paths = pathsOf(template.toJSON().Resources);
    expect(paths).toContain('/{proxy+}');
    expect(() => checkPathParts(before, resourcesAt(paths))).not.toThrow();
  });
});

describe('tokens', () => {
  test.each(['oidc', 'cognito'] as const)(
    '%s: are remembered for a minute by the header they are in',
    (mode) => {
      templates[mode].hasResourceProperties('AWS::ApiGateway::Authorizer', {
        Type: 'REQUEST',
        IdentitySource: 'method.request.header.Authorization',
        AuthorizerResultTtlInSeconds: 60,
      });
    },
  );

  test.each(['oidc', 'cognito'] as const)(
    '%s: the authorizer may write its log and its traces, and nothing else',
    (mode) => {
      const [role, ...others] = rolePolicies(templates[mode]).filter(({ id }) =>
        id.startsWith('GatewayAuthorizationFunction'),
      );
      expect(others).toEqual([]);
      const actions = (role?.statements ?? []).flatMap(({ Action }) => Action);
      expect(actions).toContain('logs:PutLogEvents');
      expect(actions.filter((action) => !/^(xray|logs):/.test(action))).toEqual([]);
    },
  );

  test('oidc: are those of the issuer, for the endpoint or the API', () => {
    const environment = environmentOf(templates.oidc);
    const url = /^https:\/\/<\w+>\.execute-api\.<AWS::Region>\.<AWS::URLSuffix>\/v1/.exec(
      environment.AUTH_AUDIENCES ?? '',
    )?.[0];
    expect(environment).toMatchObject({
      AUTH_ISSUER: ISSUER,
      AUTH_AUDIENCES: `${url}/mcp ${url}/ ${url}`,
      AUTH_CLIENT_IDS: '',
      AUTH_SCOPE_PREFIX: '',
      AUTH_TENANT_CLAIM: '',
    });
  });

  test('oidc: are for an audience of its own, when one is given, and shared by a claim', () => {
    const template = synthesize({
      authorization: 'oidc',
      issuer: ISSUER,
      audience: 'api://jobs',
      tenantClaim: 'org',
    });
    expect(environmentOf(template)).toMatchObject({ AUTH_AUDIENCES: 'api://jobs', AUTH_TENANT_CLAIM: 'org' });
  });

  test("cognito: are those of the stack's own pool and clients", () => {
    const environment = environmentOf(templates.cognito);
    expect(environment).toMatchObject({
      AUTH_ISSUER: expect.stringMatching(
        /^https:\/\/cognito-idp\.<AWS::Region>\.<AWS::URLSuffix>\/<GatewayUsersPool\w+>$/,
      ),
      AUTH_CLIENT_IDS: expect.stringMatching(/^<GatewayUsersPoolPeople\w+> <GatewayUsersPoolPrograms\w+>$/),
      AUTH_SCOPE_PREFIX: 'async-operations/',
    });
  });

  test('oidc: are asked for with the prefix of the identity provider, when it has one', () => {
    const template = synthesize({ authorization: 'oidc', issuer: ISSUER, scopePrefix: 'api://jobs/' });
    expect(environmentOf(template).AUTH_SCOPE_PREFIX).toBe('api://jobs/');
    expect(JSON.stringify(template.toJSON())).toContain(
      'scope=\\"api://jobs/jobs:read api://jobs/jobs:write',
    );
    expect(() => synthesize({ authorization: 'oidc', issuer: ISSUER, scopePrefix: 'a b' })).toThrow(
      /scopePrefix/,
    );
  });

  test.each([
    ['oidc', ''],
    ['cognito', 'async-operations/'],
  ] as const)('%s: who has none is told where to get one', (mode, prefix) => {
    const answers = Object.values(templates[mode].findResources('AWS::ApiGateway::GatewayResponse'));
    const byType = Object.fromEntries(
      answers.map(({ Properties: { ResponseType, StatusCode, ResponseParameters, ResponseTemplates } }) => [
        ResponseType,
        {
          status: StatusCode,
          authenticate: text(ResponseParameters?.['gatewayresponse.header.WWW-Authenticate'] ?? ''),
          code: JSON.parse(ResponseTemplates['application/json']).error.code,
        },
      ]),
    );
    const challenge = new RegExp(
      `scope="${prefix}jobs:read ${prefix}jobs:write ${prefix}webhooks:manage", resource_metadata="https://<\\w+>\\.execute-api\\.<AWS::Region>\\.<AWS::URLSuffix>/v1/\\.well-known/oauth-protected-resource/mcp"'$`,
    );
    expect(byType).toEqual({
      UNAUTHORIZED: { status: '401', code: 'UNAUTHORIZED', authenticate: expect.stringMatching(challenge) },
      ACCESS_DENIED: { status: '403', code: 'FORBIDDEN', authenticate: expect.stringMatching(challenge) },
      AUTHORIZER_FAILURE: { status: '503', code: 'AUTHORIZATION_UNAVAILABLE', authenticate: '' },
      THROTTLED: { status: undefined, code: 'RESOURCE_EXHAUSTED', authenticate: '' },
      DEFAULT_4XX: { status: undefined, code: 'REQUEST_REFUSED', authenticate: '' },
      DEFAULT_5XX: { status: undefined, code: 'INTERNAL_ERROR', authenticate: '' },
      AUTHORIZER_CONFIGURATION_ERROR: { status: '503', code: 'AUTHORIZATION_UNAVAILABLE', authenticate: '' },
      MISSING_AUTHENTICATION_TOKEN: { status: '404', code: 'NOT_FOUND', authenticate: '' },
    });
    expect(byType.ACCESS_DENIED?.authenticate).toContain('error="insufficient_scope"');
    templates[mode].hasResourceProperties('AWS::ApiGateway::Method', {
      AuthorizationType: 'NONE',
      Integration: { Type: 'MOCK', PassthroughBehavior: 'NEVER' },
    });
  });

  test('iam: nothing of them is there', () => {
    templates.iam.resourceCountIs('AWS::ApiGateway::Authorizer', 0);
    expect(JSON.stringify(templates.iam.findResources('AWS::ApiGateway::GatewayResponse'))).not.toMatch(
      /token|WWW-Authenticate/,
    );
    templates.iam.resourceCountIs('AWS::Cognito::UserPool', 0);
  });
});

describe('the user pool', () => {
  const { cognito } = templates;

  test('is by invitation, outlives the stack, and cannot be deleted by mistake', () => {
    cognito.hasResource('AWS::Cognito::UserPool', {
      DeletionPolicy: 'Retain',
      Properties: {
        AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
        DeletionProtection: 'ACTIVE',
        UserPoolTier: 'ESSENTIALS',
        MfaConfiguration: 'ON',
        EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
      },
    });
  });

  test('has a public client for people, by authorization code alone, which comes back to this machine or the console', () => {
    const consoleUrl = Match.objectLike({ 'Fn::Join': ['', Match.arrayWith(['/v1/console'])] });
    cognito.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      AllowedOAuthFlows: ['code'],
      // The login pages sign in with the flows of their client.
      ExplicitAuthFlows: ['ALLOW_USER_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
      CallbackURLs: ['http://localhost:8080/callback', consoleUrl],
      LogoutURLs: [consoleUrl],
      GenerateSecret: Match.absent(),
      PreventUserExistenceErrors: 'ENABLED',
      EnableTokenRevocation: true,
    });
  });

  test('has a client for programs, by client credentials alone', () => {
    cognito.hasResourceProperties('AWS::Cognito::UserPoolClient', {
      AllowedOAuthFlows: ['client_credentials'],
      ExplicitAuthFlows: ['ALLOW_REFRESH_TOKEN_AUTH'],
      GenerateSecret: true,
    });
  });

  test('has the scopes, and the login pages', () => {
    cognito.hasResourceProperties('AWS::Cognito::UserPoolResourceServer', {
      Identifier: 'async-operations',
      Scopes: ['jobs:read', 'jobs:write', 'webhooks:manage', 'jobs:operate'].map((ScopeName) =>
        Match.objectLike({ ScopeName }),
      ),
    });
    cognito.hasResourceProperties('AWS::Cognito::UserPoolDomain', { ManagedLoginVersion: 2 });
    cognito.resourceCountIs('AWS::Cognito::ManagedLoginBranding', 1);
  });

  test('has a group of operators, and no program is one', () => {
    cognito.hasResourceProperties('AWS::Cognito::UserPoolGroup', { GroupName: 'operators' });
    const scopesOf = (flow: string) =>
      Object.values(cognito.findResources('AWS::Cognito::UserPoolClient'))
        .filter(({ Properties }) => Properties.AllowedOAuthFlows.includes(flow))
        .flatMap(({ Properties }) => Properties.AllowedOAuthScopes.map(text));
    const operate = expect.stringMatching(/\/jobs:operate$/);
    expect(scopesOf('code')).toContainEqual(operate);
    expect(scopesOf('client_credentials')).not.toContainEqual(operate);
    expect(scopesOf('client_credentials')).toHaveLength(3);
  });

  test('is told of in outputs', () => {
    for (const output of ['Issuer', 'UserPoolId', 'ClientId', 'ProgramClientId', 'LoginDomain']) {
      cognito.hasOutput(output, {});
    }
  });
});

describe('the console', () => {
  const signIn = (template: Template) => {
    const [api] = Object.values(
      template.findResources('AWS::Lambda::Function', {
        Properties: { Description: Match.stringLikeRegexp('^Serves the management API') },
      }),
    );
    return JSON.parse(text(api?.Properties.Environment.Variables.CONSOLE_SIGN_IN));
  };

  test('signs in with the client for people of the pool', () => {
    expect(signIn(templates.cognito)).toMatchObject({
      mode: 'oidc',
      issuer: expect.stringMatching(/^https:\/\/cognito-idp\./),
      client_id: expect.stringMatching(/^<GatewayUsersPoolPeople\w+>$/),
      scopes: [
        'async-operations/jobs:read',
        'async-operations/jobs:write',
        'async-operations/webhooks:manage',
      ],
      operator_scope: 'async-operations/jobs:operate',
      resource: expect.stringMatching(/\/v1\/mcp$/),
    });
  });

  test('signs in with the client that an option names, and for its audience when that is a URL', () => {
    expect(signIn(templates.oidc)).not.toHaveProperty('client_id');
    const own = { authorization: 'oidc', issuer: ISSUER, consoleClientId: 'spa', audience: 'api://jobs' };
    expect(signIn(synthesize(own))).toEqual({
      mode: 'oidc',
      issuer: ISSUER,
      client_id: 'spa',
      scopes: ['jobs:read', 'jobs:write', 'webhooks:manage'],
      operator_scope: 'jobs:operate',
    });
  });

  test('does not sign requests, and needs no credential on the local cloud', () => {
    expect(signIn(templates.iam)).toEqual({ mode: 'iam' });
    const local = { [LOCAL_CONTEXT]: { authorization: 'iam' } };
    expect(signIn(synthesize(local))).toEqual({ mode: 'none' });
  });
});

describe('an operator', () => {
  const ROLE = 'arn:aws:iam::111122223333:role/operators';
  const operatorVariables = (template: Template) => {
    const [api] = Object.values(
      template.findResources('AWS::Lambda::Function', {
        Properties: { Description: Match.stringLikeRegexp('Serves operators') },
      }),
    );
    return api?.Properties.Environment.Variables;
  };

  test.each(modes)('%s: is nobody by default, and no challenge asks for the scope', (mode) => {
    expect(operatorVariables(templates[mode])).not.toHaveProperty('OPERATORS');
    const told = ['AWS::ApiGateway::GatewayResponse', 'AWS::ApiGateway::Method'].map((type) =>
      templates[mode].findResources(type),
    );
    expect(JSON.stringify(told)).not.toContain('jobs:operate');
  });

  test('cognito: needs the group besides the scope, which every user may request', () => {
    expect(environmentOf(templates.cognito)).toMatchObject({
      AUTH_OPERATOR_CLAIM: 'cognito:groups',
      AUTH_OPERATOR_VALUE: 'operators',
    });
  });

  test('oidc: needs a claim besides the scope, and is nobody without one', () => {
    expect(environmentOf(templates.oidc)).not.toHaveProperty('AUTH_OPERATOR_CLAIM');
    const oidc = { authorization: 'oidc', issuer: ISSUER, operatorClaim: 'groups' };
    expect(environmentOf(synthesize(oidc))).toMatchObject({
      AUTH_OPERATOR_CLAIM: 'groups',
      AUTH_OPERATOR_VALUE: 'operators',
    });
    expect(environmentOf(synthesize({ ...oidc, operatorValue: 'ops' })).AUTH_OPERATOR_VALUE).toBe('ops');
  });

  test('iam: is whom the deployment names', () => {
    const user = 'arn:aws:iam::111122223333:user/staff/ada';
    const template = synthesize({ authorization: 'iam', operators: `${ROLE},${user}` });
    expect(operatorVariables(template).OPERATORS).toBe(`${ROLE} ${user}`);
  });

  test.each<[Record<string, string>, string]>([
    [
      { authorization: 'iam', operators: '*' },
      'operators contains "*", which is not the ARN of an IAM user or role',
    ],
    [{ authorization: 'iam', operators: 'arn:aws:iam::111122223333:root' }, 'operators contains "arn:'],
    [{ authorization: 'iam', operators: 'arn:aws:iam::111122223333:role/*' }, 'operators contains "arn:'],
    [{ authorization: 'iam', operators: `${ROLE},` }, 'operators contains ""'],
    [
      { authorization: 'iam', operators: Array(11).fill(ROLE).join(',') },
      'operators has 11 ARNs; 10 is the limit',
    ],
    [{ operators: ROLE }, 'operators does not apply to authorization=cognito'],
    [{ operatorClaim: 'groups' }, 'operatorClaim does not apply to authorization=cognito'],
    [
      { authorization: 'oidc', issuer: ISSUER, operatorValue: 'ops' },
      'operatorValue "ops" needs operatorClaim',
    ],
  ])('%o is refused', (context, message) => {
    expect(() => synthesize(context)).toThrow(message);
  });
});

describe('MCP extensions of authorization', () => {
  const declared = (template: Template) => {
    const [mcp] = Object.values(
      template.findResources('AWS::Lambda::Function', {
        Properties: { Description: Match.stringLikeRegexp('^Serves MCP clients') },
      }),
    );
    return mcp?.Properties.Environment.Variables.AUTH_EXTENSIONS;
  };

  test('are declared where they work: with the user pool, and as the operator says of the identity provider', () => {
    expect(declared(templates.iam)).toBeUndefined();
    expect(declared(templates.oidc)).toBeUndefined();
    expect(declared(templates.cognito)).toBe('oauth-client-credentials');
    const both = 'oauth-client-credentials,enterprise-managed-authorization';
    const template = synthesize({ authorization: 'oidc', issuer: ISSUER, authorizationExtensions: both });
    expect(declared(template)).toBe('oauth-client-credentials enterprise-managed-authorization');
  });
});

describe('a choice that cannot be meant is refused', () => {
  test.each<[Record<string, string>, string]>([
    [{ authorization: 'none' }, 'authorization is "none": choose one of iam, oidc, cognito.'],
    [{ authorization: 'constructor' }, 'choose one of'],
    [{ authorization: 'oidc' }, 'issuer is missing: authorization=oidc needs it'],
    [{ issuer: ISSUER }, 'issuer does not apply to authorization=cognito'],
    [{ authorization: 'iam', tenantClaim: 'org' }, 'tenantClaim does not apply to authorization=iam'],
    [{ authorization: 'oidc', issuer: 'http://id.example.com' }, 'is not https'],
    [{ authorization: 'oidc', issuer: 'http://127.0.0.1:3001' }, 'is not https'],
    [{ authorization: 'oidc', issuer: 'http://id.example.com', allowLoopbackIssuer: 'true' }, 'is not https'],
    [{ authorization: 'oidc', issuer: 'id.example.com' }, 'issuer "id.example.com" is not an issuer URL'],
    [{ authorization: 'oidc', issuer: `${ISSUER}?x=1` }, 'issuer "'],
    [{ authorization: 'oidc', issuer: `${ISSUER}#x` }, 'issuer "'],
    [{ authorization: 'oidc', issuer: 'https://id.example.com/a"b' }, 'issuer "'],
    [{ authorization: 'oidc', issuer: ISSUER, audience: 'a b' }, 'audience "a b" contains a space'],
    [
      { authorization: 'oidc', issuer: ISSUER, authorizationExtensions: 'oauth-client-credentials,saml' },
      'extensions contains "saml": give oauth-client-credentials or enterprise-managed-authorization',
    ],
    [{ authorizationExtensions: 'saml' }, 'authorizationExtensions does not apply to authorization=cognito'],
    [{ redirectUrls: 'http://192.168.0.1/callback' }, 'neither https nor http://localhost'],
    [{ redirectUrls: 'https://ok.example/cb,nonsense' }, 'redirectUrls contains "nonsense"'],
  ])('%o', (context, message) => {
    expect(() => synthesize(context)).toThrow(message);
  });
});
