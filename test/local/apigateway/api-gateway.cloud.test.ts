/** The API over HTTP: events, streams, API Gateway's own answers, and who is let in. */
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Env } from '../../../lambdas/shared/env.ts';
import { Harness } from '../fixture/harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

describe('API Gateway', () => {
  const echo = async (path: string, init: RequestInit = { method: 'POST' }) => {
    const response = await fetch(`${harness.cloud.url}${path}`, init);
    return {
      response,
      ...((await response.json()) as { event: Record<string, never>; environment: object }),
    };
  };

  test('a proxy event tells method, path, query, headers, body and who calls', async () => {
    const { event } = await echo('/echo/a%20b?x=1&x=2', {
      method: 'PUT',
      body: 'hello',
      headers: { 'X-Given': 'yes' },
    });
    expect(event).toMatchObject({
      resource: '/echo/{id}',
      path: '/echo/a%20b',
      httpMethod: 'PUT',
      pathParameters: { id: 'a%20b' },
      queryStringParameters: { x: '2' },
      multiValueQueryStringParameters: { x: ['1', '2'] },
      headers: { 'X-Given': 'yes' },
      body: 'hello',
      isBase64Encoded: false,
      requestContext: { identity: { userArn: null, sourceIp: '127.0.0.1' } },
    });
  });

  test.each([
    ['/echo/', '/echo'],
    ['//echo', '/echo'],
    ['/echo//x/', '/echo/{id}'],
  ])('slashes that are too many count as none: %s', async (path, resource) => {
    const { event } = await echo(path, { method: resource === '/echo' ? 'POST' : 'PUT' });
    expect(event).toMatchObject({ resource, path });
  });

  test('an IAM caller is development, or named after the access key id', async () => {
    const { event } = await echo('/echo');
    expect(event.requestContext).toMatchObject({
      identity: { userArn: 'arn:aws:iam::000000000000:user/development' },
    });
    const Authorization =
      'AWS4-HMAC-SHA256 Credential=ALICE/20260101/us-east-1/execute-api/aws4_request, Signature=0';
    const signed = await echo('/echo', { method: 'POST', headers: { Authorization } });
    expect(signed.event).not.toHaveProperty('headers.authorization');
    expect(signed.event.requestContext).toMatchObject({
      identity: { userArn: 'arn:aws:iam::000000000000:user/ALICE', accessKey: 'ALICE' },
    });
  });

  test('a function sees its own environment and nothing of this process', async () => {
    process.env.OF_THIS_PROCESS = 'secret';
    const { environment } = await echo('/echo');
    delete process.env.OF_THIS_PROCESS;
    expect(environment).toMatchObject({
      BUCKET: harness.bucket,
      QUEUE_URL: harness.queueUrl,
      SECRET_ARN: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:generated',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      ...harness.cloud.environment,
      // Its role's, not the developer's.
      AWS_ACCESS_KEY_ID: expect.stringMatching(/^role\.EchoServiceRole\w+\.Echo\w+$/),
      AWS_SECRET_ACCESS_KEY: expect.any(String),
      AWS_SESSION_TOKEN: expect.any(String),
    });
    expect(environment).not.toHaveProperty('OF_THIS_PROCESS');
    // The fixture sets it: a template cannot.
    expect(environment).not.toHaveProperty(Env.allowLoopbackWebhooks);
  });

  test('headers that API Gateway keeps for itself are renamed', async () => {
    const { response } = await echo('/echo');
    expect(response.headers.get('x-amzn-remapped-www-authenticate')).toBe('Bearer');
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(response.headers.get('x-two')).toBe('a, b');
  });

  test('a streamed response arrives while it is being written', async () => {
    const response = await fetch(`${harness.cloud.url}/stream`, { method: 'POST', body: 'open/stream' });
    expect([response.status, response.headers.get('content-type')]).toEqual([201, 'text/plain']);
    const reader = (response.body as ReadableStream<Uint8Array>)
      .pipeThrough(new TextDecoderStream())
      .getReader();
    expect((await reader.read()).value).toBe('first ');
    await harness.put('open/stream');
    expect((await reader.read()).value).toBe('last');
    expect((await reader.read()).done).toBe(true);
  });

  test('a client that leaves a stream harms nothing', async () => {
    const leave = new AbortController();
    const init = { method: 'POST', body: 'open/left', signal: leave.signal };
    const response = await fetch(`${harness.cloud.url}/stream`, init);
    expect(response.status).toBe(201);
    leave.abort();
    await harness.put('open/left');
    expect((await echo('/echo')).response.status).toBe(200);
  });

  test.each([
    ['/stream', 'throw'],
    ['/echo', 'throw'],
    ['/echo', 'not a response'],
  ])('a failure behind %s (%s) is a 502 without details', async (path, body) => {
    const response = await fetch(`${harness.cloud.url}${path}`, { method: 'POST', body });
    expect([response.status, await response.json()]).toEqual([502, { message: 'Internal server error' }]);
  });

  test.each([
    ['GET', '/nothing-here'],
    ['GET', '/echo'],
    ['OPTIONS', '/echo'],
    ['POST', '/echo/a/b'],
    ['GET', '/'],
  ])('%s %s, which is no route, lacks a token as on AWS', async (method, path) => {
    const response = await fetch(`${harness.cloud.url}${path}`, { method });
    expect(response.status).toBe(403);
    expect(response.headers.get('x-amzn-errortype')).toBe('MissingAuthenticationTokenException');
    expect(await response.json()).toEqual({ message: 'Missing Authentication Token' });
  });

  test.each([[11], [7]])('a request of %i MB is too long', async (megabytes) => {
    const body = Buffer.alloc(megabytes * 1024 * 1024, 'x');
    const response = await fetch(`${harness.cloud.url}/echo`, { method: 'POST', body });
    expect([response.status, await response.json()]).toEqual([413, { message: 'Request Too Long' }]);
  });

  test.each(['/%zz', '/echo/%', '/echo/%E0%A4%A'])('%s cannot be decoded: a bad request', async (path) => {
    expect(await statusOf(harness.cloud.url, {}, path)).toBe(400);
  });

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])(
    '%s reaches a path with a parameter',
    async (method) => {
      const { event } = await echo('/echo/a%2Fb', { method });
      expect(event).toMatchObject({
        httpMethod: method,
        path: '/echo/a%2Fb',
        pathParameters: { id: 'a%2Fb' },
        queryStringParameters: null,
        multiValueQueryStringParameters: null,
      });
    },
  );

  test('names that every object has are names like others', async () => {
    const headers = { constructor: 'a', valueOf: 'b' };
    const { event } = await echo('/echo/x?constructor=1&__proto__=2&__proto__=3&toString', {
      method: 'GET',
      headers,
    });
    expect(event.headers).toMatchObject({ constructor: 'a' });
    expect(Object.entries(event.multiValueQueryStringParameters ?? {})).toEqual([
      ['constructor', ['1']],
      ['__proto__', ['2', '3']],
      ['toString', ['']],
    ]);
  });

  test.each([204, 304])('an answer with status %i has no body', async (status) => {
    const socket = connect(Number(new URL(harness.cloud.url).port), '127.0.0.1');
    const body = `status ${status}`;
    const answer = text(socket);
    socket.write(
      `PUT /echo/x HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expect(await answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*\r\n\r\n$`));
  });

  test('what is not HTTP is answered with 400 and harms nothing', async () => {
    const socket = connect(Number(new URL(harness.cloud.url).port), '127.0.0.1').end('hello\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1.1 400 /);
    expect((await echo('/echo')).response.status).toBe(200);
  });
});

describe('Loopback', () => {
  const services = ['API', 'DYNAMODB', 'S3', 'SFN', 'SECRETS_MANAGER'];
  const urlOf = (service: string) =>
    harness.cloud.environment[`AWS_ENDPOINT_URL_${service}`] ?? harness.cloud.url;

  test.each(services)('%s refuses a rebound host name and a foreign page', async (service) => {
    expect(await statusOf(urlOf(service), { Host: 'evil.example' })).toBe(403);
    expect(await statusOf(urlOf(service), { Origin: 'https://evil.example' })).toBe(403);
    expect(await statusOf(urlOf(service), { Origin: 'null' })).toBe(403);
  });

  test('a page of this machine is let in', async () => {
    expect(
      await statusOf(
        harness.cloud.url,
        { Host: 'localhost:3000', Origin: 'http://localhost:5173' },
        '/echo/1',
      ),
    ).toBe(200);
  });
});

/** The status of a request with headers that `fetch` does not let through. */
function statusOf(url: string, headers: Record<string, string>, path = '/'): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    httpRequest(
      { hostname, port, path, headers, method: path.startsWith('/echo/') ? 'PUT' : 'GET' },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    )
      .on('error', reject)
      .end();
  });
}
