/** Tests `events/stream` as deployed: a client loses its connection ten times while a thousand events are recorded. */
import { randomUUID } from 'node:crypto';
import { DeleteItemCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import type { JobEvent } from '../../lambdas/events/event.ts';
import { SlotsTable } from '../../lambdas/shared/slots-table.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { arnOf, openStores, type Stores } from '../api/webhook-stores.ts';
import { holdEvent } from '../support/held-delivery.ts';
import { legacy, modern, modernRequest, send } from '../support/rpc.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { type StreamMessage, sseMessages } from '../support/sse-messages.ts';
import { awsClients } from '../support/test-cloud.ts';

const NAME = 'job.completed';
const EVENT = 'notifications/events/event';
const EVENTS = 1_000;
const CUTS = 10;
/** A page of a stream. */
const PAGE = 100;
/** The owner may hold five streams, and a client that leaves ends none. */
const LEAVES_IN_A_ROW = 3;
const MCP_FUNCTION = 'McpFunction';

let cloud: LocalCloud;
let stores: Stores;

beforeAll(async () => {
  cloud = await sharedCloud();
  stores = await openStores(cloud);
});
afterAll(() => stores.close());

const open = (owner: string, cursor: string | null) =>
  modernRequest(cloud, 'events/stream', { name: NAME, cursor }, { owner });

async function begin(owner: string): Promise<string> {
  const { result } = await modern(cloud, 'events/poll', { name: NAME, cursor: null }, { owner });
  return result.cursor;
}

/** Records events in the owner's mailbox, as the events function does, and without their jobs. @returns their ids in order */
async function record(owner: string, count: number): Promise<readonly string[]> {
  const [mailbox] = await stores.endpoints.list(arnOf(owner));
  let nowMs = 0;
  const store = stores.deliveriesAt(() => {
    nowMs = Math.max(nowMs + 1, Date.now());
    return nowMs;
  });
  const ids: string[] = [];
  const create = async () => {
    const id = `${randomUUID()}.3`;
    ids.push(id);
    const { endpointId } = mailbox ?? { endpointId: '' };
    const event: JobEvent = {
      id,
      type: NAME,
      timestamp: new Date().toISOString(),
      data: {} as JobEvent['data'],
    };
    await holdEvent(store, { owner: arnOf(owner), endpointId }, event, Date.now());
  };
  while (ids.length < count) await Promise.all(Array.from({ length: 25 }, create));
  return ids;
}

/** Crashes the function with its streams, and lets their slots expire. */
async function crash(owner: string): Promise<void> {
  expect(cloud.interrupt(MCP_FUNCTION)).toBeGreaterThan(0);
  const { dynamodb } = awsClients(cloud);
  const { TableNames = [] } = await dynamodb.send(new ListTablesCommand());
  await dynamodb.send(
    new DeleteItemCommand({
      TableName: TableNames.find((name) => name.includes('Slots')),
      Key: { [SlotsTable.partitionKey]: { S: `waiting_calls ${arnOf(owner)}` } },
    }),
  );
  dynamodb.destroy();
}

test('a client that loses its connection ten times receives each of a thousand events once, in order', async () => {
  const owner = 'cut';
  let cursor = await begin(owner);
  const recording = record(owner, EVENTS);
  const seen: string[] = [];
  const cuts: string[] = [];
  while (seen.length < EVENTS) {
    const response = await open(owner, cursor);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const cutAfter = Math.ceil((Math.random() * 0.5 + 0.5) * PAGE);
    const isCrash = cuts.length % (LEAVES_IN_A_ROW + 1) === LEAVES_IN_A_ROW;
    let received = 0;
    try {
      for await (const { method, params, result } of sseMessages(response)) {
        if (result) break;
        expect(params.truncated ?? false).toBe(false);
        cursor = params.cursor;
        if (method !== EVENT) continue;
        seen.push(params.eventId);
        received += 1;
        if (received !== cutAfter || cuts.length === CUTS) continue;
        cuts.push(`${isCrash ? 'crash' : 'client'} after ${received}`);
        if (!isCrash) break;
        await crash(owner);
      }
    } catch (error) {
      // The connection of a crashed function.
      expect(isCrash).toBe(true);
      expect((error as Error).name).toBe('TypeError');
    }
  }
  expect({ cuts, seen }).toEqual({ cuts, seen: await recording });
  expect(cuts).toHaveLength(CUTS);
  await crash(owner);
}, 120_000);

test('a client of 2025 receives the events of its jobs too', async () => {
  const owner = 'legacy';
  const body = { jsonrpc: '2.0', id: 7, method: 'events/stream', params: { name: NAME } };
  const response = await send(cloud, owner, JSON.stringify(body), { 'mcp-protocol-version': '2025-11-25' });
  const stream = sseMessages(response);
  expect((await stream.next()).value).toMatchObject({
    method: 'notifications/events/active',
    params: { truncated: false, _meta: { 'io.modelcontextprotocol/subscriptionId': 7 } },
  });
  const call = { name: 'start_echo', arguments: { text: 'hello', wait_seconds: 20 } };
  const { result } = await legacy(cloud, 'tools/call', call, { owner });
  let message: StreamMessage | undefined;
  do message = (await stream.next()).value;
  while (message && message.method !== EVENT);
  expect(message?.params.data.job_id).toBe(result.structuredContent.job_id);
  await stream.return(undefined);
});

test('an owner that holds all its streams is refused another one, and another owner is served', async () => {
  const owner = 'many';
  const responses = await Promise.all(Array.from({ length: 12 }, () => open(owner, null)));
  const [held, refused] = [true, false].map((isStream) =>
    responses.filter(({ headers }) => (headers.get('content-type') === 'text/event-stream') === isStream),
  );
  expect(held).toHaveLength(5);
  for (const response of refused ?? []) {
    expect(await response.json()).toMatchObject({
      error: { code: -32025, data: { limit: 'waiting_calls', max: 5, retry_after_ms: 2_000 } },
    });
  }
  const other = await modern(cloud, 'tools/call', { name: 'list_jobs' }, { owner: 'quiet' });
  expect(other.result.structuredContent.jobs).toEqual([]);
  await crash(owner);
  await Promise.allSettled((held ?? []).map((response) => response.text()));
});
