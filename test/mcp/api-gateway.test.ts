import type { APIGatewayProxyEvent } from 'aws-lambda';
import { toRequest } from '../../lambdas/mcp/api-gateway.ts';
import { ownerOf } from '../../lambdas/shared/owner.ts';

function event(
  overrides: Partial<APIGatewayProxyEvent>,
  userArn: string | null = null,
): APIGatewayProxyEvent {
  return {
    httpMethod: 'POST',
    path: '/mcp',
    multiValueHeaders: { 'content-type': ['application/json'] },
    body: '{}',
    isBase64Encoded: false,
    requestContext: { domainName: 'localhost', identity: { userArn } },
    ...overrides,
  } as APIGatewayProxyEvent;
}

test.each([
  ['arn:aws:iam::123456789012:user/alice', 'arn:aws:iam::123456789012:user/alice'],
  ['arn:aws:iam::123456789012:user/team/alice', 'arn:aws:iam::123456789012:user/team/alice'],
  // Whoever assumes a role names the session, so it tells nobody apart.
  [
    'arn:aws:sts::123456789012:assumed-role/Builder/session-1',
    'arn:aws:sts::123456789012:assumed-role/Builder',
  ],
  ['arn:aws:sts::123456789012:assumed-role/Builder/a/b', 'arn:aws:sts::123456789012:assumed-role/Builder'],
  ['arn:aws:sts::123456789012:federated-user/bob', undefined],
  [null, undefined],
])('the caller %s is the owner %s', (userArn, owner) => {
  expect(ownerOf(event({}, userArn))).toBe(owner);
});

test.each([false, true])(
  'halves of characters in a body are replaced (base64: %s)',
  async (isBase64Encoded) => {
    const text = '{"a":"\\ud83d","\\ude00":"\\ud83d\\ude00"}';
    const body = isBase64Encoded ? Buffer.from(text).toString('base64') : text;
    expect(await toRequest(event({ body, isBase64Encoded }))?.json()).toEqual({
      a: '\ufffd',
      '\ufffd': '😀',
    });
  },
);

test('a body in base64 is decoded', async () => {
  const body = Buffer.from('{"a":1}').toString('base64');
  expect(await toRequest(event({ body, isBase64Encoded: true }))?.json()).toEqual({ a: 1 });
});

test.each([
  ['a GET with a body', { httpMethod: 'GET' }],
  ['a header with a character that HTTP has not', { multiValueHeaders: { 'x-name': ['\u2603'] } }],
])('%s is no request', (_what, overrides) => {
  expect(toRequest(event(overrides))).toBeUndefined();
});
