/** Tests that no log line has a secret, an answer or a control character, and that no value can break a line. */
import { expect, test } from '@jest/globals';
import { hashOwner, redactAttributes, redactText } from '../../../lambdas/shared/observability/redact.ts';
import { signAnswerToken } from '../../../lambdas/webhooks/signing/answer-token.ts';
import { createSecret, signedHeaders, signingKeyFrom } from '../../../lambdas/webhooks/signing/signature.ts';

const key = signingKeyFrom('a text of more than thirty-two characters');
const grant = { jobId: 'job', createdAt: '2026-01-01T00:00:00.000Z', keys: ['approve'] };
const answerToken = signAnswerToken(grant, 1, [key, key]) ?? '';
const secret = createSecret();
const signature = signedHeaders({ id: 'a.1', body: '{}', secrets: [secret], keys: [key], nowMs: 0 })[
  'webhook-signature'
] as string;
const jwt = `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.eyJzdWIiOiIxIn0.c2lnbmF0dXJl`;
const PRESIGNED =
  'https://bucket.s3.amazonaws.com/jobs/1/result.json?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=ASIAIOSFODNN7EXAMPLE%2F20260101&X-Amz-Security-Token=IQoJb3JpZ2lu&X-Amz-Signature=fe5f80f77d5fa3beca038a248ff027d0';

test.each([
  ['a bearer token', `authorization failed for Bearer ${jwt}`, jwt],
  ['an opaque bearer token', 'sent bearer abcdef0123456789', 'abcdef0123456789'],
  ['a token alone', `refused ${jwt}`, 'eyJzdWIiOiIxIn0'],
  ['an authorization header', 'authorization: Token abc', 'Token abc'],
  ['headers as JSON', '{"Authorization":"Basic abc","x":"kept"}', 'Basic abc'],
  ['a signed header', 'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/x, Signature=fe5f', 'fe5f'],
  ['an access key', 'for ASIAIOSFODNN7EXAMPLE', 'ASIAIOSFODNN7EXAMPLE'],
  ['a cookie', 'set-cookie: session=abc; Path=/', 'session=abc'],
  ['a presigned URL', `GET ${PRESIGNED} failed`, 'fe5f80f77d5fa3beca038a248ff027d0'],
  ['its session token', `GET ${PRESIGNED} failed`, 'IQoJb3JpZ2lu'],
  ['its credential', `GET ${PRESIGNED} failed`, 'ASIAIOSFODNN7EXAMPLE'],
  ['a part of a presigned URL', 'jobs/1?x=1&X-Amz-Signature=fe5f80f77d', 'fe5f80f77d'],
  ['an encoded presigned URL', encodeURIComponent(PRESIGNED), 'fe5f80f77d5fa3beca038a248ff027d0'],
  ['a user of a URL', 'https://user:hunter2@example.com/', 'hunter2'],
  ['a query of a callback URL', 'POST https://example.com/hook?key=hunter2', 'hunter2'],
  ['a query of a WebSocket', 'wss://example.com/x?key=hunter2', 'hunter2'],
  ['a query of any scheme', 's3://bucket/key?sig=hunter2', 'hunter2'],
  ['a query of a URL within a URL', 'https://a.example/https://b.example/?key=hunter2', 'hunter2'],
  ['an access token as JSON', '{"access_token":"hunter2"}', 'hunter2'],
  ['a password within JSON within JSON', '"{\\"password\\":\\"hunter 2\\"}"', 'hunter'],
  ['a secret of a form', 'client_id=a&client_secret=hunter2&b=c', 'hunter2'],
  ['a password', 'password: hunter2', 'hunter2'],
  ['a secret access key', 'aws_secret_access_key = hunter2', 'hunter2'],
  ['a bearer token behind a name', 'token: Bearer hunter2hunter2', 'hunter2'],
  [
    'the input of a state',
    `The JSONPath '$.a' could not be found in the input '{"b":"it's hunter2"}'`,
    'hunter2',
  ],
  ['the output of a state', 'cannot be applied to the output \'[\n"hunter2"]\'', 'hunter2'],
  ['the input of a nested execution', '{"Input":"{\\"a\\":\\"hunter2\\"}","Status":"FAILED"}', 'hunter2'],
  ['a webhook secret', `signed with ${secret}`, secret.slice(6, 20)],
  ['a webhook signature', signature, signature.slice(3, 40)],
  ['an answer link', `https://api.example.com/v1/answers/${answerToken}`, answerToken.slice(0, 30)],
  ['an answer token', `read ${answerToken}`, answerToken.slice(-86)],
  ['a secret with a control character', 'whsec_\u001b[31mabcdef', 'abcdef'],
  ['a task token', `resumed ${'AQCgAAAAKgAAAAMAAAAA'.repeat(20)}`, 'AQCgAAAAKgAAAAMAAAAA'],
])('%s is removed from text', (_, text, gone) => {
  const redacted = redactText(text);
  expect(redacted).toContain('[removed]');
  expect(redacted).not.toContain(gone);
});

test('the rest of a text stays', () => {
  expect(redactText(`GET ${PRESIGNED} failed`)).toBe(
    'GET https://bucket.s3.amazonaws.com/jobs/1/result.json?[removed] failed',
  );
  const plain = 'The Authorization header has no bearer token. See https://example.com/docs.';
  expect(redactText(plain)).toBe(plain);
});

test('an error of JSON.parse does not quote what it read', () => {
  const error = ['hunter2', `{"a": "${'x'.repeat(50)}", hunter2}`].map((text) => {
    try {
      return JSON.parse(text);
    } catch (cause) {
      return cause;
    }
  });
  const line = JSON.stringify(redactAttributes({ error }));
  expect(line).toContain('is not valid JSON');
  expect(line).not.toContain('hunter2');
});

test('credentials, inputs and answers are removed by their name, at any depth', () => {
  const nested = {
    headers: { Authorization: 'x', 'Set-Cookie': 'y' },
    taskToken: 'z',
    apiKey: 'k',
    api_key: 'x',
  };
  const content = { input: { a: 'x' }, answers: { b: 'y' }, result: 'z', body: 'k', Body: 'x' };
  const results = { output: 'x', Output: 'y', structuredContent: 'z', inputResponses: 'k' };
  expect(JSON.stringify(redactAttributes({ nested, list: [content, results] }))).not.toMatch(/"[xyzk]"/);
  expect(redactAttributes({ tokens: 3, answer: undefined })).toEqual({ tokens: 3, answer: undefined });
});

test('terminal escape codes and control characters are removed, and newlines stay for JSON to escape', () => {
  const text = '\u001b[2Jfailed\u0007\r\nnext\u202e';
  expect(redactText(text)).toBe('failed\nnext');
  expect(JSON.stringify(redactAttributes({ text }))).toBe('{"text":"failed\\nnext"}');
  expect(redactAttributes({ '\u001b[2Jname': 1 })).toEqual({ name: 1 });
});

test('an owner is a short hash wherever it is', () => {
  const owner = 'arn:aws:iam::111122223333:user/alice';
  const hash = hashOwner(owner);
  expect(hash).toMatch(/^[0-9a-f]{16}$/);
  expect(redactAttributes({ owner, job: { owner } })).toEqual({ owner: hash, job: { owner: hash } });
});

test('of an error stay its name, message, code, request id, stack and causes', () => {
  const sdk = Object.assign(new Error('The conditional request failed'), {
    name: 'ConditionalCheckFailedException',
    $metadata: { httpStatusCode: 400, requestId: 'R1', attempts: 1 },
    $response: { headers: { authorization: 'secret-1' } },
    Item: { input: { S: 'secret-2' } },
  });
  const error = new AggregateError([sdk], 'outer', {
    cause: Object.assign(new Error('inner'), { code: 'E' }),
  });
  const redacted = redactAttributes({ error });
  expect(redacted).toMatchObject({
    error: {
      name: 'AggregateError',
      message: 'outer',
      stack: expect.stringContaining('AggregateError: outer\n    at '),
      cause: { message: 'inner', code: 'E' },
      errors: [{ name: 'ConditionalCheckFailedException', status: 400, request_id: 'R1' }],
    },
  });
  expect(JSON.stringify(redacted)).not.toContain('secret-');
});

const cycle: Record<string, unknown> = {};
cycle.self = cycle;
const tree = (depth: number): unknown =>
  depth === 0 ? 1 : Array.from({ length: 40 }, () => tree(depth - 1));
const throwing = {
  get message(): string {
    throw new Error('no');
  },
};

test.each<[string, unknown, RegExp]>([
  ['a cycle', cycle, /^(\{"(value|self)":){6}"…"\}+$/],
  [
    'many names',
    Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, at])),
    /"k29":29\}\}$/,
  ],
  ['a tree', tree(3), /"…"/],
  ['a long text', 'x '.repeat(1_000_000), /x…"\}$/],
  ['long texts', Array.from({ length: 100 }, () => 'x '.repeat(1_000)), /"…"/],
  ['a getter that throws', throwing, /^\{"value":\{"message":"\[unreadable\]"\}\}$/],
  ['a proxy that throws', new Proxy({}, { ownKeys: () => Object.keys(null as never) }), /"\[unreadable\]"/],
  [
    'a stack that throws',
    Object.defineProperty(new Error('x'), 'stack', { get: () => throwing.message }),
    /unread/,
  ],
  ['a big integer', 10n ** 40n, /^\{"value":"10{40}"\}$/],
  ['an invalid date', new Date(Number.NaN), /"Invalid Date"/],
  ['bytes', Buffer.from('hunter2'), /^\{"value":"\[7 bytes\]"\}$/],
  ['a function', () => 'hunter2', /^\{"value":"\[function\]"\}$/],
  ['a symbol', Symbol('hunter2'), /^\{"value":"\[symbol\]"\}$/],
  ['toJSON', { toJSON: () => Object.keys(null as never) }, /"toJSON":"\[function\]"/],
  ['__proto__', JSON.parse('{"__proto__":{"polluted":true}}'), /"__proto__":\{"polluted":true\}/],
])('a hostile value, such as %s, makes no line long, late or unreadable', (_, value, expected) => {
  const startedMs = performance.now();
  const line = JSON.stringify(redactAttributes({ value }));
  expect(performance.now() - startedMs).toBeLessThan(5_000);
  expect(line.length).toBeLessThan(25_000);
  expect(line).toMatch(expected);
  expect(line).not.toContain('hunter2');
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});

test.each([
  'a-'.repeat(50_000),
  'http://'.repeat(20_000),
  ', "'.repeat(50_000),
  'eyJ'.repeat(50_000),
  'cookie:'.repeat(20_000),
  'token'.repeat(20_000),
  'token="\\'.repeat(12_500),
  `token${' '.repeat(100_000)}`,
  '"input":"\\'.repeat(10_000),
  'a.a+'.repeat(25_000),
  'x '.concat('a:'.repeat(50_000)),
])('a text that provokes backtracking takes little time (%#)', (text) => {
  const startedMs = performance.now();
  redactText(text, 100_000);
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});
