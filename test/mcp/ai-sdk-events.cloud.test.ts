/** The client that speaks MCP Events today, `@ai-sdk/mcp`, as it is published: its subscriptions, its receiver. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import {
  experimental_createMCPEventWebhook as createEventWebhook,
  createMCPClient,
  type Experimental_MCPEvent as MCPEvent,
  type Experimental_MCPEventStore as MCPEventStore,
  type Experimental_MCPEventSubscription as MCPEventSubscription,
} from '@ai-sdk/mcp';
import type { LocalCloud } from '../../local/cloud.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { call, connect } from '../support/test-cloud.ts';

let cloud: LocalCloud;
let receiver: Server;
const received: MCPEvent[] = [];
const refused: unknown[] = [];

const subscriptions = new Map<string, MCPEventSubscription>();
const store: MCPEventStore = {
  get: async (key) => subscriptions.get(key),
  getById: async (id) => [...subscriptions.values()].find((subscription) => subscription.id === id),
  set: async (subscription) => void subscriptions.set(subscription.key, subscription),
  async update(key, patch) {
    const subscription = subscriptions.get(key);
    if (subscription) subscriptions.set(key, { ...subscription, ...patch });
  },
  delete: async (key) => void subscriptions.delete(key),
};

beforeAll(async () => {
  cloud = await sharedCloud();
  const webhook = createEventWebhook({
    store,
    onEvent: async ({ event }) => void received.push(event),
    onError: (error) => refused.push(error),
  });
  receiver = createServer(async (request, response) => {
    const answer = await webhook(
      new Request(`http://${request.headers.host}${request.url}`, {
        method: request.method,
        headers: request.headers as Record<string, string>,
        body: new Uint8Array(await buffer(request)),
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
});
afterAll(async () => {
  receiver.close();
});

async function runEcho(): Promise<string> {
  const client = await connect(cloud);
  const { data } = await call(client, 'start_echo', { text: 'hello', wait_seconds: 20 });
  await client.close();
  return data.job_id;
}

async function receivedOf(jobId: string): Promise<MCPEvent | undefined> {
  for (const giveUpAt = Date.now() + 20_000; Date.now() < giveUpAt; await delay(20)) {
    const event = received.find(({ data }) => data.job_id === jobId);
    if (event) return event;
  }
  return undefined;
}

test('it lists, subscribes, is told of a job, refreshes, unsubscribes, and hears no more', async () => {
  const client = await createMCPClient({
    transport: { type: 'http', url: new URL('/mcp', cloud.url).href },
    experimental_events: { store },
  });
  const { events } = await client.experimental_events.list();
  expect(events.map(({ name }) => name)).toContain('job.completed');

  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/events`;
  const subscribe = (name: string) =>
    client.experimental_events.subscribe({
      name,
      arguments: { operation: 'echo' },
      delivery: { mode: 'webhook', url, allowInsecureLocalhost: true },
      ttlMs: 600_000,
    });
  const subscribed = await subscribe('job.completed');
  expect(subscribed).toMatchObject({ truncated: false, cursor: expect.any(String) });

  const first = await runEcho();
  expect(await receivedOf(first)).toMatchObject({
    name: 'job.completed',
    data: { job_id: first, operation: 'echo', status: 'completed', result: { text: 'hello' } },
    cursor: subscribed.cursor,
  });
  expect([...subscriptions.values()]).toMatchObject([{ id: subscribed.id, cursor: subscribed.cursor }]);

  const refreshed = await client.experimental_events.refresh({ id: subscribed.id });
  expect(refreshed).toMatchObject({ id: subscribed.id, cursor: subscribed.cursor, truncated: false });
  expect(await receivedOf(await runEcho())).toBeDefined();

  // Of the next job a witness hears: what the first would have heard has come by then.
  await subscribe('job.created');
  await client.experimental_events.unsubscribe({ id: subscribed.id });
  const last = await runEcho();
  expect(await receivedOf(last)).toMatchObject({ name: 'job.created' });
  const client2 = await connect(cloud);
  const { data } = await call(client2, 'list_deliveries', { job_id: last });
  expect(data.deliveries.map(({ event }: { event: string }) => event)).toEqual(['job.created']);
  await client2.close();
  expect(refused).toEqual([]);
  await client.close();
});
