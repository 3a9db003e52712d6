/** Tests the API behind a misconfigured gateway and after internal errors. */
import { jest } from '@jest/globals';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { createApi } from '../../lambdas/api/api.ts';
import type { ApiDependencies } from '../../lambdas/api/dependencies.ts';
import { expectValid } from '../support/openapi.ts';

beforeEach(() => void jest.spyOn(console, 'error').mockImplementation(() => {}));
afterEach(() => jest.restoreAllMocks());

async function ask(
  dependencies: object,
  event: Partial<APIGatewayProxyEvent>,
  userArn: string | null = 'arn',
) {
  const api = createApi(dependencies as ApiDependencies);
  const result = (await api(
    {
      httpMethod: 'GET',
      path: '/jobs',
      resource: '/jobs',
      requestContext: { identity: { userArn } },
      ...event,
    } as APIGatewayProxyEvent,
    { getRemainingTimeInMillis: () => 29_000 } as Context,
    { signal: new AbortController().signal },
  )) as APIGatewayProxyResult;
  return { status: result.statusCode, headers: result.headers, data: JSON.parse(result.body) };
}

const noJobs = { jobs: { list: async () => ({ jobs: [] }) } };

test('a request without an authenticated caller gets 401', async () => {
  const { status, data } = await ask(noJobs, {}, null);
  expect([status, data.error.code]).toEqual([401, 'UNAUTHENTICATED']);
  expectValid(['components', 'schemas', 'Error'], data);
});

test('a base path of a custom domain changes nothing', async () => {
  const { status, data } = await ask(noJobs, { path: '/operations/jobs' });
  expect([status, data]).toEqual([200, { jobs: [] }]);
});

test('an unexpected error is logged, and the response reveals nothing of it', async () => {
  const cause = new Error('The table whsec_abc is on fire.');
  const list = async () => {
    throw cause;
  };
  const { status, data } = await ask({ jobs: { list } }, {});
  expect(status).toBe(500);
  expect(data.error).toMatchObject({ code: 'INTERNAL_ERROR', retryable: true });
  expect(JSON.stringify(data)).not.toContain('fire');
  expectValid(['components', 'schemas', 'Error'], data);
  expect(console.error).toHaveBeenCalledWith(expect.objectContaining({ route: 'GET /jobs', error: cause }));
});

test('a body in base64 is decoded before its size is checked', async () => {
  const event = (body: string) => ({
    httpMethod: 'POST',
    resource: '/endpoints',
    multiValueHeaders: { 'Content-Type': ['application/json'] },
    isBase64Encoded: true,
    body: Buffer.from(body).toString('base64'),
  });
  const named = await ask({}, event('{"url":7}'));
  expect([named.status, named.data.error.message]).toEqual([400, expect.stringContaining('url:')]);
  expect((await ask({}, event(`{${' '.repeat(65_534)}}`))).status).toBe(400);
  expect((await ask({}, event(`{${' '.repeat(65_535)}}`))).status).toBe(413);
});
