/** Tests the routes of operators: they show how the jobs of all owners do, without content, and only to operators. */
import { randomUUID } from 'node:crypto';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Client } from '@modelcontextprotocol/client';
import { routes } from '../../lambdas/api/routes.ts';
import { deliveryId } from '../../lambdas/webhooks/deliveries/delivery.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { type ApiCall, apiClient } from '../support/openapi.ts';
import { startRecordingReceiver } from '../support/recording-receiver.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { awsClients, call, connect, queueUrl, signedAs } from '../support/test-cloud.ts';
import { openStores, type Stores, seedDeliveries } from './webhook-stores.ts';

const SECRET = 'a secret of ada';

let cloud: LocalCloud;
let ada: Client;
let operate: ApiCall;
let jobId: string;
let owner: string;
let stores: Stores;

beforeAll(async () => {
  cloud = await sharedCloud();
  ada = await connect(cloud, { owner: 'ada' });
  operate = apiClient(cloud, 'operator');
  stores = await openStores(cloud);
  jobId = (await call(ada, 'start_probe', { behaviour: 'wait' })).data.job_id;
  owner = (await operate(`GET /operator/jobs/${jobId}`)).data.owner;
});
afterAll(async () => {
  await call(ada, 'cancel_job', { job_id: jobId });
  stores.close();
  await ada.close();
});

describe('a caller who is no operator', () => {
  const operatorRoutes = routes.filter(({ path }) => path.startsWith('/operator/'));

  test.each(operatorRoutes.map(({ method, path }) => [method, path] as const))(
    'is refused %s %s, and learns nothing of what exists',
    async (method, path) => {
      const target = (id: string) =>
        path.replace('{job_id}', id).replace('{delivery_id}', `${id}.0000000000001.ep_1`);
      const mallory = apiClient(cloud, 'mallory');
      const existing = await mallory(`${method} ${target(jobId)}`);
      expect([existing.status, existing.data]).toEqual([
        403,
        {
          error: {
            code: 'INSUFFICIENT_SCOPE',
            message: expect.stringContaining('Ask an operator to add you'),
            retryable: false,
            details: { scope: 'jobs:operate' },
          },
        },
      ]);
      for (const id of [randomUUID(), 'nonsense']) {
        expect((await mallory(`${method} ${target(id)}`)).data).toEqual(existing.data);
      }
      // Their own job does not make them an operator.
      expect((await apiClient(cloud, 'ada')(`${method} ${target(jobId)}`)).status).toBe(403);
    },
  );

  test('has not cancelled the job', async () => {
    expect((await call(ada, 'check_job', { job_id: jobId })).data.status).toMatch(/pending|running/);
  });
});

test('an unknown path of operators is not found, and other callers do not learn that', async () => {
  const stranger = { authorization: signedAs('alice') };
  const refused = await fetch(new URL('/operator/unknown', cloud.url), { headers: stranger });
  expect(refused.status).toBe(403);
  const headers = { authorization: signedAs('operator') };
  for (const [method, path] of [
    ['GET', '/operator/jobs/x/y'],
    ['POST', '/operator/findings'],
    ['GET', '/operator/%7Bproxy%7D'],
  ] as const) {
    const response = await fetch(new URL(path, cloud.url), { method, headers });
    const { error } = (await response.json()) as { readonly error: { readonly code: string } };
    expect([path, response.status, error.code]).toEqual([path, 404, 'NOT_FOUND']);
  }
});

test('an operator reads no job of another owner on other routes', async () => {
  for (const route of [`GET /jobs/${jobId}`, `GET /jobs/${jobId}/deliveries`]) {
    expect(await operate(route)).toMatchObject({ status: 404, data: { error: { code: 'JOB_NOT_FOUND' } } });
  }
});

test('the open jobs of all owners are listed, page by page', async () => {
  const eve = await connect(cloud, { owner: 'eve' });
  const { data } = await call(eve, 'start_probe', { behaviour: 'wait' });
  const listed: string[] = [];
  let cursor = '';
  do {
    const page = await operate(`GET /operator/jobs?operation=probe&limit=1${cursor && `&cursor=${cursor}`}`);
    expect(page.status).toBe(200);
    listed.push(...page.data.jobs.map(({ job_id }: { job_id: string }) => job_id));
    cursor = page.data.next_cursor ?? '';
  } while (cursor);
  expect(listed).toEqual(expect.arrayContaining([jobId, data.job_id]));
  expect(new Set(listed).size).toBe(listed.length);
  await call(eve, 'cancel_job', { job_id: data.job_id });
  await eve.close();
});

test('the jobs of a named owner are listed, open and ended', async () => {
  const { data: echo } = await call(ada, 'start_echo', { text: SECRET, wait_seconds: 20 });
  const path = `/operator/jobs?owner=${encodeURIComponent(owner)}`;
  const { data } = await operate(`GET ${path}`);
  expect(data.jobs.map(({ job_id }: { job_id: string }) => job_id)).toEqual(
    expect.arrayContaining([jobId, echo.job_id]),
  );
  const { data: ended } = await operate(`GET ${path}&status=completed&operation=echo`);
  expect(ended.jobs[0]).toMatchObject({ job_id: echo.job_id, owner, status: 'completed' });
  expect(JSON.stringify([data, ended])).not.toContain(SECRET);
  const shown = await operate(`GET /operator/jobs/${echo.job_id}`);
  expect(shown.data).toMatchObject({ job_id: echo.job_id, owner, status: 'completed', progress: 1 });
  expect(JSON.stringify(shown.data)).not.toContain(SECRET);
});

test('an error is shown by its code, without its texts', async () => {
  const { data } = await call(ada, 'start_probe', { behaviour: 'fail', wait_seconds: 20 });
  const shown = await operate(`GET /operator/jobs/${data.job_id}`);
  expect(shown.data.error).toEqual({
    code: data.error.code,
    step: data.error.step,
    retryable: data.error.retryable,
  });
});

test.each(['', '/cancel'])('a job that is unknown or malformed is not found by …%s', async (suffix) => {
  for (const id of [randomUUID(), 'nonsense', '%00']) {
    const { status, data } = await operate(`${suffix ? 'POST' : 'GET'} /operator/jobs/${id}${suffix}`);
    expect([status, data.error.code]).toEqual([404, 'JOB_NOT_FOUND']);
  }
});

test('a cancelled job is cancelled for its owner, who sees by whom, and cannot be cancelled twice', async () => {
  const { data } = await call(ada, 'start_probe', { behaviour: 'wait' });
  const cancelled = await operate(`POST /operator/jobs/${data.job_id}/cancel`);
  expect(cancelled).toMatchObject({ status: 200, data: { job_id: data.job_id, owner, status: 'cancelled' } });
  const { data: seen } = await call(ada, 'check_job', { job_id: data.job_id });
  expect(seen).toMatchObject({ status: 'cancelled', message: 'Cancelled by an operator.' });
  const again = await operate(`POST /operator/jobs/${data.job_id}/cancel`);
  expect(again).toMatchObject({ status: 409, data: { error: { code: 'JOB_ALREADY_ENDED' } } });
});

test('dead letters are counted, and the deliveries that they name are shown and replayed', async () => {
  const receiver = await startRecordingReceiver();
  const api = apiClient(cloud, 'ada');
  const { data } = await api('POST /endpoints', { json: { url: receiver.url, events: ['job.completed'] } });
  const { endpoint_id: endpointId } = data.endpoint;
  const [failed] = await seedDeliveries(stores, {
    owner: 'ada',
    endpointId,
    count: 1,
    fromMs: Date.now() - 60_000,
    status: 'failed',
  });
  if (!failed) throw new Error('No delivery was seeded.');
  const { sqs } = awsClients(cloud);
  const { jobId: job, deliveryKey } = failed;
  const message = { type: 'attempt', owner, endpointId, jobId: job, deliveryKey, attempt: 2, again: true };
  await sqs.send(
    new SendMessageCommand({
      QueueUrl: queueUrl(cloud, cloud.outputs.DeliveryDeadLettersArn),
      MessageBody: JSON.stringify(message),
    }),
  );
  sqs.destroy();

  const letters = await operate('GET /operator/dead-letters');
  expect(letters.data.queues.map(({ name }: { name: string }) => name).sort()).toEqual([
    'answers',
    'deliveries',
    'events',
    'executions',
  ]);
  const [, count] = Object.values<number>(
    letters.data.queues.find(({ name }: { name: string }) => name === 'deliveries'),
  );
  expect(count).toBeGreaterThanOrEqual(1);
  const id = deliveryId(failed);
  expect(letters.data.deliveries).toContainEqual(
    expect.objectContaining({ delivery_id: id, owner, endpoint_id: endpointId, status: 'failed' }),
  );
  expect(JSON.stringify(letters.data)).not.toContain(receiver.url);

  const replayed = await operate(`POST /operator/deliveries/${id}/replay`);
  expect(replayed).toMatchObject({ status: 202, data: { delivery_id: id, owner, status: 'pending' } });
  await receiver.find(({ headers }) => headers['webhook-id'] === failed.event.id);
  // A look neither removes nor hides a message.
  expect((await operate('GET /operator/dead-letters')).data.deliveries).toHaveLength(
    letters.data.deliveries.length,
  );
  await api(`DELETE /endpoints/${endpointId}`);
  receiver.close();
});

test.each([`${randomUUID()}.0000000000001.ep_${'0'.repeat(32)}`, 'nonsense'])(
  'the delivery %s is not found',
  async (id) => {
    const { status, data } = await operate(`POST /operator/deliveries/${id}/replay`);
    expect([status, data.error.code]).toEqual([404, 'DELIVERY_NOT_FOUND']);
  },
);

test('the findings of the sweep are listed with their jobs', async () => {
  const { status, data } = await operate('GET /operator/findings');
  expect([status, data.findings]).toEqual([200, expect.any(Array)]);
});
