/** Tests the routing of events with real tables and a queue that records its messages. */

import { jest } from '@jest/globals';
import { eventOf } from '../../lambdas/events/event.ts';
import type { StreamEvent } from '../../lambdas/events/event-sink.ts';
import { firstVersion, type Job } from '../../lambdas/jobs/job.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import { settledCursor } from '../../lambdas/webhooks/deliveries/cursor.ts';
import { DeliveryStatus, deliveryKey } from '../../lambdas/webhooks/deliveries/delivery.ts';
import type { AttemptMessage, DeliveryQueue } from '../../lambdas/webhooks/deliveries/delivery-queue.ts';
import { CALLBACKS_ID, type Endpoint, EndpointKind } from '../../lambdas/webhooks/endpoints/endpoint.ts';
import { EventRouter } from '../../lambdas/webhooks/route-events.ts';
import { startWebhookTables } from '../support/webhook-tables.ts';

const JOB = '7d5fbf9e-0000-4000-8000-000000000001';

let tables: Awaited<ReturnType<typeof startWebhookTables>>;
let sent: AttemptMessage[];
let unsent: Set<number>;
let router: EventRouter;
let watched: string[];

beforeEach(async () => {
  tables = await startWebhookTables(Date.now);
  sent = [];
  unsent = new Set();
  const queue = {
    sendAll: async (messages: { message: AttemptMessage }[]) => {
      sent.push(...messages.map(({ message }) => message));
      return unsent;
    },
  };
  watched = [];
  router = routerOf(queue);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await tables.close();
});

function routerOf(queue: object, isOfAll = false): EventRouter {
  const jobs = { watchSubscribed: async ({ jobId }: Pick<Job, 'jobId'>) => void watched.push(jobId) };
  return new EventRouter(tables.endpoints, tables.deliveries, queue as DeliveryQueue, { jobs, isOfAll });
}

/** The stream event of a completed job. */
function completed(changes: Partial<Job> = {}): StreamEvent {
  const job: Job = {
    jobId: JOB,
    owner: 'alice',
    operation: 'echo',
    status: 'completed',
    version: 3,
    progress: 1,
    input: {},
    inputHash: '',
    createdAt: new Date().toISOString(),
    updatedAt: new Date().toISOString(),
    retentionSeconds: 60,
    expiresAt: Math.floor(Date.now() / 1000) + 60,
    ...changes,
  };
  const updatedAt = new Date(0).toISOString();
  const event = eventOf({ ...job, status: 'running', version: job.version - 1, updatedAt }, job);
  if (!event) throw new Error('The change gives no event.');
  return { event, job };
}

function register(changes: Partial<Endpoint> = {}): Promise<Endpoint> {
  return tables.endpoints.put({
    owner: 'alice',
    endpointId: 'ep_1',
    kind: EndpointKind.webhook,
    url: 'https://example.com/',
    events: ['job.completed'],
    secrets: [],
    ...changes,
  });
}

const told = () => sent.map(({ endpointId }) => endpointId);

test('a job without subscribers costs one query and no message', async () => {
  expect(await router.send([completed()])).toEqual({ failed: [], refused: [] });
  expect(sent).toEqual([]);
});

test('a job is watched while an endpoint receives its progress, once a batch', async () => {
  await register({ events: ['job.progress'], operations: ['echo'] });
  const running = { status: 'running', progress: 0.5 } as const;
  const later = { ...running, version: 4 };
  await router.send([
    completed(running),
    completed(later),
    completed({ ...running, jobId: 'other', operation: 'x' }),
  ]);
  expect(watched).toEqual([JOB]);
});

test('a job is not watched for an endpoint that receives only its end, nor for another owner', async () => {
  await register();
  await register({ owner: 'bob', endpointId: 'ep_2', events: ['job.progress'] });
  await router.send([completed({ status: 'running' })]);
  expect(watched).toEqual([]);
});

test('every job is watched where the topic takes progress', async () => {
  await routerOf({ sendAll: async () => new Set() }, true).send([completed({ status: 'running' })]);
  expect(watched).toEqual([JOB]);
});

test.each<[string, Partial<Endpoint>, boolean]>([
  ['that asks for it', {}, true],
  ['for other events', { events: ['job.failed'] }, false],
  ['for this operation', { operations: ['build', 'echo'] }, true],
  ['for other operations', { operations: ['build'] }, false],
  ['for this job', { jobId: JOB }, true],
  ['for another job', { jobId: JOB.replace('1', '2') }, false],
  ['of another owner', { owner: 'bob' }, false],
  ['that is disabled', { disabled: { at: '', reason: 'by_owner' } }, false],
  ['of a subscription that has not proved itself', { kind: EndpointKind.subscription }, false],
  ['of a subscription that has', { kind: EndpointKind.subscription, verifiedAt: '2026' }, true],
  ['that has lapsed', { refreshBefore: '2026-01-01T00:00:00Z' }, false],
  ['that is only a secret', { kind: EndpointKind.callbacks }, false],
])('an endpoint %s', async (_what, changes, isTold) => {
  await register(changes);
  await router.send([completed()]);
  expect(told()).toEqual(isTold ? ['ep_1'] : []);
});

test('a delivery to a subscription has its cursor, and no other has one', async () => {
  const subscription = await register({
    kind: EndpointKind.subscription,
    endpointId: 'sub_1',
    verifiedAt: '2026',
  });
  await register();
  await register({ kind: EndpointKind.mailbox, endpointId: 'poll_1' });
  await router.send([completed()]);
  const { deliveries } = await tables.deliveries.listOfJob('alice', JOB, { limit: 10 });
  expect(deliveries.map(({ endpointId, cursor }) => [endpointId, cursor])).toEqual([
    ['ep_1', undefined],
    ['poll_1', undefined],
    ['sub_1', settledCursor(subscription, Date.now())],
  ]);
});

test('the callback of a job gets the events that the job names, beside the endpoints', async () => {
  await register();
  const callback = { url: 'https://example.net/', events: ['job.completed'] };
  await router.send([completed({ callback })]);
  expect(told()).toEqual([CALLBACKS_ID, 'ep_1']);
  await router.send([completed({ version: 4, callback: { ...callback, events: ['job.failed'] } })]);
  expect(told()).toEqual([CALLBACKS_ID, 'ep_1', 'ep_1']);
});

test('a delivery has the trace of its job', async () => {
  await register();
  const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
  await router.send([completed({ trace })]);
  const [message] = sent;
  expect(message && (await tables.deliveries.get(message))?.trace).toEqual(trace);
});

test('an event for a mailbox is held and not queued', async () => {
  await register({ endpointId: 'poll_1', kind: EndpointKind.mailbox, url: undefined });
  await router.send([completed()]);
  expect(sent).toEqual([]);
  const kept = await tables.deliveries.get({ jobId: JOB, deliveryKey: deliveryKey(3, 'poll_1') });
  expect(kept).toMatchObject({ status: DeliveryStatus.held, event: { type: 'job.completed' } });
});

test('a repeated batch adds messages, not deliveries, and changes no delivery in progress', async () => {
  await register();
  await router.send([completed()]);
  const key = { jobId: JOB, deliveryKey: deliveryKey(3, 'ep_1') };
  const delivery = await tables.deliveries.get(key);
  if (!delivery) throw new Error('There is no delivery.');
  await tables.deliveries.record(
    delivery,
    { at: '2026', latencyMs: 1, status: 200 },
    { status: DeliveryStatus.delivered },
  );
  await router.send([completed()]);
  expect(sent.map(({ attempt }) => attempt)).toEqual([1, 1]);
  expect(await tables.deliveries.get(key)).toMatchObject({ status: 'delivered', attemptCount: 1 });
});

test('a batch out of order keeps its order: each event has its own delivery', async () => {
  await register();
  await router.send([completed({ version: 5 }), completed({ version: 3 })]);
  expect(sent.map(({ deliveryKey: key }) => key)).toEqual(['0000000000005.ep_1', '0000000000003.ep_1']);
});

test('an event whose message the queue rejects is to be sent again', async () => {
  await register();
  const events = [3, 4, 5].map((version) => completed({ version }));
  unsent.add(1);
  expect(await router.send(events)).toEqual({ failed: [events[1]], refused: [] });
});

test('a delivery that is not recorded is not queued, and is to be sent again', async () => {
  await register();
  jest.spyOn(log, 'warn').mockImplementation(() => {});
  jest.spyOn(tables.deliveries, 'create').mockRejectedValueOnce(new Error('throttled'));
  const events = [3, 4].map((version) => completed({ version }));
  expect(await router.send(events)).toEqual({ failed: [events[0]], refused: [] });
  expect(sent.map(({ deliveryKey: key }) => key)).toEqual(['0000000000004.ep_1']);
});

test('an event that the table refuses for good is refused; other endpoints get it', async () => {
  await register();
  await register({ endpointId: 'ep_2' });
  jest.spyOn(log, 'warn').mockImplementation(() => {});
  const tooLarge = Object.assign(new Error('Item size has exceeded the maximum allowed size'), {
    name: 'ValidationException',
    $metadata: { httpStatusCode: 400 },
  });
  jest.spyOn(tables.deliveries, 'create').mockRejectedValueOnce(tooLarge);
  const event = completed();
  expect(await router.send([event])).toEqual({ failed: [], refused: [event] });
  expect(told()).toEqual(['ep_2']);
});

test('a job past its retention keeps its deliveries while attempts are possible', async () => {
  await register();
  await router.send([completed()]);
  const delivery = await tables.deliveries.get({ jobId: JOB, deliveryKey: deliveryKey(3, 'ep_1') });
  expect(delivery?.expiresAt).toBeGreaterThanOrEqual(Math.floor(Date.now() / 1000) + 95 * 3600);
});

test('a job that an idempotency key creates again sends events with new ids', async () => {
  await register();
  const made = (createdAt: string) => {
    const version = firstVersion({ idempotent: true, createdAt }) + 2;
    return completed({ idempotent: true, createdAt, version });
  };
  const [first, second] = [made('2026-01-01T00:00:00.000Z'), made('2026-01-02T01:00:00.000Z')];
  await router.send([first]);
  await router.send([second]);
  expect(first.event.id).not.toBe(second.event.id);
  const { deliveries } = await tables.deliveries.listOfJob('alice', JOB, { limit: 10 });
  expect(deliveries.map(({ event }) => event.id)).toEqual([first.event.id, second.event.id]);
});
