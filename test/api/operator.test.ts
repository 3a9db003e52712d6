/** Tests what operators may ask, how often, and what is logged and shown. All stores are fakes. */

import { jest } from '@jest/globals';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { type OperatorDependencies, operatorRoutes } from '../../lambdas/api/operator/operator.ts';
import { ApiRequest } from '../../lambdas/api/request.ts';
import type { Job } from '../../lambdas/jobs/job.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import type { Delivery } from '../../lambdas/webhooks/deliveries/delivery.ts';
import { expectValid } from '../support/openapi.ts';

const JOB_ID = '7d5fbf9e-0000-4000-8000-000000000001';
const DELIVERY_ID = `${JOB_ID}.0000000000002.callbacks`;
const OPERATOR = 'arn:aws:iam::111122223333:user/operator';
const OWNER = 'https://id.example.com#ada';
const LATER = Math.floor(Date.now() / 1000) + 3_600;
const CREATED = '2026-01-01T00:00:00.000Z';
const SECRET = 'a secret of ada';

/** A job with a secret in every property that may have one. */
const job: Job = {
  jobId: JOB_ID,
  owner: OWNER,
  operation: 'build',
  status: 'failed',
  version: 7,
  progress: 0.505,
  retriedFrom: JOB_ID,
  step: 'test',
  message: SECRET,
  input: { text: SECRET },
  subject: { name: 'project', value: SECRET },
  inputHash: SECRET,
  handedOver: SECRET,
  inputRequests: { ask: { step: 'test', message: SECRET, url: SECRET } },
  answers: { ask: { action: 'accept', content: { text: SECRET } } },
  taskToken: SECRET,
  callback: { url: SECRET, events: [] },
  result: SECRET,
  resultObject: { key: SECRET, size: 1, sha256: SECRET },
  error: { code: 'TESTS_FAILED', message: SECRET, step: 'test', retryable: false, details: { text: SECRET } },
  logTail: [SECRET],
  timeline: [
    { step: 'test', began: Date.parse(CREATED) },
    { step: 'test', failed: Date.parse(CREATED), code: 'TESTS_FAILED', message: SECRET },
  ],
  logs: { test: { key: SECRET, size: 1, sha256: SECRET } },
  createdAt: CREATED,
  updatedAt: CREATED,
  startedAt: CREATED,
  endedAt: CREATED,
  retentionSeconds: 60,
  expiresAt: LATER,
};
const delivery = {
  jobId: JOB_ID,
  deliveryKey: '0000000000002.callbacks',
  owner: OWNER,
  endpointId: 'callbacks',
  url: `https://example.com/${SECRET}`,
  type: 'job.failed',
  event: { id: `${JOB_ID}.2`, type: 'job.failed', timestamp: CREATED, data: { message: SECRET } },
  status: 'failed',
  attemptCount: 10,
  attemptsBefore: 0,
  attempts: [{ at: CREATED, latencyMs: 3, status: 503, answer: SECRET, reason: SECRET }],
  createdAt: CREATED,
  expiresAt: LATER,
} as unknown as Delivery;

let acts: ReturnType<typeof jest.spyOn>;
beforeEach(() => {
  acts = jest.spyOn(log, 'info').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

function routesWith(dependencies: object = {}) {
  return operatorRoutes({
    operations: [],
    jobs: { find: async () => job, get: async () => job, cancel: async () => job, watch: async () => {} },
    executions: { stop: async () => {} },
    deliveries: { get: async () => delivery, reopen: async () => ({ ...delivery, status: 'pending' }) },
    queue: { send: async () => {} },
    ...dependencies,
  } as unknown as OperatorDependencies);
}

function request(query: string, pathParameters: object = { job_id: JOB_ID, delivery_id: DELIVERY_ID }) {
  const multiValueQueryStringParameters: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    multiValueQueryStringParameters[name] = [...(multiValueQueryStringParameters[name] ?? []), value];
  }
  const event = {
    pathParameters,
    multiValueQueryStringParameters,
    requestContext: { identity: { userArn: OPERATOR } },
  };
  return new ApiRequest(event as unknown as APIGatewayProxyEvent, { getRemainingTimeInMillis: () => 29_000 });
}

const SHOWN = {
  job_id: JOB_ID,
  owner: OWNER,
  operation: 'build',
  status: 'failed',
  progress: 0.5,
  step: 'test',
  error: { code: 'TESTS_FAILED', step: 'test', retryable: false },
  retried_from: JOB_ID,
  created_at: CREATED,
  started_at: CREATED,
  updated_at: CREATED,
  ended_at: CREATED,
  expires_at: new Date(LATER * 1000).toISOString(),
};

test('a job is shown without its content', async () => {
  const { body } = await routesWith()['GET /operator/jobs/{job_id}'](request(''));
  const attempt = { started_at: CREATED, ended_at: CREATED, error: { code: 'TESTS_FAILED' } };
  const step = {
    step: 'test',
    status: 'failed',
    started_at: CREATED,
    ended_at: CREATED,
    attempts: [attempt],
  };
  const receipt = expect.objectContaining({ region: 'us-east-1' });
  expect(body).toEqual({ ...SHOWN, timeline: { queued_ms: 0, steps: [step] }, receipt });
  expectValid(['components', 'schemas', 'OperatorJob'], body);
});

test('a finding has its job as it is now, while there is one', async () => {
  const gone = '7d5fbf9e-0000-4000-8000-000000000002';
  const finding = { finding: 'end_lost', foundAt: CREATED };
  const { body } = await routesWith({
    openJobs: { find: async () => [job] },
    sweepFindings: {
      read: async () => ({
        sweptAt: CREATED,
        findings: [JOB_ID, gone].map((jobId) => ({ ...finding, jobId })),
      }),
    },
  })['GET /operator/findings'](request(''));
  const shown = { finding: 'end_lost', found_at: CREATED };
  expect(body).toEqual({
    swept_at: CREATED,
    findings: [
      { ...shown, job_id: JOB_ID, job: SHOWN },
      { ...shown, job_id: gone },
    ],
  });
  expectValid(['components', 'schemas', 'Findings'], body);
});

test('the delivery of a dead letter is shown once, without URLs and the texts of responses', async () => {
  const attempts = [delivery, delivery, { ...delivery, jobId: 'gone' }];
  const { body } = await routesWith({
    deadLetterQueues: { read: async () => ({ queues: [{ name: 'deliveries', messages: 3 }], attempts }) },
    deliveries: { get: async ({ jobId }: Delivery) => (jobId === JOB_ID ? delivery : undefined) },
  })['GET /operator/dead-letters'](request(''));
  expect(body).toEqual({
    queues: [{ name: 'deliveries', messages: 3 }],
    deliveries: [
      {
        delivery_id: DELIVERY_ID,
        job_id: JOB_ID,
        owner: OWNER,
        endpoint_id: 'callbacks',
        event: { id: `${JOB_ID}.2`, type: 'job.failed' },
        status: 'failed',
        attempt_count: 10,
        last_attempt: { at: CREATED, latency_ms: 3, http_status: 503 },
        created_at: CREATED,
        expires_at: SHOWN.expires_at,
      },
    ],
  });
  expectValid(['components', 'schemas', 'DeadLetters'], body);
});

test('every act is logged with who, what and whose, and before it happens', async () => {
  const refusal = new Error('throttled');
  const failing = { cancel: async () => Promise.reject(refusal) };
  const jobs = { find: async () => job, get: async () => job, ...failing };
  const routes = routesWith({ jobs });
  await expect(routes['POST /operator/jobs/{job_id}/cancel'](request(''))).rejects.toBe(refusal);
  await routes['POST /operator/deliveries/{delivery_id}/replay'](request(''));
  expect(acts.mock.calls.filter((line: unknown[]) => line[0] === 'An operator acts')).toEqual([
    [
      'An operator acts',
      { operator: OPERATOR, person: OPERATOR, act: 'cancel_job', job_id: JOB_ID, owner: OWNER },
    ],
    [
      'An operator acts',
      {
        operator: OPERATOR,
        person: OPERATOR,
        act: 'replay_delivery',
        delivery_id: DELIVERY_ID,
        job_id: JOB_ID,
        owner: OWNER,
      },
    ],
  ]);
  expect(JSON.stringify(acts.mock.calls)).not.toContain(SECRET);
});

test('a delivery of an endpoint that is disabled or deleted is not replayed', async () => {
  const routes = routesWith({
    deliveries: { get: async () => ({ ...delivery, url: undefined }) },
    endpoints: { get: async () => undefined },
  });
  await expect(routes['POST /operator/deliveries/{delivery_id}/replay'](request(''))).rejects.toMatchObject({
    code: 'ENDPOINT_INACTIVE',
  });
});

test.each([
  ['GET /operator/jobs/{job_id}', 'JOB_NOT_FOUND'],
  ['POST /operator/jobs/{job_id}/cancel', 'JOB_NOT_FOUND'],
  ['POST /operator/deliveries/{delivery_id}/replay', 'DELIVERY_NOT_FOUND'],
] as const)('an expired or malformed one is not found by %s', async (route, code) => {
  const expired = { expiresAt: 1 };
  const routes = routesWith({
    jobs: { find: async () => ({ ...job, ...expired }) },
    deliveries: { get: async () => ({ ...delivery, ...expired }) },
  });
  await expect(routes[route](request(''))).rejects.toMatchObject({ code });
  const malformed = request('', { job_id: 'x', delivery_id: 'x' });
  await expect(routesWith()[route](malformed)).rejects.toMatchObject({ code });
  expect(acts).not.toHaveBeenCalled();
});

const encoded = (position: object) => Buffer.from(JSON.stringify(position)).toString('base64url');

test.each([
  ['limit=0', 'INVALID_ARGUMENTS'],
  ['limit=101', 'INVALID_ARGUMENTS'],
  ['limit=1&limit=2', 'INVALID_ARGUMENTS'],
  ['status=gone', 'INVALID_ARGUMENTS'],
  ['status=failed', 'INVALID_ARGUMENTS'],
  ['owner=', 'INVALID_ARGUMENTS'],
  ['owner=%00', 'INVALID_ARGUMENTS'],
  [`owner=${'x'.repeat(2_049)}`, 'INVALID_ARGUMENTS'],
  [`operation=${'x'.repeat(101)}`, 'INVALID_ARGUMENTS'],
  ['project=x', 'INVALID_ARGUMENTS'],
  ['cursor=nonsense', 'INVALID_CURSOR'],
  [`cursor=${encoded({ owner: '', createdAt: CREATED, jobId: JOB_ID })}`, 'INVALID_CURSOR'],
  [`cursor=${encoded({ owner: OWNER, createdAt: 'x', jobId: JOB_ID })}`, 'INVALID_CURSOR'],
  [`cursor=${encoded({ createdAt: CREATED, jobId: JOB_ID })}`, 'INVALID_CURSOR'],
  [`owner=ada&cursor=${encoded({ owner: OWNER, createdAt: CREATED, jobId: JOB_ID })}`, 'INVALID_CURSOR'],
])('a list with %s is refused with %s', async (query, code) => {
  await expect(routesWith()['GET /operator/jobs'](request(query))).rejects.toMatchObject({ code });
});

test('a list without an owner names the remedy for a status of ended jobs', async () => {
  await expect(routesWith()['GET /operator/jobs'](request('status=failed'))).rejects.toThrow(
    'Give an owner too.',
  );
});

test('an operator who asks too often is told to wait', async () => {
  const routes = routesWith({ openJobs: { list: async () => ({ jobs: [] }) } });
  const ask = async () => routes['GET /operator/jobs'](request(''));
  for (let index = 0; index < 20; index++) expect((await ask()).status).toBe(200);
  await expect(ask()).rejects.toMatchObject({
    code: 'RESOURCE_EXHAUSTED',
    details: { limit: 'operator_requests_per_second', max: 5 },
  });
});
