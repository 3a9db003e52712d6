/** Authorizers as the local gateway runs them, and what it answers for itself. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { type Authorizer, readAuthorizers } from '../../../local/apigateway/authorizers.ts';
import { readGatewayResponses } from '../../../local/apigateway/gateway-responses.ts';
import { FunctionError } from '../../../local/lambda/function-instance.ts';
import type { LambdaFunction } from '../../../local/lambda/functions.ts';

const API = 'arn:aws:execute-api:us-east-1:000000000000:local/local';
const calls: unknown[] = [];
let answer: () => unknown;

beforeEach(() => {
  calls.length = 0;
  answer = () => policy([{ Effect: 'Allow', Resource: `${API}/*` }]);
});

const resolve = (value: unknown) =>
  typeof value === 'object' && value !== null && 'Ref' in value ? value.Ref : value;

function authorizer(properties: object = {}): Authorizer {
  const lambda = {
    async invoke(payload: string) {
      calls.push(JSON.parse(payload));
      return JSON.stringify(answer());
    },
  } as unknown as LambdaFunction;
  const Properties = {
    Type: 'REQUEST',
    AuthorizerUri:
      'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:0:function:Ask/invocations',
    IdentitySource: 'method.request.header.Authorization',
    ...properties,
  };
  const resources = { Guard: { Type: 'AWS::ApiGateway::Authorizer', Properties } };
  const found = readAuthorizers(resources, resolve, new Map([['Ask', lambda]])).get('Guard');
  if (!found) throw new Error('It is not there.');
  return found;
}

function policy(statements: readonly object[], context: object = { owner: 'ada' }) {
  const Statement = statements.map((statement) => ({ Action: 'execute-api:Invoke', ...statement }));
  return { principalId: 'ada', policyDocument: { Version: '2012-10-17', Statement }, context };
}

function request(headers: Record<string, string>, overrides: object = {}): APIGatewayProxyEvent {
  return {
    httpMethod: 'GET',
    path: '/jobs/1',
    headers,
    queryStringParameters: null,
    requestContext: { apiId: 'local', stage: 'local' },
    body: 'not for the authorizer',
    isBase64Encoded: false,
    ...overrides,
  } as unknown as APIGatewayProxyEvent;
}

const known = request({ AUTHORIZATION: 'Bearer 1' });

test('who does not identify is unauthorized, and nobody is asked', async () => {
  for (const headers of [{}, { Authorization: '' }, { Other: 'x' }] as Record<string, string>[]) {
    expect(await authorizer().authorize(request(headers))).toEqual({ refusal: 'UNAUTHORIZED' });
  }
  expect(calls).toEqual([]);
});

test('the function is asked about the method, and its context is handed on as text', async () => {
  answer = () =>
    policy([{ Effect: 'Allow', Resource: `${API}/GET/jobs/1` }], { owner: 'ada', level: 3, good: true });
  expect(await authorizer().authorize(known)).toEqual({
    context: { owner: 'ada', level: '3', good: 'true', principalId: 'ada' },
  });
  expect(calls).toEqual([
    expect.objectContaining({ type: 'REQUEST', methodArn: `${API}/GET/jobs/1`, path: '/jobs/1' }),
  ]);
  expect(calls[0]).not.toHaveProperty('body');
});

test.each<[string, readonly object[], boolean]>([
  ['nothing is allowed', [], false],
  ['another method is', [{ Effect: 'Allow', Resource: `${API}/POST/*` }], false],
  ['another API is', [{ Effect: 'Allow', Resource: API.replace('local/', 'other/').concat('/*') }], false],
  ['another action is', [{ Effect: 'Allow', Action: 'execute-api:ManageConnections', Resource: '*' }], false],
  ['everything is', [{ Effect: 'Allow', Action: '*', Resource: '*' }], true],
  ['one of several is', [{ Effect: 'Allow', Resource: ['a', `${API}/GET/job?/*`] }], true],
  [
    'everything is, and this is denied',
    [
      { Effect: 'Allow', Resource: '*' },
      { Effect: 'Deny', Resource: `${API}/*/jobs/1` },
    ],
    false,
  ],
])('when %s', async (_what, statements, isAllowed) => {
  answer = () => policy(statements);
  expect('context' in (await authorizer().authorize(known))).toBe(isAllowed);
  if (!isAllowed) expect(await authorizer().authorize(known)).toEqual({ refusal: 'ACCESS_DENIED' });
});

test('a verdict is remembered for its identity, whatever is asked for, until its time is over', async () => {
  const guard = authorizer({ AuthorizerResultTtlInSeconds: 0.2 });
  answer = () => policy([{ Effect: 'Allow', Resource: `${API}/GET/*` }]);
  expect(await guard.authorize(known)).toHaveProperty('context');
  // The policy of the first answer is what the second method is held against.
  expect(await guard.authorize({ ...known, httpMethod: 'POST' })).toEqual({ refusal: 'ACCESS_DENIED' });
  expect(calls).toHaveLength(1);
  await guard.authorize(request({ authorization: 'Bearer 2' }));
  expect(calls).toHaveLength(2);
  await new Promise((done) => setTimeout(done, 250));
  await guard.authorize(known);
  expect(calls).toHaveLength(3);
});

test('without a time to live, nothing is remembered', async () => {
  const guard = authorizer({ AuthorizerResultTtlInSeconds: 0 });
  await guard.authorize(known);
  await guard.authorize(known);
  expect(calls).toHaveLength(2);
});

test('a function that says Unauthorized is heard; one that fails otherwise lets nobody in; neither is remembered', async () => {
  const guard = authorizer();
  const fail = (errorMessage: string) => () => {
    throw new FunctionError({ errorType: 'Error', errorMessage, trace: [] });
  };
  answer = fail('Unauthorized');
  expect(await guard.authorize(known)).toEqual({ refusal: 'UNAUTHORIZED' });
  answer = fail('unauthorized');
  expect(await guard.authorize(known)).toEqual({ refusal: 'AUTHORIZER_FAILURE' });
  answer = () => policy([{ Effect: 'Allow', Resource: '*' }]);
  expect(await guard.authorize(known)).toHaveProperty('context');
});

test.each<[string, () => unknown]>([
  ['nothing', () => null],
  ['no policy', () => ({ principalId: 'ada' })],
  ['a policy with another effect', () => policy([{ Effect: 'allow', Resource: '*' }])],
  ['a policy with a condition', () => policy([{ Effect: 'Allow', Resource: '*', Condition: {} }])],
  ['a context with a list', () => policy([{ Effect: 'Allow', Resource: '*' }], { scopes: ['a'] })],
  ['no principal', () => ({ ...policy([{ Effect: 'Allow', Resource: '*' }]), principalId: undefined })],
])('%s is no answer, and lets nobody in', async (_what, result) => {
  answer = result;
  expect(await authorizer().authorize(known)).toEqual({ refusal: 'AUTHORIZER_CONFIGURATION_ERROR' });
});

test.each([
  [{ Type: 'TOKEN' }, 'use a REQUEST authorizer'],
  [
    {
      AuthorizerUri:
        'arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:0:function:Other/invocations',
    },
    'a function of the stack',
  ],
  [{ IdentitySource: 'context.identity.sourceIp' }, 'a header or a query parameter'],
])('%p is refused when the cloud starts', (properties, reason) => {
  expect(() => authorizer(properties)).toThrow(reason);
});

describe("the gateway's own answers", () => {
  async function respondWith(properties: object | undefined, type: 'UNAUTHORIZED' | 'ACCESS_DENIED') {
    const resources = properties
      ? { Answer: { Type: 'AWS::ApiGateway::GatewayResponse', Properties: properties } }
      : {};
    const respond = readGatewayResponses(resources as never, resolve);
    const server = createServer((_request, response) => respond(response, type)).listen(0, '127.0.0.1');
    await new Promise((done) => server.once('listening', done));
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const body = await response.json();
    server.close();
    return { status: response.status, headers: response.headers, body };
  }

  test('are those of AWS', async () => {
    const { status, headers, body } = await respondWith(undefined, 'UNAUTHORIZED');
    expect([status, headers.get('x-amzn-errortype'), body]).toEqual([
      401,
      'UnauthorizedException',
      { message: 'Unauthorized' },
    ]);
  });

  test("are the template's where it has its own, with its headers", async () => {
    const custom = {
      ResponseType: 'UNAUTHORIZED',
      StatusCode: '418',
      ResponseParameters: { 'gatewayresponse.header.WWW-Authenticate': `'Bearer scope="a b"'` },
      ResponseTemplates: { 'application/json': '{"error":$context.error.messageString}' },
    };
    const { status, headers, body } = await respondWith(custom, 'UNAUTHORIZED');
    expect([status, headers.get('www-authenticate'), body]).toEqual([
      418,
      'Bearer scope="a b"',
      { error: 'Unauthorized' },
    ]);
    expect(await respondWith(custom, 'ACCESS_DENIED')).toMatchObject({ status: 403 });
    const all = await respondWith(
      { ...custom, ResponseType: 'DEFAULT_4XX', StatusCode: undefined },
      'ACCESS_DENIED',
    );
    expect([all.status, all.headers.get('www-authenticate')]).toEqual([403, 'Bearer scope="a b"']);
  });

  test.each([
    [{ 'gatewayresponse.header.X': 'method.request.header.X' }, "give 'static' text"],
    [{ 'gatewayresponse.body': "'x'" }, 'map a header'],
  ])('cannot be made of %p', async (ResponseParameters, reason) => {
    await expect(
      respondWith({ ResponseType: 'UNAUTHORIZED', ResponseParameters }, 'UNAUTHORIZED'),
    ).rejects.toThrow(reason);
  });
});
