/** The methods of MCP Events: real tables, a clock that is moved, and a receiver that is as willing as it is told to be. */

import { jest } from '@jest/globals';
import type { EventType, JobEvent } from '../../lambdas/events/event.ts';
import { createEndpoint } from '../../lambdas/mcp/endpoint.ts';
import { createEventMethods } from '../../lambdas/mcp/events/index.ts';
import type { OwnerSlots } from '../../lambdas/shared/aws/owner-slots.ts';
import { scopes } from '../../lambdas/shared/caller.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import { readIdentity } from '../../lambdas/shared/server-identity.ts';
import { encodeCursor } from '../../lambdas/webhooks/deliveries/cursor.ts';
import { deliveryKey } from '../../lambdas/webhooks/deliveries/delivery.ts';
import type { DeliveryMessage } from '../../lambdas/webhooks/deliveries/delivery-queue.ts';
import { type Endpoint, EndpointKind, isSubscribedTo } from '../../lambdas/webhooks/endpoints/endpoint.ts';
import { MAX_ENDPOINTS } from '../../lambdas/webhooks/endpoints/endpoint-store.ts';
import { VerificationFailure } from '../../lambdas/webhooks/sending/verify-subscription.ts';
import { operations } from '../fixtures/catalogue/index.ts';
import { freeSlots } from '../support/free-slots.ts';
import { holdEvent } from '../support/held-delivery.ts';
import { seal } from '../support/seal.ts';
import { startWebhookTables } from '../support/webhook-tables.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** What is older than this is shown. */
const SETTLE = 5_000;
const URL_1 = 'https://example.com/hook';
const NAME = 'job.completed';

let now: number;
let tables: Awaited<ReturnType<typeof startWebhookTables>>;
let asked: DeliveryMessage[];
/** What the verification finds; undefined: nothing, ever. */
let finding: Partial<Endpoint> | undefined;
let serve: ReturnType<typeof createEndpoint>;
let jobs: number;
let waits: OwnerSlots;

beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  tables = await startWebhookTables(() => now);
  asked = [];
  finding = { verifiedAt: '2026-01-01T00:00:00.000Z' };
  jobs = 0;
  waits = tables.slotsOf(1);
  serve = createEndpoint({
    identity: readIdentity(),
    authorizationExtensions: [],
    tools: [],
    tasks: {} as never,
    waits: freeSlots,
    resources: {} as never,
    readCard: async () => '',
    methods: sameInBothEras(
      createEventMethods({
        ...tables,
        operations,
        waits,
        queue: {
          async send(message) {
            asked.push(message);
            if (finding) await tables.endpoints.update(message.owner, message.endpointId, finding);
          },
        },
        seal,
        addressPolicy: { ports: [443], allowLoopback: false },
        now: () => now,
        pause: async (milliseconds) => {
          now += milliseconds;
        },
      }),
    ),
  });
});
afterEach(() => tables.close());

function sameInBothEras<Methods>(methods: Methods) {
  return { legacy: methods, modern: methods };
}

const secretOf = (byte: number, bytes = 32) => `whsec_${Buffer.alloc(bytes, byte).toString('base64')}`;

async function request(method: string, params: object = {}, owner = 'ada') {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const response = await serve(
    new Request('https://localhost/mcp', {
      method: 'POST',
      headers: {
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': method,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
    }),
    { owner, scopes },
    Number.MAX_SAFE_INTEGER,
  );
  // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
  return (await response.json()) as any;
}

interface Wish {
  readonly name?: string;
  readonly arguments?: unknown;
  readonly url?: string;
  readonly secret?: string;
  readonly mode?: string;
  readonly owner?: string;
  readonly cursor?: unknown;
  readonly ttlMs?: unknown;
}

function subscribe(wish: Wish = {}) {
  const { name = NAME, url = URL_1, secret = secretOf(1), mode = 'webhook', owner, ...rest } = wish;
  return request('events/subscribe', { ...rest, name, delivery: { mode, url, secret } }, owner);
}

function poll(cursor: unknown, rest: object = {}, owner = 'ada') {
  return request('events/poll', { name: NAME, cursor, ...rest }, owner);
}

/** A job of an owner ends: everybody who wants to know has a delivery. */
async function happen({
  owner = 'ada',
  operation = 'echo',
  type = NAME,
  jobId = `7d5fbf9e-0000-4000-8000-${String(++jobs).padStart(12, '0')}`,
}: {
  readonly owner?: string;
  readonly operation?: string;
  readonly type?: EventType;
  readonly jobId?: string;
} = {}): Promise<string> {
  const event = {
    id: `${jobId}.3`,
    type,
    timestamp: new Date(now).toISOString(),
    data: { job_id: jobId, operation } as JobEvent['data'],
  };
  for (const endpoint of await tables.endpoints.list(owner)) {
    if (!isSubscribedTo(endpoint, event, now)) continue;
    await holdEvent(tables.deliveries, endpoint, event, now);
  }
  return event.id;
}

const idsOf = (answer: { readonly result: { readonly events: readonly { readonly eventId: string }[] } }) =>
  answer.result.events.map(({ eventId }) => eventId);

/** Everything after a cursor, a page after the other. */
async function drain(cursor: string, rest: object = {}) {
  const ids: string[] = [];
  let truncated = false;
  for (let from = cursor, polls = 0; ; polls++) {
    const { result } = await poll(from, rest);
    ids.push(...idsOf({ result }));
    truncated ||= result.truncated;
    from = result.cursor;
    if (!result.hasMore) return { ids, truncated, cursor: from };
    if (polls > 50) throw new Error('There is always more.');
  }
}

describe('what is offered', () => {
  test('the extension, and the capability where the design sketch had it', async () => {
    const { result } = await request('server/discover');
    expect(result.capabilities).toMatchObject({
      tools: {},
      events: {},
      extensions: { 'io.modelcontextprotocol/events': {} },
    });
  });

  test('clients of 2025 are offered the extension when they initialize, and can use it', async () => {
    const send = (method: string, params: object) =>
      serve(
        new Request('https://localhost/mcp', {
          method: 'POST',
          headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json' },
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
        }),
        { owner: 'ada', scopes },
        Number.MAX_SAFE_INTEGER,
      );
    const legacy = async (method: string, params: object) => {
      const response = await send(method, params);
      // biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
      return (await response.json()) as any;
    };
    const { result } = await legacy('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'test', version: '1.0.0' },
    });
    expect(result.capabilities.extensions).toEqual({ 'io.modelcontextprotocol/events': {} });
    expect(result.capabilities).not.toHaveProperty('events');
    expect((await legacy('events/list', {})).result.events).toHaveLength(7);
    const begun = await legacy('events/poll', { name: NAME, cursor: null });
    expect(begun.result).toMatchObject({ events: [], cursor: expect.any(String) });
    const id = await happen();
    now += SETTLE + 1;
    const polled = await legacy('events/poll', { name: NAME, cursor: begun.result.cursor });
    expect(idsOf(polled)).toEqual([id]);
    const stream = await send('events/stream', { name: NAME, cursor: begun.result.cursor });
    const text = await stream.text();
    expect(text).toContain('notifications/events/active');
    expect(text).toContain(id);
    for (const method of ['events/poll', 'events/stream']) {
      expect((await legacy(method, { name: 'job.exploded' })).error.code).toBe(-32023);
    }
  });

  test('the seven events of a job, with schemas both ways', async () => {
    const { result } = await request('events/list');
    expect(result.events.map(({ name }: { name: string }) => name)).toEqual([
      'job.created',
      'job.started',
      'job.progress',
      'job.input_required',
      'job.completed',
      'job.failed',
      'job.cancelled',
    ]);
    expect(result).not.toHaveProperty('nextCursor');
    expect((await request('events/list', { cursor: null })).result).toEqual(result);
    for (const event of result.events) {
      expect(event).toMatchObject({
        description: expect.any(String),
        delivery: ['webhook', 'push', 'poll'],
        inputSchema: {
          type: 'object',
          additionalProperties: false,
          properties: {
            job_id: { type: 'string' },
            operation: {
              type: 'string',
              enum: [
                'ask',
                'chore',
                'confined',
                'count',
                'echo',
                'four_steps',
                'inquire',
                'nap',
                'probe',
                'relay',
                'take',
                'brief',
                'quote',
                'report',
              ],
            },
          },
        },
        payloadSchema: {
          type: 'object',
          required: expect.arrayContaining(['job_id', 'operation', 'status', 'created_at', 'expires_at']),
        },
      });
      expect(event.inputSchema).not.toHaveProperty('required');
    }
  });
});

describe('what is refused', () => {
  test.each([
    ['an unknown event', { name: 'job.exploded' }, -32023, { kind: 'event' }],
    ['another mode', { mode: 'push' }, -32026, { feature: 'deliveryMode', value: 'push' }],
    ['arguments that there are none of', { arguments: { project: 'x' } }, -32602, undefined],
    ['an unknown operation', { arguments: { operation: 'party' } }, -32602, undefined],
    ['what is no job_id', { arguments: { job_id: 'x' } }, -32602, undefined],
    ['arguments that are no object', { arguments: [] }, -32602, undefined],
    ['a secret without its prefix', { secret: Buffer.alloc(32).toString('base64') }, -32602, undefined],
    ['a secret of 23 bytes', { secret: secretOf(1, 23) }, -32602, undefined],
    ['a secret of 65 bytes', { secret: secretOf(1, 65) }, -32602, undefined],
    ['a secret that is no base64', { secret: `whsec_${'!'.repeat(44)}` }, -32602, undefined],
    ['http', { url: 'http://example.com/hook' }, -32602, undefined],
    ['a private address', { url: 'https://10.0.0.1/hook' }, -32602, undefined],
    ['what is no URL', { url: 'hook' }, -32602, undefined],
    ['a garbled cursor', { cursor: 'garbled' }, -32602, undefined],
    ['a cursor of 513 characters', { cursor: 'A'.repeat(513) }, -32602, undefined],
    ['the name of an event without an end', { name: 'job.'.repeat(10_000) }, -32602, undefined],
    ['a mode without an end', { mode: 'push'.repeat(10_000) }, -32602, undefined],
    ['a secret without an end', { secret: secretOf(1, 10_000) }, -32602, undefined],
    ['a URL without an end', { url: `${URL_1}/${'a'.repeat(10_000)}` }, -32602, undefined],
    ['a job_id without an end', { arguments: { job_id: 'a'.repeat(10_000) } }, -32602, undefined],
    ['an operation without an end', { arguments: { operation: 'a'.repeat(10_000) } }, -32602, undefined],
    ['a thousand arguments', { arguments: manyArguments(1_000) }, -32602, undefined],
    ['a lifetime in words', { ttlMs: 'long' }, -32602, undefined],
  ])('%s', async (_what, wish: Wish, code, data) => {
    const { error } = await subscribe(wish);
    expect(error).toMatchObject({ code, message: expect.any(String), ...(data && { data }) });
    expect(JSON.stringify(error)).not.toContain(wish.secret ?? secretOf(1));
    // Nobody makes the server repeat a long text.
    expect(JSON.stringify(error).length).toBeLessThan(1_500);
    expect(await tables.endpoints.list('ada')).toEqual([]);
    expect(asked).toEqual([]);
  });

  test.each([
    ['events/poll', { name: 'job.exploded', cursor: null }, -32023],
    ['events/poll', { name: NAME, cursor: null, arguments: { operation: 'party' } }, -32602],
    ['events/poll', { name: NAME, cursor: null, maxEvents: 0 }, -32602],
    ['events/poll', { name: NAME, cursor: null, maxAgeMs: -1 }, -32602],
    ['events/poll', { name: NAME, cursor: 'garbled' }, -32602],
    ['events/poll', { name: NAME, cursor: textCursor(['2026-01-01T00:00:00.000Z', 'garbled']) }, -32602],
    ['events/poll', { name: NAME, cursor: textCursor(['2026-01-01T00:00:00.000Z']) }, -32602],
    ['events/poll', { name: NAME, cursor: textCursor(['yesterday']) }, -32602],
    ['events/poll', { name: NAME, cursor: '' }, -32602],
    ['events/poll', { name: NAME, cursor: 'A'.repeat(100_000) }, -32602],
    ['events/poll', { cursor: null }, -32602],
    ['events/unsubscribe', { name: 'job.exploded', delivery: { url: URL_1 } }, -32023],
    ['events/unsubscribe', { name: NAME }, -32602],
    ['events/unsubscribe', { name: NAME, delivery: { url: `${URL_1}/${'a'.repeat(10_000)}` } }, -32602],
    ['events/list', { cursor: 'garbled' }, -32602],
    ['events/subscribe', { name: NAME }, -32602],
    ['events/subscribe', { name: NAME, delivery: { mode: 'webhook' } }, -32602],
  ])('%s %j', async (method, params, code) => {
    expect(await request(method, params)).toMatchObject({ error: { code } });
  });

  test('a mode without an address is refused for what it is', async () => {
    const { error } = await request('events/subscribe', { name: NAME, delivery: { mode: 'push' } });
    expect(error.code).toBe(-32026);
  });

  test('a failure of ours tells nothing of itself', async () => {
    const errors = jest.spyOn(log, 'error').mockImplementation(() => {});
    await tables.close();
    const { error } = await poll(null);
    expect(errors).toHaveBeenCalledTimes(1);
    errors.mockRestore();
    expect(error).toEqual({
      code: -32603,
      message: expect.stringContaining('failed with an internal error'),
    });
    tables = await startWebhookTables(() => now);
  });
});

function manyArguments(count: number) {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`argument_${index}`, index]));
}

/** A cursor whose content the server did not write. */
function textCursor(content: unknown): string {
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

describe('subscribing', () => {
  test('is put on record once the receiver has been verified', async () => {
    const { result } = await subscribe({ arguments: { operation: 'echo' } });
    expect(result).toMatchObject({
      id: expect.stringMatching(/^sub_[0-9a-f]{32}$/),
      refreshBefore: new Date(Date.parse('2026-01-01T00:00:00Z') + DAY).toISOString(),
      cursor: expect.any(String),
      truncated: false,
    });
    expect(asked).toEqual([{ type: 'verification', owner: 'ada', endpointId: result.id }]);
    expect(await tables.endpoints.list('ada')).toEqual([
      expect.objectContaining({
        endpointId: result.id,
        kind: EndpointKind.subscription,
        url: URL_1,
        events: [NAME],
        operations: ['echo'],
        secrets: [{ value: expect.stringMatching(/^sealed/) }],
        verifiedAt: expect.any(String),
        expiresAt: Date.parse(result.refreshBefore) / 1000 + 7 * 24 * 60 * 60,
      }),
    ]);
  });

  test.each([
    [undefined, DAY],
    [HOUR, HOUR],
    [1, 5 * MINUTE],
    [-1, 5 * MINUTE],
    [365 * DAY, 30 * DAY],
    [1e300, 30 * DAY],
    [null, 30 * DAY],
  ])('a wish for %p ms is granted as far as it goes', async (ttlMs, granted) => {
    const start = now;
    const { result } = await subscribe(ttlMs === undefined ? {} : { ttlMs });
    expect(Date.parse(result.refreshBefore)).toBe(start + granted);
  });

  test('each part of the key makes another subscription; the spelling of the URL and the order of arguments do not', async () => {
    const id = async (wish: Wish) => (await subscribe(wish)).result.id;
    const jobId = '7d5fbf9e-0000-4000-8000-000000000001';
    const both = { job_id: jobId, operation: 'echo' };
    const ids = [
      await id({}),
      await id({ name: 'job.failed' }),
      await id({ url: `${URL_1}2` }),
      await id({ owner: 'bob' }),
      await id({ arguments: { operation: 'echo' } }),
      await id({ arguments: { job_id: jobId } }),
      await id({ arguments: both }),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(await id({ arguments: {}, url: 'https://EXAMPLE.com:443/hook' })).toBe(ids[0]);
    expect(await id({ arguments: Object.fromEntries(Object.entries(both).reverse()) })).toBe(ids.at(-1));
  });

  test('at the limit nobody is added, until one has lapsed', async () => {
    finding = { verifiedAt: '2026-01-01T00:00:00.000Z' };
    for (let index = 0; index < MAX_ENDPOINTS; index++) await subscribe({ url: `${URL_1}/${index}` });
    expect((await subscribe()).error).toMatchObject({
      code: -32025,
      data: { limit: 'subscriptions', max: MAX_ENDPOINTS },
    });
    // Mailboxes have a limit of their own.
    expect((await poll(null)).result).toMatchObject({ cursor: expect.any(String) });
    now += DAY;
    expect((await subscribe()).result).toMatchObject({ id: expect.any(String) });
    expect(await tables.endpoints.list('ada')).toHaveLength(MAX_ENDPOINTS + 1);
  });
});

describe('verification', () => {
  test.each(Object.values(VerificationFailure))(
    'a new subscription that fails it is gone: %s',
    async (reason) => {
      finding = { verificationFailure: reason };
      expect((await subscribe()).error).toMatchObject({ code: -32027, data: { reason } });
      expect(await tables.endpoints.list('ada')).toEqual([]);
    },
  );

  test('nobody answers: it is given up after 20 seconds', async () => {
    finding = undefined;
    const start = now;
    expect((await subscribe()).error).toMatchObject({ code: -32027, data: { reason: 'timeout' } });
    expect(now - start).toBeGreaterThanOrEqual(20_000);
    expect(now - start).toBeLessThan(21_000);
    expect(await tables.endpoints.list('ada')).toEqual([]);
  });

  test('one at a time with one slot: the next is refused at once, and not put on record', async () => {
    const release = await waits.take('ada', MINUTE);
    const { error } = await subscribe();
    expect([error.code, error.data]).toEqual([-32025, { limit: 'test', max: 1, retry_after_ms: 2_000 }]);
    expect(await tables.endpoints.list('ada')).toEqual([]);
    expect((await subscribe({ owner: 'grace' })).result.id).toMatch(/^sub_/);
    await release?.();
    expect((await subscribe()).result.id).toMatch(/^sub_/);
    const again = await waits.take('ada', MINUTE);
    expect(again).toBeDefined();
    // What is verified already needs no slot.
    expect((await subscribe({ arguments: { operation: 'echo' } })).result.id).toMatch(/^sub_/);
  });

  test('is asked for once an owner and URL, whatever the event, while one of them is alive', async () => {
    await subscribe({ ttlMs: HOUR });
    await subscribe({ name: 'job.failed', ttlMs: HOUR });
    await subscribe({ ttlMs: HOUR });
    expect(asked).toHaveLength(1);
    await subscribe({ owner: 'bob' });
    await subscribe({ url: `${URL_1}2` });
    expect(asked).toHaveLength(3);
    now += HOUR;
    await subscribe({ name: 'job.cancelled' });
    expect(asked).toHaveLength(4);
  });

  test('one that did not pass waives nothing', async () => {
    finding = { verificationFailure: 'http_5xx' };
    await subscribe();
    await subscribe({ name: 'job.failed' });
    expect(asked).toHaveLength(2);
  });

  test('a lapsed subscription that fails it now hears nothing, but what it had can still be polled', async () => {
    const { result } = await subscribe({ ttlMs: HOUR });
    now = Date.parse(result.refreshBefore) - 1;
    const missed = await happen();
    now += 1;
    finding = { verificationFailure: 'http_4xx' };
    expect((await subscribe()).error).toMatchObject({ code: -32027 });
    await happen();
    const { deliveries } = await tables.deliveries.listOfEndpoint(result.id, { limit: 100 });
    expect(deliveries).toHaveLength(1);
    now += SETTLE;
    expect(await drain(result.cursor)).toMatchObject({ ids: [missed], truncated: true });
    finding = { verifiedAt: new Date(now).toISOString() };
    expect((await subscribe()).result.id).toBe(result.id);
  });
});

describe('refreshing', () => {
  test('grants a new lifetime, keeps the rest, and gives the cursor of the client back', async () => {
    const { result: first } = await subscribe({ ttlMs: HOUR });
    const [before] = await tables.endpoints.list('ada');
    now += 30 * MINUTE;
    const { result } = await subscribe({ ttlMs: HOUR, cursor: first.cursor });
    expect(result).toMatchObject({
      id: first.id,
      refreshBefore: new Date(now + HOUR).toISOString(),
      cursor: first.cursor,
      truncated: false,
    });
    const [after] = await tables.endpoints.list('ada');
    expect(after).toMatchObject({ createdAt: before?.createdAt, secrets: before?.secrets });
    expect((await subscribe()).result.cursor).toBe(first.cursor);
  });

  test('another secret signs beside the one before it for a while', async () => {
    await subscribe();
    await subscribe({ secret: secretOf(2) });
    const [endpoint] = await tables.endpoints.list('ada');
    const opened = endpoint && (await seal.openEndpoint(endpoint));
    expect(opened?.secrets).toEqual([
      { value: secretOf(2) },
      { value: secretOf(1), until: new Date(now + DAY).toISOString() },
    ]);
    expect(asked).toHaveLength(1);
  });

  test('one that has lapsed begins anew: what came in between was not kept', async () => {
    const { result: first } = await subscribe({ ttlMs: HOUR });
    now += 2 * HOUR;
    const { result } = await subscribe({ cursor: first.cursor });
    expect(result).toMatchObject({ id: first.id, truncated: true });
    expect(result.cursor).not.toBe(first.cursor);
  });

  test('one that is disabled starts anew, and is not verified again; it missed what came before', async () => {
    const { result: first } = await subscribe();
    const subscription = await tables.endpoints.get('ada', first.id);
    await tables.endpoints.disableGone(subscription as Endpoint, subscription?.url ?? '');
    now += MINUTE;
    const { result } = await subscribe({ cursor: first.cursor });
    expect(result).toMatchObject({ id: first.id, truncated: true });
    expect(asked).toHaveLength(1);
    expect(await tables.endpoints.get('ada', first.id)).not.toHaveProperty('disabled');
  });
});

describe('unsubscribing', () => {
  const unsubscribe = (owner = 'ada', url = URL_1, args = {}) =>
    request('events/unsubscribe', { name: NAME, arguments: args, delivery: { url } }, owner);

  test('ends it at once; the second time there is none', async () => {
    await subscribe();
    expect((await unsubscribe('ada', 'https://Example.com/hook')).result).not.toHaveProperty('id');
    expect(await tables.endpoints.list('ada')).toEqual([]);
    expect((await unsubscribe()).error).toMatchObject({ code: -32023, data: { kind: 'subscription' } });
  });

  test('only the whole key, and only by its owner', async () => {
    await subscribe();
    for (const answer of [
      await unsubscribe('bob'),
      await unsubscribe('ada', `${URL_1}/`),
      await unsubscribe('ada', 'hook'),
      await unsubscribe('ada', URL_1, { operation: 'echo' }),
    ]) {
      expect(answer.error).toMatchObject({ code: -32023, data: { kind: 'subscription' } });
    }
    expect(await tables.endpoints.list('ada')).toHaveLength(1);
  });
});

describe('polling', () => {
  test('begins now, then shows what has happened, once it has settled', async () => {
    await happen();
    const { result: begun } = await poll(null);
    expect(begun).toMatchObject({ events: [], truncated: false, hasMore: false, nextPollMs: 5_000 });
    now += 1_000;
    const id = await happen();
    expect(idsOf(await poll(begun.cursor))).toEqual([]);
    now += SETTLE;
    const { result } = await poll(begun.cursor);
    expect(result).toMatchObject({
      events: [
        {
          eventId: id,
          name: NAME,
          timestamp: '2026-01-01T00:00:01.000Z',
          data: { job_id: expect.any(String), operation: 'echo' },
        },
      ],
      truncated: false,
      hasMore: false,
    });
    now += MINUTE;
    expect((await poll(result.cursor)).result).toMatchObject({ events: [], truncated: false });
  });

  test('what was recorded late, by a clock that is behind, is not passed over', async () => {
    const { result: begun } = await poll(null);
    now += MINUTE;
    const { result: quiet } = await poll(begun.cursor);
    now -= SETTLE - 100;
    const id = await happen();
    now += 2 * SETTLE;
    expect(idsOf(await poll(quiet.cursor))).toEqual([id]);
  });

  test('a clock that is behind reads nothing, and loses nothing', async () => {
    const { result: begun } = await poll(null);
    now -= 100;
    const { result } = await poll(begun.cursor);
    expect(result).toMatchObject({ events: [], cursor: begun.cursor });
  });

  test.each([1, 2, 3, 100])('pages of %i are without a gap and without a repetition', async (maxEvents) => {
    const { result: begun } = await poll(null);
    const ids: string[] = [];
    for (const count of [3, 1, 2]) {
      // The same time for several: their order is then the index's.
      now += 10;
      for (let index = 0; index < count; index++) ids.push(await happen());
    }
    now += SETTLE;
    const drained = await drain(begun.cursor, { maxEvents });
    expect(drained.ids.toSorted()).toEqual(ids);
    expect(drained.truncated).toBe(false);
    const later = await happen();
    now += SETTLE + 1;
    expect((await drain(drained.cursor, { maxEvents })).ids).toEqual([later]);
  });

  test('a page has a hundred at most', async () => {
    const { result: begun } = await poll(null);
    for (let index = 0; index < 101; index++) await happen();
    now += SETTLE + 1;
    const { result } = await poll(begun.cursor, { maxEvents: 1_000 });
    expect(result.events).toHaveLength(100);
    expect(result.hasMore).toBe(true);
    expect(idsOf(await poll(result.cursor))).toHaveLength(1);
  });

  test('only what was asked for, and only of the owner', async () => {
    const args = { arguments: { operation: 'probe' } };
    const { result: begun } = await poll(null, args);
    const { result: foreign } = await poll(null, args, 'bob');
    now += 1;
    await happen();
    await happen({ operation: 'probe', type: 'job.failed' });
    await happen({ operation: 'probe', owner: 'bob' });
    const id = await happen({ operation: 'probe' });
    now += SETTLE + 1;
    expect(idsOf(await poll(begun.cursor, args))).toEqual([id]);
    expect(idsOf(await poll(foreign.cursor, args, 'bob'))).toHaveLength(1);
  });

  test('maxAgeMs spares the client what is older, and says so', async () => {
    const { result: begun } = await poll(null);
    now += HOUR;
    await happen();
    now += HOUR;
    const id = await happen();
    now += MINUTE;
    const { result } = await poll(begun.cursor, { maxAgeMs: HOUR });
    expect(idsOf({ result })).toEqual([id]);
    expect(result.truncated).toBe(true);
    expect((await poll(result.cursor, { maxAgeMs: HOUR })).result).toMatchObject({ truncated: false });
    expect((await poll(begun.cursor, { maxAgeMs: 0 })).result).toMatchObject({ events: [], truncated: true });
    expect((await poll(begun.cursor, { maxAgeMs: 1e15 })).result).toMatchObject({ truncated: false });
  });

  test('whoever polls keeps the mailbox; a lapsed one is opened again, and shows what it has with a gap', async () => {
    let { cursor } = (await poll(null)).result;
    for (let half = 0; half < 6; half++) {
      now += 13 * HOUR;
      const { result } = await poll(cursor);
      expect(result.truncated).toBe(false);
      ({ cursor } = result);
    }
    now += 1_000;
    const kept = await happen();
    now += DAY;
    await happen();
    const { ids, truncated, cursor: next } = await drain(cursor);
    expect({ ids, truncated }).toEqual({ ids: [kept], truncated: true });
    const later = await happen();
    now += SETTLE + 1;
    expect(await drain(next)).toMatchObject({ ids: [later], truncated: false });
  });

  test('with the cursor of a mailbox that was never there, one is opened', async () => {
    const subject = { owner: 'ada', events: [NAME] as const };
    const cursor = encodeCursor(subject, { createdAt: '2025-01-01T00:00:00.000Z' });
    const { result } = await poll(cursor);
    expect(result).toMatchObject({ events: [], truncated: true, hasMore: false });
    const id = await happen();
    now += SETTLE + 1;
    expect(await drain(result.cursor)).toMatchObject({ ids: [id], truncated: false });
  });
});

describe('a cursor belongs to its owner, event and arguments', () => {
  test.each([
    ['another owner', {}, 'bob'],
    ['another event', { name: 'job.failed' }, 'ada'],
    ['other arguments', { arguments: { operation: 'echo' } }, 'ada'],
  ])('%s: it is refused, like one that nobody issued', async (_what, changes, owner) => {
    const { result } = await poll(null);
    const { error: unknown } = await poll('garbled', changes, owner);
    expect((await poll(result.cursor, changes, owner)).error).toEqual(unknown);
    expect((await subscribe({ ...changes, owner, cursor: result.cursor })).error).toEqual(unknown);
    expect(unknown).toMatchObject({ code: -32602, message: expect.stringMatching(/^cursor: /) });
    expect(await tables.endpoints.list('bob')).toEqual([]);
    expect(await tables.endpoints.list('ada')).toHaveLength(1);
  });

  test('no arguments and empty ones are the same', async () => {
    const { result } = await poll(null);
    expect((await poll(result.cursor, { arguments: {} })).result).toMatchObject({ truncated: false });
  });
});

describe('what has expired', () => {
  test('is a gap, though the mailbox was there all the time', async () => {
    const { result: opened } = await poll(null);
    for (let day = 0; day < 5; day++) {
      now += DAY / 2;
      await poll(opened.cursor);
      now += DAY / 2;
      await poll(opened.cursor);
    }
    expect((await poll(opened.cursor)).result.truncated).toBe(true);
  });

  test('is behind the cursor of a subscription that is refreshed', async () => {
    const { result: first } = await subscribe({ ttlMs: 30 * DAY });
    now += 10 * DAY;
    const { result } = await subscribe({ ttlMs: 30 * DAY, cursor: first.cursor });
    expect(result).toMatchObject({ id: first.id, truncated: false });
    expect((await poll(result.cursor)).result.truncated).toBe(false);
  });
});

describe('a webhook subscriber polls what it has missed', () => {
  test('from its subscription, for which no mailbox is needed', async () => {
    const { result: subscribed } = await subscribe();
    now += 1_000;
    const ids = [await happen()];
    now += 1;
    ids.push(await happen());
    now += SETTLE;
    expect(await drain(subscribed.cursor, { maxEvents: 1 })).toMatchObject({ ids, truncated: false });
    expect(await tables.endpoints.list('ada')).toHaveLength(1);
    await tables.deliveries.create(
      {
        jobId: '7d5fbf9e-0000-4000-8000-00000000ffff',
        deliveryKey: deliveryKey(1, subscribed.id),
        owner: 'ada',
        endpointId: subscribed.id,
        type: 'endpoint.test',
        event: { id: 'test', type: 'endpoint.test', timestamp: '', data: { endpoint_id: subscribed.id } },
        status: 'pending',
        expiresAt: (now + DAY) / 1000,
      },
      { listed: true },
    );
    now += SETTLE;
    expect((await drain(subscribed.cursor)).ids).toEqual(ids);
  });

  test('also after it has lapsed, a page at a time; from then on a mailbox is kept for it', async () => {
    const { result: subscribed } = await subscribe({ ttlMs: HOUR });
    const ids: string[] = [];
    for (let index = 0; index < 3; index++) {
      now += 1_000;
      ids.push(await happen());
    }
    now += HOUR;
    await happen();
    now += HOUR;
    const first = await poll(subscribed.cursor, { maxEvents: 1 });
    expect(first.result).toMatchObject({ hasMore: true, truncated: true });
    const held = await happen();
    now += SETTLE;
    const rest = await drain(first.result.cursor, { maxEvents: 1 });
    expect([...idsOf(first), ...rest.ids]).toEqual([...ids, held]);
    now += MINUTE;
    expect(await drain(rest.cursor)).toMatchObject({ ids: [], truncated: false });
  });

  test('a mailbox that began later does not hide what the subscription has', async () => {
    const { result: subscribed } = await subscribe();
    now += 10_000;
    const before = await happen();
    await poll(null);
    now += 10_000;
    const after = await happen();
    now += SETTLE;
    expect(await drain(subscribed.cursor)).toMatchObject({ ids: [before, after], truncated: false });
  });
});
