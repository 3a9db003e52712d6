/** Tests the API behind a misconfigured gateway and after internal errors. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { jest } from '@jest/globals';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { createApi } from '../../lambdas/api/api.ts';
import type { ApiDependencies } from '../../lambdas/api/dependencies.ts';
import { OwnerSlots } from '../../lambdas/shared/aws/owner-slots.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import { callHandler } from '../support/call-handler.ts';
import { expectValid } from '../support/openapi.ts';

beforeEach(() => void jest.spyOn(log, 'error').mockImplementation(() => {}));
afterEach(() => jest.restoreAllMocks());

function ask(dependencies: object, event: Partial<APIGatewayProxyEvent>, userArn?: string | null) {
  const api = createApi({ operations: [], ...dependencies } as unknown as ApiDependencies);
  return callHandler(api, { httpMethod: 'GET', path: '/jobs', resource: '/jobs', ...event }, userArn);
}

const noJobs = { jobs: { list: async () => ({ jobs: [] }), summaries: async () => [] } };

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
  expect(log.error).toHaveBeenCalledWith(expect.any(String), { route: 'GET /jobs', error: cause });
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

describe('an owner whose slots are taken', () => {
  const post = (resource: string, body: object, pathParameters = {}) => ({
    httpMethod: 'POST',
    resource,
    pathParameters,
    multiValueHeaders: { 'Content-Type': ['application/json'] },
    body: JSON.stringify(body),
  });
  const full = new OwnerSlots({
    client: new DynamoDBClient({ region: 'us-east-1' }),
    tableName: 'slots',
    purpose: 'waiting_calls',
    limit: 0,
  });

  test('registers an endpoint whose host is not resolved now', async () => {
    const put = jest.fn(async (endpoint: object) => ({ ...endpoint, createdAt: '', updatedAt: '' }));
    const dependencies = {
      waits: full,
      endpoints: { put },
      seal: { seal: async () => 'sealed' },
      addressPolicy: { ports: [443], allowLoopback: false },
    };
    const body = { url: 'https://does-not-resolve.example.com/hook' };
    expect((await ask(dependencies, post('/endpoints', body))).status).toBe(201);
    expect(put).toHaveBeenCalledWith(expect.objectContaining(body));
    const refused = await ask(dependencies, post('/endpoints', { url: 'https://127.0.0.1/' }));
    expect(refused.data.error.code).toBe('URL_REFUSED');
  });

  test('starts no replay of an endpoint, and is told when to try again', async () => {
    const endpointId = `ep_${'0'.repeat(32)}`;
    const endpoint = { endpointId, kind: 'webhook', events: [], secrets: [] };
    const { status, headers, data } = await ask(
      { waits: full, endpoints: { get: async () => endpoint } },
      post('/endpoints/{endpoint_id}/replay', { since: '2026-01-01T00:00:00Z' }, { endpoint_id: endpointId }),
    );
    expect([status, headers?.['retry-after'], data.error.details.limit]).toEqual([429, '2', 'waiting_calls']);
    expectValid(['components', 'schemas', 'Error'], data);
  });

  test('lists deliveries by time, but not by a filter that can read a thousand', async () => {
    const endpointId = `ep_${'0'.repeat(32)}`;
    const endpoint = { endpointId, kind: 'webhook', events: [], secrets: [] };
    const listOfEndpoint = jest.fn(async (_id: string, _query: object) => ({ deliveries: [] }));
    const list = (query: Record<string, string[]>) =>
      ask(
        { waits: full, endpoints: { get: async () => endpoint }, deliveries: { listOfEndpoint } },
        {
          resource: '/endpoints/{endpoint_id}/deliveries',
          pathParameters: { endpoint_id: endpointId },
          multiValueQueryStringParameters: query,
        },
      );
    const since = ['2026-01-01T00:00:00+01:00'];
    const until = ['2999-01-01T00:00:00Z'];
    expect(await list({ since, until })).toMatchObject({ status: 200, data: { deliveries: [] } });
    expect(listOfEndpoint.mock.calls).toEqual([
      [endpointId, { since: '2025-12-31T23:00:00.000Z', limit: 20, newestFirst: true }],
    ]);
    expect(await list({ status: ['failed'] })).toMatchObject({ status: 429 });
  });
});

describe('a filter of deliveries that is refused', () => {
  const cursor = Buffer.from(
    JSON.stringify({
      jobId: '7d5fbf9e-0000-4000-8000-000000000001',
      deliveryKey: '0000000000001.ep_1',
      createdAt: '2026-01-01T00:00:00.000Z',
    }),
  ).toString('base64url');
  const time = '2026-01-01T00:00:00.001Z';

  test.each<[string, Record<string, string>, string]>([
    ['an unknown status', { status: 'lost' }, 'status:'],
    ['an unknown event', { event: 'job.lost' }, 'event:'],
    ['a text as a job', { job_id: '<script>' }, 'job_id:'],
    ['a long operation', { operation: 'x'.repeat(101) }, 'operation:'],
    ['an empty operation', { operation: '' }, 'operation:'],
    ['a day', { until: '2026-01-01' }, 'until:'],
    ['a future start', { since: '2999-01-01T00:00:00Z' }, 'since:'],
    ['an end before the start', { since: time, until: '2026-01-01T00:00:00Z' }, 'until:'],
    ['a cursor before the start', { since: time, cursor }, 'cursor:'],
    ['a cursor past the end', { until: '2025-12-31T23:59:59.999Z', cursor }, 'cursor:'],
    ['an unknown name', { owner: 'alice' }, 'owner'],
  ])('has %s', async (_what, query, message) => {
    const { status, data } = await ask(
      {},
      {
        resource: '/endpoints/{endpoint_id}/deliveries',
        pathParameters: { endpoint_id: 'ep_1' },
        multiValueQueryStringParameters: Object.fromEntries(
          Object.entries(query).map(([name, value]) => [name, [value]]),
        ),
      },
    );
    expect([status, data.error.message]).toEqual([400, expect.stringContaining(message)]);
  });
});
