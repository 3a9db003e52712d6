/** Tests `events/stream`: its messages, what it costs, how it ends, and how a client resumes it. Tables are real, the clock is moved. */
import { jest } from '@jest/globals';
import type { EventType, JobEvent } from '../../lambdas/events/event.ts';
import { createEndpoint } from '../../lambdas/mcp/endpoint.ts';
import { EventErrorCode } from '../../lambdas/mcp/events/errors.ts';
import { createEventMethods } from '../../lambdas/mcp/events/index.ts';
import type { OwnerSlots } from '../../lambdas/shared/aws/owner-slots.ts';
import { type Scope, scopes } from '../../lambdas/shared/caller.ts';
import { AppError, ErrorCode } from '../../lambdas/shared/errors.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import { readIdentity } from '../../lambdas/shared/server-identity.ts';
import { settledCursor } from '../../lambdas/webhooks/deliveries/cursor.ts';
import { type Endpoint, EndpointKind, isSubscribedTo } from '../../lambdas/webhooks/endpoints/endpoint.ts';
import { operations } from '../fixtures/catalogue/index.ts';
import { freeSlots } from '../support/free-slots.ts';
import { holdEvent } from '../support/held-delivery.ts';
import { seal } from '../support/seal.ts';
import { type StreamMessage, sseMessages } from '../support/sse-messages.ts';
import { startWebhookTables } from '../support/webhook-tables.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Older events are shown. */
const SETTLE = 5_000;
const NAME = 'job.completed';
const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const EVENT = 'notifications/events/event';
const BOTH = 'application/json, text/event-stream';
/** Recorded while a stream is cut. Three pages. */
const EVENTS = 300;

let now: number;
let tables: Awaited<ReturnType<typeof startWebhookTables>>;
let serve: ReturnType<typeof createEndpoint>;
let waits: OwnerSlots;
let jobs: number;
/** As the events function reads them, once. */
let endpoints: Map<string, readonly Endpoint[]>;
/** Runs when the stream pauses. */
let meanwhile: () => Promise<unknown>;
let reads: number;
/** Replaces reads of events. */
let failure: Error | undefined;

beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  tables = await startWebhookTables(() => now);
  waits = tables.slotsOf(5);
  jobs = 0;
  endpoints = new Map();
  reads = 0;
  failure = undefined;
  meanwhile = async () => {};
  serve = createEndpoint({
    identity: readIdentity(),
    authorizationExtensions: [],
    tools: [],
    tasks: {} as never,
    waits: freeSlots,
    resources: {} as never,
    readCard: async () => '',
    methods: sameInBothEras(createEventMethods(dependencies())),
  });
});
afterEach(() => tables.close());

function sameInBothEras<Methods>(methods: Methods) {
  return { legacy: methods, modern: methods };
}

function dependencies() {
  return {
    operations,
    endpoints: tables.endpoints,
    deliveries: new Proxy(tables.deliveries, {
      get(store, name) {
        const value = store[name as keyof typeof store];
        if (typeof value !== 'function') return value;
        return async (...args: never[]) => {
          if (name === 'listOfEndpoint') reads += 1;
          if (name === 'listOfEndpoint' && failure) throw failure;
          return (value as (...given: never[]) => unknown).apply(store, args);
        };
      },
    }),
    waits: {
      run: freeSlots.run,
      take: (owner: string, holdMs: number) => waits.take(owner, holdMs),
      exhausted: () => waits.exhausted(),
    },
    queue: { send: async () => {} },
    seal,
    addressPolicy: { ports: [443], allowLoopback: false },
    now: () => now,
    pause: async (milliseconds: number) => {
      now += milliseconds;
      await meanwhile();
    },
  };
}

/** The real slots cost two calls of a table for each refusal. */
function slotsInMemory(limit: number): OwnerSlots {
  const taken = new Map<string, number>();
  const add = (owner: string, change: number) => taken.set(owner, (taken.get(owner) ?? 0) + change);
  return {
    take: async (owner: string) => {
      if ((taken.get(owner) ?? 0) >= limit) return undefined;
      add(owner, 1);
      return async () => void add(owner, -1);
    },
    exhausted: () =>
      new AppError(ErrorCode.resourceExhausted, 'The limit is reached.', {
        details: { limit: 'waiting_calls', max: limit },
      }),
  } as unknown as OwnerSlots;
}

interface Wish {
  readonly name?: string;
  readonly arguments?: object;
  readonly cursor?: unknown;
  readonly maxAgeMs?: number;
  readonly owner?: string;
  readonly scopes?: readonly Scope[];
  readonly method?: string;
  readonly endsAtMs?: number;
  readonly era?: '2025' | '2026';
  readonly accept?: string;
  /** Without a response: the request has no id. */
  readonly isNotification?: boolean;
  readonly notifications?: object;
}

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

function request(wish: Wish = {}): Promise<Response> {
  const { owner = 'ada', method = 'events/stream', endsAtMs = now + 10 * MINUTE, ...rest } = wish;
  const { scopes: granted = scopes, era = '2026', accept = BOTH, isNotification = false, ...params } = rest;
  const message = {
    jsonrpc: '2.0',
    ...(!isNotification && { id: 'x' }),
    method,
    params: { name: NAME, ...params, ...(era === '2026' && { _meta: META }) },
  };
  return serve(
    new Request('https://localhost/mcp', {
      method: 'POST',
      headers: {
        accept,
        'content-type': 'application/json',
        'mcp-protocol-version': era === '2026' ? '2026-07-28' : '2025-11-25',
        ...(era === '2026' && { 'mcp-method': method }),
      },
      body: JSON.stringify(message),
    }),
    { owner, scopes: granted },
    endsAtMs,
  );
}

async function all(response: Response): Promise<StreamMessage[]> {
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const messages: StreamMessage[] = [];
  for await (const message of sseMessages(response)) messages.push(message);
  return messages;
}

const idsOf = (messages: readonly StreamMessage[]) =>
  messages.filter(({ method }) => method === EVENT).map(({ params }) => params.eventId);

/** A job of an owner ends: each endpoint that subscribes to it has a delivery. */
async function happen(owner = 'ada', type: EventType = NAME): Promise<string> {
  const jobId = `7d5fbf9e-0000-4000-8000-${String(++jobs).padStart(12, '0')}`;
  const event = {
    id: `${jobId}.3`,
    type,
    timestamp: new Date(now).toISOString(),
    data: { job_id: jobId, operation: 'echo' } as JobEvent['data'],
  };
  for (const endpoint of await endpointsOf(owner)) {
    if (!isSubscribedTo(endpoint, event, now)) continue;
    await holdEvent(tables.deliveries, endpoint, event, now);
  }
  return event.id;
}

async function endpointsOf(owner: string) {
  const known = endpoints.get(owner) ?? (await tables.endpoints.list(owner));
  if (known.length > 0) endpoints.set(owner, known);
  return known;
}

/** Returns a cursor of a subscription that has begun. */
async function begin(wish: Wish = {}): Promise<string> {
  const response = await request({ cursor: null, method: 'events/poll', ...wish });
  return ((await response.json()) as { result: { cursor: string } }).result.cursor;
}

test('confirms, sends each event with its cursor, and ends with an empty result that clients resume from', async () => {
  const expected: string[] = [];
  meanwhile = async () => {
    if (expected.length < 3) expected.push(await happen());
  };
  const messages = await all(await request());
  expect(messages[0]).toEqual({
    jsonrpc: '2.0',
    method: 'notifications/events/active',
    params: { cursor: expect.any(String), truncated: false, _meta: { [SUBSCRIPTION]: 'x' } },
  });
  expect(idsOf(messages)).toEqual(expected);
  expect(messages.find(({ method }) => method === EVENT)?.params).toEqual({
    eventId: expected[0],
    name: NAME,
    timestamp: expect.any(String),
    data: expect.objectContaining({ operation: 'echo' }),
    cursor: expect.any(String),
    _meta: { [SUBSCRIPTION]: 'x' },
  });
  expect(messages.at(-1)).toMatchObject({
    id: 'x',
    result: { resultType: 'complete', _meta: { [SUBSCRIPTION]: 'x' } },
  });
});

test('ends within a minute, or before its function does', async () => {
  const begun = now;
  await all(await request());
  expect(now - begun).toBeLessThanOrEqual(MINUTE);
  expect(now - begun).toBeGreaterThan(MINUTE - 5_000);
  const again = now;
  await all(await request({ endsAtMs: now + 20_000 }));
  expect(now - again).toBeLessThanOrEqual(20_000);
});

test('sends heartbeats whose cursor moves while nothing happens', async () => {
  const messages = await all(await request());
  const heartbeats = messages.filter(({ method }) => method === 'notifications/events/heartbeat');
  expect(heartbeats.length).toBeGreaterThanOrEqual(4);
  const cursors = [messages[0], ...heartbeats].map((message) => message?.params.cursor);
  expect(new Set(cursors).size).toBe(cursors.length);
  expect(heartbeats[0]?.params).toEqual({ cursor: cursors[1], _meta: { [SUBSCRIPTION]: 'x' } });
});

test('reads less than once in two seconds while nothing happens', async () => {
  await all(await request());
  expect(reads).toBeLessThanOrEqual(30);
});

test('makes at most one read a second while much happens, with the batch reads of its pages', async () => {
  const cursor = await begin();
  for (let count = 0; count < 120; count++) await happen();
  now += SETTLE + 1;
  reads = 0;
  const begun = now;
  expect(idsOf(await all(await request({ cursor })))).toHaveLength(120);
  const [mailbox, batches] = [1, 2];
  expect(reads + mailbox + batches).toBeLessThanOrEqual((now - begun) / 1_000);
});

test('a stream that is cut ten times while events are recorded shows each of them once, in order', async () => {
  const expected: string[] = [];
  const record = async () => {
    for (let count = 0; count < 40 && expected.length < EVENTS; count++) {
      now += 1;
      expected.push(await happen());
    }
  };
  // A stream that was cut pauses once more, beside its successor.
  let recording = Promise.resolve();
  meanwhile = () => {
    recording = recording.then(record);
    return recording;
  };
  const seen: string[] = [];
  const cuts: number[] = [];
  let cursor = await begin();
  while (seen.length < EVENTS) {
    const cutAfter = cuts.length < 10 ? Math.ceil((Math.random() * EVENTS) / 10) : Number.POSITIVE_INFINITY;
    let received = 0;
    for await (const { method, params, result } of sseMessages(await request({ cursor }))) {
      if (result) break;
      expect(params.truncated ?? false).toBe(false);
      cursor = params.cursor;
      if (method === EVENT) seen.push(params.eventId);
      received += 1;
      if (received === cutAfter) {
        cuts.push(cutAfter);
        break;
      }
    }
  }
  expect({ cuts, seen }).toEqual({ cuts, seen: expected });
  expect(cuts).toHaveLength(10);
});

test('an owner holds five streams; its others are refused with a stable code, and another owner is served', async () => {
  waits = slotsInMemory(5);
  const responses = await Promise.all(Array.from({ length: 1_000 }, () => request()));
  const isHeld = ({ headers }: Response) => headers.get('content-type') === 'text/event-stream';
  const held = responses.filter(isHeld);
  const refused = responses.filter((response) => !isHeld(response));
  expect(held).toHaveLength(5);
  for (const response of refused) {
    expect(await response.json()).toMatchObject({
      id: 'x',
      error: {
        code: EventErrorCode.resourceExhausted,
        data: { limit: 'waiting_calls', max: 5 },
      },
    });
  }
  expect(idsOf(await all(await request({ owner: 'eve' })))).toEqual([]);
  // A stream that ends frees its slot.
  for (const response of held) await all(response);
  await all(await request());
});

test('a stream that nobody has ended frees its slot after a minute', async () => {
  for (let count = 0; count < 5; count++) await request();
  expect((await request()).headers.get('content-type')).toContain('application/json');
  now += MINUTE + 1;
  await all(await request());
});

describe('a cursor', () => {
  test.each<[string, () => Promise<string>]>([
    ['garbage', async () => 'garbled'],
    ['of another owner', () => begin({ owner: 'eve' })],
    ['of another event', () => begin({ name: 'job.failed' })],
    ['of other arguments', () => begin({ arguments: { operation: 'echo' } })],
  ])('%s is refused as by a poll, and no stream is opened', async (_what, cursorOf) => {
    const cursor = await cursorOf();
    const errorOf = async (method: string) => (await request({ cursor, method })).json();
    const streamed = await errorOf('events/stream');
    expect(streamed).toMatchObject({ error: { code: -32602 } });
    expect(streamed).toEqual(await errorOf('events/poll'));
  });

  test('from before the retention goes on with what is kept, and says so', async () => {
    const cursor = await begin();
    now += 5 * DAY;
    const messages = await all(await request({ cursor }));
    expect(messages[0]?.params).toMatchObject({ truncated: true });
    expect(messages.slice(1).some(({ params }) => params?.truncated)).toBe(false);
  });

  test('that is older than maxAgeMs leaves out what happened earlier, and says so', async () => {
    const cursor = await begin();
    await happen();
    now += MINUTE;
    const late = await happen();
    now += SETTLE + 1;
    const messages = await all(await request({ cursor, maxAgeMs: 30_000 }));
    expect(messages[0]?.params.truncated).toBe(true);
    expect(idsOf(messages)).toEqual([late]);
  });
});

describe('refused before a stream is opened', () => {
  test.each([
    ['an unknown event', { name: 'job.exploded' }, EventErrorCode.notFound],
    ['invalid arguments', { arguments: { operation: 'party' } }, -32602],
    ['a negative age', { maxAgeMs: -1 }, -32602],
    ['a caller without jobs:read', { scopes: ['webhooks:manage'] }, EventErrorCode.forbidden],
  ] as const)('%s', async (_what, wish, code) => {
    const response = await request(wish);
    expect(await response.json()).toMatchObject({ id: 'x', error: { code } });
  });
});

describe('a stream that reads the history of a webhook subscription', () => {
  const endpointId = 'subscription';
  const refreshed = (refreshBefore: string) => tables.endpoints.update('ada', endpointId, { refreshBefore });

  async function beginSubscribed(): Promise<string> {
    await tables.endpoints.put({
      owner: 'ada',
      endpointId,
      kind: EndpointKind.subscription,
      url: 'https://example.com/hook',
      events: [NAME],
      secrets: [],
      verifiedAt: new Date(now).toISOString(),
      refreshBefore: new Date(now + DAY).toISOString(),
      expiresAt: (now + 30 * DAY) / 1000,
    });
    const [subscription] = await tables.endpoints.list('ada');
    return settledCursor(subscription as Endpoint, now);
  }

  test('reads on there while it is active, and opens no mailbox', async () => {
    const cursor = await beginSubscribed();
    const expected: string[] = [];
    meanwhile = async () => {
      if (expected.length < 3) expected.push(await happen());
    };
    expect(idsOf(await all(await request({ cursor })))).toEqual(expected);
    expect(await tables.endpoints.list('ada')).toHaveLength(1);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['is removed', () => tables.endpoints.remove('ada', endpointId)],
    ['lapses', () => refreshed(new Date(now).toISOString())],
  ])('says so when it %s, and sends what happens later', async (_what, end) => {
    const cursor = await beginSubscribed();
    const before = await happen();
    now += SETTLE + 1;
    let after: string | undefined;
    let pauses = 0;
    meanwhile = async () => {
      pauses += 1;
      if (pauses === 3) {
        await end();
        endpoints.clear();
      }
      if (pauses > 3 && !after && (await tables.endpoints.list('ada')).some(isMailbox))
        after = await happen();
    };
    const messages = await all(await request({ cursor }));
    expect(messages[0]?.params.truncated).toBe(false);
    expect(idsOf(messages)).toEqual([before, after]);
    const gaps = messages.filter(({ params }) => params?.truncated);
    expect(gaps).toHaveLength(1);
  });

  const isMailbox = ({ kind }: Endpoint) => kind === EndpointKind.mailbox;
});

describe.each(['2025', '2026'] as const)('a client of %s', (era) => {
  test('that sends events/stream as a notification gets a response without a body', async () => {
    const response = await request({ era, isNotification: true });
    expect([response.status, await response.text()]).toEqual([202, '']);
  });

  test('that does not accept a stream is told what to do, and holds no slot', async () => {
    waits = slotsInMemory(1);
    const response = await request({ era, accept: 'application/json' });
    expect(response.status).toBe(406);
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      id: 'x',
      error: {
        code: -32000,
        message:
          'The response to events/stream is a stream. Name text/event-stream in Accept, or call events/poll.',
      },
    });
    await all(await request({ era }));
  });
});

test('a client that does not accept a stream of tasks is told what to do', async () => {
  const params = { method: 'subscriptions/listen', notifications: { taskIds: [] } };
  const response = await request({ ...params, accept: 'application/json' });
  expect(response.status).toBe(406);
  expect(await response.json()).toMatchObject({
    id: 'x',
    error: { message: expect.stringContaining('or call tasks/get.') },
  });
});

test('a table that fails is reported, and the stream goes on without a gap', async () => {
  const errors = jest.spyOn(log, 'error').mockImplementation(() => {});
  const cursor = await begin();
  const id = await happen();
  now += SETTLE + 1;
  failure = new Error('The table is throttled.');
  meanwhile = async () => {
    failure = undefined;
  };
  const messages = await all(await request({ cursor }));
  errors.mockRestore();
  expect(messages[1]).toMatchObject({
    method: 'notifications/events/error',
    params: { error: { code: -32603 }, _meta: { [SUBSCRIPTION]: 'x' } },
  });
  expect(JSON.stringify(messages[1])).not.toContain('throttled');
  expect(idsOf(messages)).toEqual([id]);
});

test('a failure that does not pass ends the subscription', async () => {
  failure = new AppError(ErrorCode.insufficientScope, 'Access was revoked.');
  const [, terminated, end, ...rest] = await all(await request());
  expect(terminated).toMatchObject({
    method: 'notifications/events/terminated',
    params: { error: { code: EventErrorCode.forbidden }, _meta: { [SUBSCRIPTION]: 'x' } },
  });
  expect(end?.result).toBeDefined();
  expect(rest).toEqual([]);
});
