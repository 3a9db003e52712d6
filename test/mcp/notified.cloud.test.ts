/** Tests that models whose owner is notified need not poll: callbacks, webhooks and subscriptions of MCP Events. */
import { randomBytes } from 'node:crypto';
import type { Client } from '@modelcontextprotocol/client';
import type { LocalCloud } from '../../local/cloud.ts';
import { type EventReceiver, startEventReceiver } from '../support/event-receiver.ts';
import { apiClient } from '../support/openapi.ts';
import { modern } from '../support/rpc.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { call, connect } from '../support/test-cloud.ts';

const NOTIFIED = 'You may end your turn: you will be notified when the job ends or needs input.';
const POLL = 'Call check_job with this job_id and wait_seconds.';
let cloud: LocalCloud;
let receiver: EventReceiver;
const clients: Client[] = [];

beforeAll(async () => {
  cloud = await sharedCloud();
  receiver = await startEventReceiver();
});
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await receiver.close();
});

async function clientOf(owner: string): Promise<Client> {
  const client = await connect(cloud, { owner });
  clients.push(client);
  return client;
}

const start = (client: Client, args: object = {}) => call(client, 'start_echo', { text: 'x', ...args });

test('a start with a callback_url says that the caller may end its turn, and keeps its contract', async () => {
  const client = await clientOf('notified-callback');
  const { data, text } = await start(client, { job_options: { callback_url: receiver.url } });
  expect(data).toMatchObject({
    status: 'pending',
    message: 'Echo started. Use check_job to monitor progress.',
    will_callback: true,
    poll_after_ms: 60_000,
    next: NOTIFIED,
  });
  expect(text).toContain(NOTIFIED);
  const some = await start(client, {
    job_options: { callback_url: receiver.url, callback_events: ['job.completed'] },
  });
  expect(some.data).toMatchObject({ will_callback: true, next: POLL });
});

test('a webhook of the owner says so at its next start, and other owners see nothing of it', async () => {
  const [alice, bob] = [await clientOf('notified-alice'), await clientOf('notified-bob')];
  const api = apiClient(cloud, 'notified-alice');
  const { status } = await api('POST /endpoints', { json: { url: receiver.url } });
  expect(status).toBe(201);
  expect((await start(alice)).data.next).toBe(NOTIFIED);
  expect((await start(bob)).data.next).toBe(POLL);
});

test('a subscription counts at once in the instance that made it', async () => {
  const owner = 'notified-subscriber';
  const client = await clientOf(owner);
  expect((await start(client)).data.next).toBe(POLL);
  for (const name of ['job.completed', 'job.failed', 'job.input_required']) {
    const secret = `whsec_${randomBytes(32).toString('base64')}`;
    const delivery = { mode: 'webhook', url: receiver.url, secret };
    const { error } = await modern(cloud, 'events/subscribe', { name, delivery }, { owner });
    expect(error).toBeUndefined();
  }
  expect((await start(client)).data.next).toBe(NOTIFIED);
});

test('a job of a notified caller is not polled again at once, also one that the management API retries', async () => {
  const client = await clientOf('notified-poller');
  const api = apiClient(cloud, 'notified-poller');
  const expectNotified = async (job_id: string) =>
    expect((await call(client, 'check_job', { job_id })).data.next).toBe(NOTIFIED);
  const cancel = async (job_id: string) =>
    expect((await call(client, 'cancel_job', { job_id })).data.status).toBe('cancelled');
  const options = { behaviour: 'wait', job_options: { callback_url: receiver.url } };
  const { data: started } = await call(client, 'start_probe', options);
  await expectNotified(started.job_id);
  await cancel(started.job_id);
  const { status, data: retried } = await api(`POST /jobs/${started.job_id}/retry`, { json: {} });
  expect(status).toBe(202);
  await expectNotified(retried.job_id);
  await cancel(retried.job_id);
});
