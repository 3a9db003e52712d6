/** MCP Events through everything that is deployed: the endpoint, the queue, the one function that calls out, a receiver. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import * as z from 'zod';
import type { LocalCloud } from '../../local/cloud.ts';
import {
  type ChallengeResponse,
  type EventReceiver,
  isSignedWith,
  type ReceivedMessage,
  startEventReceiver,
} from '../support/event-receiver.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { call, connect } from '../support/test-cloud.ts';

const NAME = 'job.completed';
const receivers: EventReceiver[] = [];
const clients: Client[] = [];
let cloud: LocalCloud;
let client: Client;

beforeAll(async () => {
  cloud = await sharedCloud();
});
beforeEach(async () => {
  // An owner a test: nobody hears of the jobs of others.
  client = await connectAs(`owner-${clients.length}`);
});
afterEach(async () => {
  for (const receiver of receivers.splice(0)) receiver.close();
});
afterAll(async () => {
  await Promise.all(clients.map((each) => each.close()));
});

async function connectAs(owner: string): Promise<Client> {
  const connected = await connect(cloud, { owner });
  clients.push(connected);
  return connected;
}

async function startReceiver(answer?: ChallengeResponse): Promise<EventReceiver> {
  const receiver = await startEventReceiver(answer);
  receivers.push(receiver);
  return receiver;
}

/** As clients without a word of events in them do it. */
function request(method: string, params: Record<string, unknown> = {}, as = client) {
  // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
  return as.request({ method, params }, z.looseObject({})) as Promise<any>;
}

const secretOf = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;

function subscribe({ url }: { readonly url: string }, changes: object = {}, secret = secretOf(1)) {
  return request('events/subscribe', { name: NAME, delivery: { mode: 'webhook', url, secret }, ...changes });
}

async function runEcho(as = client): Promise<string> {
  const { data } = await call(as, 'start_echo', { text: 'hello', wait_seconds: 20 });
  expect(data.status).toBe('completed');
  return data.job_id;
}

const isOf =
  (jobId: string) =>
  ({ json }: ReceivedMessage) =>
    json.data.job_id === jobId;

test('clients of 2026 see events in what the server can do, and list them', async () => {
  expect(client.getServerCapabilities()).toMatchObject({
    extensions: { 'io.modelcontextprotocol/events': {} },
  });
  const { events } = await request('events/list');
  expect(events).toHaveLength(7);
});

test('clients of 2025 see the extension when they initialize, and list events', async () => {
  const legacy = await connect(cloud, { mode: 'legacy' });
  clients.push(legacy);
  expect(legacy.getServerCapabilities()).toMatchObject({
    extensions: { 'io.modelcontextprotocol/events': {} },
  });
  expect((await request('events/list', {}, legacy)).events).toHaveLength(7);
});

test('a subscriber is told of a job as it ends, under the name and in the form of MCP Events', async () => {
  const receiver = await startReceiver();
  const { id, refreshBefore, cursor, truncated } = await subscribe(receiver);
  expect(truncated).toBe(false);
  expect(Date.parse(refreshBefore)).toBeGreaterThan(Date.now());
  expect(receiver.verifications).toHaveLength(1);

  const jobId = await runEcho();
  const event = await receiver.find(isOf(jobId));
  expect(event.json).toEqual({
    eventId: expect.stringMatching(new RegExp(`^${jobId}\\.\\d+$`)),
    name: NAME,
    timestamp: expect.any(String),
    data: expect.objectContaining({ operation: 'echo', status: 'completed', result: { text: 'hello' } }),
    // A client that stores it misses no delivery that is under way.
    cursor,
  });
  for (const { headers } of [event, ...receiver.verifications]) {
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-mcp-subscription-id': id });
  }
  expect(event.headers['webhook-id']).toBe(event.json.eventId);
  expect(isSignedWith(secretOf(1), event)).toBe(true);
  expect(isSignedWith(secretOf(2), event)).toBe(false);
  expect(receiver.verifications.every((message) => isSignedWith(secretOf(1), message))).toBe(true);
});

test.each([
  ['echoes something else', { body: '{"challenge":"another"}' }, 'challenge_failed'],
  ['answers well, with nothing', { status: 204 }, 'challenge_failed'],
  ['answers with what is no JSON', { body: 'ok' }, 'challenge_failed'],
  ['redirects', { status: 307, body: '{}' }, 'challenge_failed'],
  ['answers 404', { status: 404 }, 'http_4xx'],
  ['answers 500', { status: 500 }, 'http_5xx'],
])('a receiver that %s is sent nothing', async (_what, answer, reason) => {
  const receiver = await startReceiver(answer);
  await expect(subscribe(receiver)).rejects.toMatchObject({ code: -32027, data: { reason } });
  const witness = await startReceiver();
  await subscribe(witness);
  await witness.find(isOf(await runEcho()));
  expect(receiver.verifications).toHaveLength(1);
  expect(receiver.events).toEqual([]);
});

test('a receiver that is not there', async () => {
  const receiver = await startReceiver();
  receiver.close();
  await expect(subscribe(receiver)).rejects.toMatchObject({
    code: -32027,
    data: { reason: 'connection_refused' },
  });
});

test('owners hear of their own jobs alone, and cannot end the subscriptions of others', async () => {
  const [mine, theirs] = [await startReceiver(), await startReceiver()];
  const other = await connectAs('somebody-else');
  await subscribe(mine);
  await request(
    'events/subscribe',
    { name: NAME, delivery: { mode: 'webhook', url: theirs.url, secret: secretOf(3) } },
    other,
  );
  await expect(
    request('events/unsubscribe', { name: NAME, delivery: { url: mine.url } }, other),
  ).rejects.toMatchObject({ code: -32023, data: { kind: 'subscription' } });
  const [myJob, theirJob] = await Promise.all([runEcho(), runEcho(other)]);
  await Promise.all([mine.find(isOf(myJob)), theirs.find(isOf(theirJob))]);
  expect([...mine.events, ...theirs.events]).toHaveLength(2);
});

test('arguments narrow it down to an operation', async () => {
  const receiver = await startReceiver();
  await subscribe(receiver, { arguments: { operation: 'four_steps' } });
  await runEcho();
  const { data } = await call(client, 'start_four_steps', {});
  await receiver.find(isOf(data.job_id));
  expect(receiver.events).toHaveLength(1);
});

test('a refresh with another secret has both sign, and asks for no challenge again', async () => {
  const receiver = await startReceiver();
  const first = await subscribe(receiver);
  const second = await subscribe(receiver, { cursor: first.cursor }, secretOf(2));
  expect(second).toMatchObject({ id: first.id, cursor: first.cursor, truncated: false });
  const event = await receiver.find(isOf(await runEcho()));
  expect([secretOf(1), secretOf(2), secretOf(3)].map((secret) => isSignedWith(secret, event))).toEqual([
    true,
    true,
    false,
  ]);
  expect(receiver.verifications).toHaveLength(1);
});

test('who has unsubscribed hears nothing more', async () => {
  const [receiver, witness] = [await startReceiver(), await startReceiver()];
  await subscribe(receiver);
  await subscribe(witness);
  await request('events/unsubscribe', { name: NAME, arguments: {}, delivery: { url: receiver.url } });
  await witness.find(isOf(await runEcho()));
  expect(receiver.events).toEqual([]);
});

/** Polls until there is something, for twenty seconds. */
async function pollFrom(cursor: string, rest: object = {}) {
  for (let from = cursor, polls = 0; polls < 40; polls++) {
    const answer = await request('events/poll', { name: NAME, cursor: from, ...rest });
    if (answer.events.length > 0) return answer;
    from = answer.cursor;
    await delay(500);
  }
  throw new Error('Nothing was polled within twenty seconds.');
}

test('a client that nobody can call polls from now on, a page at a time', async () => {
  const begun = await request('events/poll', { name: NAME, cursor: null });
  expect(begun).toMatchObject({ events: [], truncated: false, hasMore: false, nextPollMs: 5_000 });
  const jobIds = [await runEcho(), await runEcho()];
  await pollFrom(begun.cursor, { maxEvents: 1 });
  await delay(5_500);
  const first = await pollFrom(begun.cursor, { maxEvents: 1 });
  const second = await pollFrom(first.cursor, { maxEvents: 1 });
  // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
  const polled = [...first.events, ...second.events].map(({ data }: any) => data.job_id);
  expect(polled.toSorted()).toEqual(jobIds.toSorted());
  expect([begun, first, second].some(({ truncated }) => truncated)).toBe(false);
  expect(await request('events/poll', { name: NAME, cursor: second.cursor })).toMatchObject({
    events: [],
    hasMore: false,
  });
});

test('a subscriber whose receiver was away polls what it missed, the same event', async () => {
  const receiver = await startReceiver();
  const { cursor } = await subscribe(receiver);
  const event = await receiver.find(isOf(await runEcho()));
  receiver.close();
  const missed = await runEcho();
  await delay(5_500);
  const { events, truncated } = await pollFrom(cursor);
  expect(truncated).toBe(false);
  const { cursor: _, ...delivered } = event.json;
  expect(events).toEqual([
    delivered,
    expect.objectContaining({ data: expect.objectContaining({ job_id: missed }) }),
  ]);
});
