/** Tests delivery attempts with real tables, a fake clock and a queue that records its messages. */

import { jest } from '@jest/globals';
import { log } from '../../../lambdas/shared/observability/log.ts';
import {
  type Delivery,
  DeliveryStatus,
  deliveryKey,
  retainedUntil,
} from '../../../lambdas/webhooks/deliveries/delivery.ts';
import type {
  AttemptMessage,
  DeliveryMessage,
  DeliveryQueue,
} from '../../../lambdas/webhooks/deliveries/delivery-queue.ts';
import { viewDelivery } from '../../../lambdas/webhooks/deliveries/delivery-view.ts';
import { enqueueDue } from '../../../lambdas/webhooks/deliveries/enqueue-due.ts';
import { DEFAULT_RETRY_SECONDS, nextDelayMs } from '../../../lambdas/webhooks/deliveries/retry-schedule.ts';
import { CALLBACKS_ID, type Endpoint, EndpointKind } from '../../../lambdas/webhooks/endpoints/endpoint.ts';
import { consumeQueue } from '../../../lambdas/webhooks/sending/consume-queue.ts';
import { type DeliverDependencies, deliver } from '../../../lambdas/webhooks/sending/deliver.ts';
import type { PostOutcome } from '../../../lambdas/webhooks/sending/post.ts';
import { readAnswerToken } from '../../../lambdas/webhooks/signing/answer-token.ts';
import { signingKeyFrom } from '../../../lambdas/webhooks/signing/signature.ts';
import { freeSlots } from '../../support/free-slots.ts';
import { metricDocumentsOf, sumsOf } from '../../support/metric-documents.ts';
import { SEALING_TEXT, seal, sealWith } from '../../support/seal.ts';
import { startWebhookTables } from '../../support/webhook-tables.ts';

const JOB = '7d5fbf9e-0000-4000-8000-000000000001';
const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const PLACE = { owner: 'alice', endpointId: 'ep_1' };
const HOUR = 3_600_000;

let now: number;
let tables: Awaited<ReturnType<typeof startWebhookTables>>;
let sent: { message: AttemptMessage; delayMs: number }[];
let dead: DeliveryMessage[];
let post: jest.Mock<DeliverDependencies['post']>;
let dependencies: DeliverDependencies;
let sealedSecret: string;

beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
  tables = await startWebhookTables(() => now);
  sent = [];
  dead = [];
  post = jest.fn<DeliverDependencies['post']>();
  const queue = {
    send: async (message: AttemptMessage, delayMs = 0) => void sent.push({ message, delayMs }),
    sendAll: async (messages: { message: AttemptMessage; delayMs?: number }[]) => {
      sent.push(...messages.map(({ message, delayMs = 0 }) => ({ message, delayMs })));
      return new Set<number>();
    },
  } as unknown as DeliveryQueue;
  const deadLetters = { send: async (message: DeliveryMessage) => void dead.push(message) };
  dependencies = {
    ...tables,
    queue,
    deadLetters: deadLetters as unknown as DeliveryQueue,
    signingKeys: { get: async () => [signingKeyFrom('a text of more than thirty-two characters')] },
    seal,
    post,
    retrySeconds: DEFAULT_RETRY_SECONDS,
    apiUrl: 'https://api.example.com/v1',
    now: () => now,
  };
  sealedSecret = await seal.seal(PLACE, SECRET);
  await tables.endpoints.put(endpoint());
});
afterEach(async () => {
  jest.restoreAllMocks();
  await tables.close();
});

function endpoint(changes: Partial<Endpoint> = {}): Endpoint {
  return {
    owner: 'alice',
    endpointId: 'ep_1',
    kind: EndpointKind.webhook,
    url: 'https://example.com/hook',
    events: ['job.completed'],
    secrets: [{ value: sealedSecret }],
    createdAt: '',
    updatedAt: '',
    ...changes,
  };
}

/** A delivery of version 3 of the job, and the message for its first attempt. */
async function delivery(
  endpointId = 'ep_1',
  url?: string,
  more: Partial<Delivery> = {},
): Promise<AttemptMessage> {
  const key = deliveryKey(3, endpointId);
  const data = { job_id: JOB, operation: 'echo' } as never;
  await tables.deliveries.create(
    {
      jobId: JOB,
      deliveryKey: key,
      owner: 'alice',
      endpointId,
      url,
      type: 'job.completed',
      event: { id: `${JOB}.3`, type: 'job.completed', timestamp: new Date(now).toISOString(), data },
      status: DeliveryStatus.pending,
      expiresAt: retainedUntil(0, now),
      ...more,
    },
    { listed: endpointId !== CALLBACKS_ID },
  );
  return { type: 'attempt', owner: 'alice', endpointId, jobId: JOB, deliveryKey: key, attempt: 1 };
}

const record = (endpointId = 'ep_1') =>
  tables.deliveries.get({ jobId: JOB, deliveryKey: deliveryKey(3, endpointId) });

const responded = (status: number, retryAfter?: string): PostOutcome =>
  ({
    status,
    latencyMs: 12,
    text: 'the response',
    body: Buffer.from('the response'),
    retryAfter,
  }) as PostOutcome;

test('a 2xx ends the delivery; its attempt is recorded and nothing more is queued', async () => {
  post.mockResolvedValue(responded(204));
  await deliver(dependencies, await delivery());
  expect(await record()).toMatchObject({
    status: 'delivered',
    attemptCount: 1,
    attempts: [{ at: '2026-01-01T00:00:00.000Z', status: 204, latencyMs: 12, answer: 'the response' }],
  });
  expect((await record())?.nextAttemptAt).toBeUndefined();
  expect(sent).toEqual([]);
});

test("sends the event with its id, signed with the secret and the service's key", async () => {
  post.mockResolvedValue(responded(200));
  await deliver(dependencies, await delivery());
  const request = post.mock.calls[0]?.[0];
  expect(request?.url).toBe('https://example.com/hook');
  expect(JSON.parse(request?.body ?? '')).toMatchObject({ id: `${JOB}.3`, type: 'job.completed' });
  expect(request?.headers).toMatchObject({
    'webhook-id': `${JOB}.3`,
    'webhook-timestamp': String(now / 1000),
    'webhook-signature': expect.stringMatching(/^v1,\S+ v1a,\S+$/),
  });
});

test('the receiver gets the trace of the job in headers; a record of version 0.2 has none', async () => {
  post.mockResolvedValue(responded(200));
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const trace = { traceparent, tracestate: 'vendor=1', xray: '1-5759e988-bd862e3fe1be46a994272793' };
  await deliver(dependencies, await delivery('ep_1', undefined, { trace }));
  const { headers } = post.mock.lastCall?.[0] ?? {};
  expect(headers).toMatchObject({ traceparent, tracestate: 'vendor=1' });
  expect(JSON.stringify(headers)).not.toContain('5759e988');

  await deliver(dependencies, await delivery(CALLBACKS_ID, 'https://example.com/hook'));
  expect(post.mock.lastCall?.[0].headers).not.toHaveProperty('traceparent');
});

test('the record of an attempt has the time that is signed', async () => {
  post.mockResolvedValue(responded(200));
  const ticking = { ...dependencies, now: () => (now += 700) };
  await deliver(ticking, await delivery());
  const [attempt] = (await record())?.attempts ?? [];
  const seconds = Math.floor(Date.parse(attempt?.at ?? '') / 1000);
  expect(post.mock.calls[0]?.[0].headers['webhook-timestamp']).toBe(String(seconds));
});

test('ten attempts follow the schedule; then the delivery fails and its message is a dead letter', async () => {
  post.mockResolvedValue(responded(500));
  let message: AttemptMessage | undefined = await delivery();
  const delays: number[] = [];
  while (message) {
    sent.length = 0;
    await deliver(dependencies, message);
    const { status, nextAttemptAt, attemptCount } = (await record()) ?? {};
    if (status !== 'pending') break;
    delays.push((Date.parse(nextAttemptAt ?? '') - now) / 1000);
    // An attempt beyond the queue's maximum delay waits in the table until it is due.
    if (sent.length === 0) {
      now = Date.parse(nextAttemptAt ?? '') - 10 * 60_000;
      await enqueueDue({ ...dependencies, remainingMs: () => 60_000 });
      expect(sent).toEqual([{ message: expect.anything(), delayMs: 10 * 60_000 }]);
    }
    now = Date.parse(nextAttemptAt ?? '');
    expect(sent).toHaveLength(1);
    expect(sent[0]?.message.attempt).toBe((attemptCount ?? 0) + 1);
    message = sent[0]?.message;
  }
  expect(delays).toEqual(DEFAULT_RETRY_SECONDS);
  expect(await record()).toMatchObject({ status: 'failed', attemptCount: 10 });
  expect(dead).toHaveLength(1);
});

describe('the metrics', () => {
  test('of a success have the time since the event', async () => {
    post.mockResolvedValue(responded(204));
    const message = await delivery();
    now += 2_000;
    const documents = await metricDocumentsOf(() => deliver(dependencies, message));
    expect(sumsOf(documents)).toEqual({
      WebhookAttempts: 1,
      WebhookDelay: 2_000,
      WebhookSuccesses: 1,
      WebhookLatency: 2_012,
    });
  });

  test.each([
    ['another attempt', 500, { WebhookAttempts: 1, WebhookSuccesses: 0, WebhookDelay: 0 }],
    ['none', 410, { WebhookAttempts: 1, WebhookSuccesses: 0, WebhookDelay: 0, WebhooksAbandoned: 1 }],
  ])('of a failure that %s follows', async (_what, status, expected) => {
    post.mockResolvedValue(responded(status));
    const message = await delivery();
    expect(sumsOf(await metricDocumentsOf(() => deliver(dependencies, message)))).toEqual(expected);
  });

  test('of a deferred first attempt have no delay: it waited for slow receivers of its owner', async () => {
    post.mockResolvedValue(responded(500));
    const message = await delivery();
    now += 60_000;
    const documents = await metricDocumentsOf(() => deliver(dependencies, { ...message, deferrals: 1 }));
    expect(sumsOf(documents)).toEqual({ WebhookAttempts: 1, WebhookSuccesses: 0 });
  });

  test('of a redriven delivery have no time: it comes long after the event', async () => {
    post.mockResolvedValue(responded(500));
    const message = await delivery();
    await deliver({ ...dependencies, retrySeconds: [] }, message);
    post.mockResolvedValue(responded(204));
    const again = dead[0] as AttemptMessage;
    const documents = await metricDocumentsOf(() => deliver(dependencies, again));
    expect(sumsOf(documents)).toEqual({ WebhookAttempts: 1, WebhookSuccesses: 1 });
  });

  test('of a replay of a cancelled delivery have no time, though its attempt is the first', async () => {
    post.mockResolvedValue(responded(204));
    const message = await delivery();
    await tables.deliveries.cancel((await record()) as Delivery);
    now += HOUR;
    await tables.deliveries.reopen((await record()) as Delivery);
    const documents = await metricDocumentsOf(() => deliver(dependencies, message));
    expect(sumsOf(documents)).toEqual({ WebhookAttempts: 1, WebhookSuccesses: 1 });
  });

  test('of an attempt that ends before its request have no delay: the queue repeats it', async () => {
    const message = await delivery();
    const unreadable = {
      ...dependencies,
      signingKeys: { get: () => Promise.reject(new Error('throttled')) },
    };
    const documents = await metricDocumentsOf(() => deliver(unreadable, message).catch(() => {}));
    expect(documents).toEqual([]);
  });

  test('of a batch are one document, without the owner or the address', async () => {
    post.mockResolvedValue(responded(204));
    const message = await delivery();
    const records = [message, message].map((each, index) => ({
      messageId: `${index}`,
      body: JSON.stringify(each),
    }));
    const documents = await metricDocumentsOf(() =>
      consumeQueue({ ...dependencies, slots: freeSlots }, records),
    );
    expect(documents).toHaveLength(1);
    expect(JSON.stringify(documents)).not.toMatch(/alice|example|ep_1/);
  });

  test.each([
    [-60_000, 0],
    [90_000, 90],
  ])('of waiting deliveries tell how long the oldest is overdue (%d ms)', async (afterMs, expected) => {
    post.mockResolvedValue(responded(503, String(5 * 3600)));
    await deliver(dependencies, await delivery());
    now = Date.parse((await record())?.nextAttemptAt ?? '') + afterMs;
    const sweep = () => enqueueDue({ ...dependencies, remainingMs: () => 60_000 });
    expect(sumsOf(await metricDocumentsOf(sweep))).toEqual({ OldestWaitingDelivery: expected });
    expect(sumsOf(await metricDocumentsOf(sweep))).toEqual({ OldestWaitingDelivery: 0 });
  });
});

test('the record outlives the last attempt when a receiver requests a day of delay each time', async () => {
  post.mockResolvedValue(responded(503, '86400'));
  let message = await delivery();
  for (let attempt = 1; attempt < 10; attempt++) {
    await deliver(dependencies, message);
    const { nextAttemptAt = '', expiresAt = 0 } = (await record()) ?? {};
    expect(expiresAt * 1000).toBeGreaterThan(Date.parse(nextAttemptAt));
    now = Date.parse(nextAttemptAt);
    message = { ...message, attempt: attempt + 1 };
  }
  await deliver(dependencies, message);
  expect(await record()).toMatchObject({ status: 'failed', attemptCount: 10 });
  expect(dead).toHaveLength(1);
});

test('delays have a jitter of 20 % in both directions', async () => {
  const between = (random: number) => nextDelayMs([100], 1, 0, () => random);
  expect([between(0), between(0.5), between(1)]).toEqual([80_000, 100_000, 120_000]);
  expect(nextDelayMs([100], 2)).toBeUndefined();
});

test('a waiting delivery is queued only when it is due, and only once', async () => {
  post.mockResolvedValue(responded(503, String(5 * 3600)));
  await deliver(dependencies, await delivery());
  const sweep = () => enqueueDue({ ...dependencies, remainingMs: () => 60_000 });
  now += 4 * HOUR;
  expect(await sweep()).toBe(0);
  now += 50 * 60_000;
  expect(await sweep()).toBe(1);
  expect(await sweep()).toBe(0);
  expect(sent).toMatchObject([{ delayMs: 10 * 60_000, message: { attempt: 2 } }]);
});

test.each([
  ['seconds', () => '3600', 3600],
  ['a date', () => new Date(now + HOUR).toUTCString(), 3600],
  ['less than the schedule', () => '1', 5],
  ['a year', () => '31536000', 86_400],
  ['nonsense', () => 'soon', 5],
])('Retry-After in %s is honoured within reason', async (_what, retryAfter, seconds) => {
  post.mockResolvedValue(responded(429, retryAfter()));
  await deliver(dependencies, await delivery());
  expect((Date.parse((await record())?.nextAttemptAt ?? '') - now) / 1000).toBe(seconds);
});

test.each([301, 400, 404, 429, 500])('retries after a %d', async (status) => {
  post.mockResolvedValue(responded(status));
  await deliver(dependencies, await delivery());
  expect(await record()).toMatchObject({ status: 'pending', attempts: [{ status }] });
  expect(sent).toMatchObject([{ delayMs: 5000, message: { attempt: 2 } }]);
});

test('retries a receiver that did not respond, and records the reason', async () => {
  post.mockResolvedValue({ error: 'TIMED_OUT', latencyMs: 15_000, message: 'No response within 15 s.' });
  await deliver(dependencies, await delivery());
  expect((await record())?.attempts).toEqual([
    {
      at: '2026-01-01T00:00:00.000Z',
      latencyMs: 15_000,
      error: 'TIMED_OUT',
      reason: 'No response within 15 s.',
    },
  ]);
});

test('410 disables the endpoint and makes no dead letter', async () => {
  post.mockResolvedValue(responded(410));
  await deliver(dependencies, await delivery());
  expect(await record()).toMatchObject({ status: 'failed' });
  expect(await tables.endpoints.get('alice', 'ep_1')).toMatchObject({ disabled: { reason: 'gone' } });
  expect([sent, dead]).toEqual([[], []]);
});

test('413 ends only this delivery', async () => {
  post.mockResolvedValue(responded(413));
  await deliver(dependencies, await delivery());
  expect(await record()).toMatchObject({ status: 'failed', attemptCount: 1 });
  expect((await tables.endpoints.get('alice', 'ep_1'))?.disabled).toBeUndefined();
  expect([sent, dead]).toEqual([[], []]);
});

test.each([
  ['deleted', () => tables.endpoints.remove('alice', 'ep_1')],
  [
    'disabled',
    () => tables.endpoints.update('alice', 'ep_1', { disabled: { at: '2026', reason: 'by_owner' } }),
  ],
])(
  'an endpoint that was %s with deliveries waiting is not called: they are cancelled',
  async (_what, end) => {
    const message = await delivery();
    await end();
    await deliver(dependencies, message);
    expect(post).not.toHaveBeenCalled();
    expect(await record()).toMatchObject({ status: 'cancelled', attempts: [] });
  },
);

test('a changed endpoint gets the delivery at its new URL', async () => {
  const message = await delivery();
  await tables.endpoints.update('alice', 'ep_1', { url: 'https://example.org/new' });
  post.mockResolvedValue(responded(200));
  await deliver(dependencies, message);
  expect(post.mock.calls[0]?.[0].url).toBe('https://example.org/new');
});

test("only the service's key signs a callback until its owner creates a secret", async () => {
  post.mockResolvedValue(responded(500));
  const message = await delivery(CALLBACKS_ID, 'https://example.net/callback');
  await deliver(dependencies, message);
  expect(post.mock.calls[0]?.[0]).toMatchObject({
    url: 'https://example.net/callback',
    headers: { 'webhook-signature': expect.stringMatching(/^v1a,\S+$/) },
  });
  await tables.endpoints.put(
    endpoint({
      endpointId: CALLBACKS_ID,
      kind: EndpointKind.callbacks,
      url: undefined,
      events: [],
      secrets: [{ value: await seal.seal({ ...PLACE, endpointId: CALLBACKS_ID }, SECRET) }],
    }),
  );
  await deliver(dependencies, { ...message, attempt: 2 });
  expect(post.mock.calls[1]?.[0].headers['webhook-signature']).toMatch(/^v1,\S+ v1a,\S+$/);
});

test('after a rotation both secrets sign for a day, then the new one alone', async () => {
  const { rotateSecrets } = await import('../../../lambdas/webhooks/endpoints/endpoint.ts');
  const newSecret = await seal.seal(PLACE, `whsec_${Buffer.alloc(32, 2).toString('base64')}`);
  const secrets = rotateSecrets([{ value: sealedSecret }], newSecret, now);
  await tables.endpoints.update('alice', 'ep_1', { secrets });
  post.mockResolvedValue(responded(500));
  const message = await delivery();
  await deliver(dependencies, message);
  now += 24 * HOUR;
  await deliver(dependencies, { ...message, attempt: 2 });
  const signatures = post.mock.calls.map(
    ([{ headers }]) => headers['webhook-signature']?.match(/v1,/g)?.length,
  );
  expect(signatures).toEqual([2, 1]);
});

test('a 410 from a previous URL does not disable the endpoint', async () => {
  post.mockImplementation(async () => {
    await tables.endpoints.update('alice', 'ep_1', { url: 'https://example.org/new' });
    return responded(410);
  });
  await deliver(dependencies, await delivery());
  expect(await tables.endpoints.get('alice', 'ep_1')).not.toHaveProperty('disabled');
});

describe('no delivery is lost, and none is sent twice unnecessarily', () => {
  test('a message is retried while the previous attempt is not recorded', async () => {
    post.mockResolvedValue(responded(200));
    const message = await delivery();
    await expect(deliver(dependencies, { ...message, attempt: 2 })).rejects.toThrow(
      'Attempt 1 is not recorded yet',
    );
    // A cancelled delivery needs no retry.
    await tables.deliveries.cancel((await record()) as Delivery);
    await deliver(dependencies, { ...message, attempt: 2 });
    expect(post).not.toHaveBeenCalled();
  });

  test('the last attempt does not undo a concurrent replay', async () => {
    const { replayDelivery } = await import('../../../lambdas/webhooks/deliveries/replay.ts');
    const message = await delivery();
    const lastRetry = { ...dependencies, retrySeconds: [10] };
    post.mockResolvedValueOnce(responded(500));
    await deliver(lastRetry, message);
    post.mockImplementationOnce(async () => {
      now += 1_000;
      await replayDelivery(dependencies, (await record()) as Delivery);
      return responded(500);
    });
    await deliver(lastRetry, sent.splice(0)[0]?.message as AttemptMessage);
    expect(await record()).toMatchObject({ status: 'pending' });
    post.mockResolvedValue(responded(200));
    for (const { message: next } of sent.splice(0)) await deliver(dependencies, next);
    const delivered = (await record()) as Delivery;
    expect(delivered.status).toBe('delivered');
    expect(delivered.attempts.map(({ status }) => status)).toEqual([500, 500, 200]);
    expect(viewDelivery(delivered).attempt_count).toBe(3);
  });

  test('a sweep with an old index queues no delivery that has changed', async () => {
    post.mockResolvedValue(responded(503, '7200'));
    await deliver(dependencies, await delivery());
    now += 2 * HOUR - 60_000;
    const waiting = tables.deliveries.waiting.bind(tables.deliveries);
    const stale = await waiting('7', new Date(now + HOUR).toISOString(), { limit: 10 });
    expect(stale.deliveries).toHaveLength(1);
    for (const each of stale.deliveries) await tables.deliveries.markQueued(each);
    expect((await waiting('7', new Date(now + HOUR).toISOString(), { limit: 10 })).deliveries).toEqual([]);
  });

  test('a repeated message makes no second attempt', async () => {
    post.mockResolvedValue(responded(500));
    const message = await delivery();
    await deliver(dependencies, message);
    await deliver(dependencies, message);
    expect(post).toHaveBeenCalledTimes(1);
    expect(sent).toHaveLength(1);
  });

  test('eight concurrent messages make eight calls with the same id, each on record', async () => {
    const { promise: all, resolve } = Promise.withResolvers<void>();
    post.mockImplementation(async () => {
      if (post.mock.calls.length === 8) resolve();
      await all;
      return responded(200);
    });
    const message = await delivery();
    await Promise.all(Array.from({ length: 8 }, () => deliver(dependencies, message)));
    expect(new Set(post.mock.calls.map(([{ headers }]) => headers['webhook-id'])).size).toBe(1);
    const delivered = (await record()) as Delivery;
    expect(delivered).toMatchObject({ status: 'delivered', attemptCount: 1 });
    expect(delivered.attempts).toHaveLength(8);
    expect(viewDelivery(delivered).attempt_count).toBe(8);
  });

  test('a function killed after queueing the next attempt makes the same attempt again', async () => {
    post.mockResolvedValue(responded(500));
    const message = await delivery();
    const die = jest.spyOn(tables.deliveries, 'record').mockRejectedValueOnce(new Error('killed'));
    await expect(deliver(dependencies, message)).rejects.toThrow('killed');
    die.mockRestore();
    await deliver(dependencies, message);
    expect(await record()).toMatchObject({ status: 'pending', attemptCount: 1 });
    // Two messages for the second attempt: the first makes it, the other finds it made.
    expect(sent.map(({ message: { attempt } }) => attempt)).toEqual([2, 2]);
    await deliver(dependencies, sent[0]?.message as AttemptMessage);
    await deliver(dependencies, sent[1]?.message as AttemptMessage);
    expect(post).toHaveBeenCalledTimes(3);
    expect(await record()).toMatchObject({ attemptCount: 2 });
  });

  test('a sweep killed between queue and mark queues again, and the attempt is made once', async () => {
    post.mockResolvedValue(responded(503, '7200'));
    await deliver(dependencies, await delivery());
    now += 2 * HOUR - 60_000;
    const die = jest.spyOn(tables.deliveries, 'markQueued').mockRejectedValueOnce(new Error('killed'));
    const sweep = () => enqueueDue({ ...dependencies, remainingMs: () => 60_000 });
    await expect(sweep()).rejects.toThrow('killed');
    die.mockRestore();
    await sweep();
    expect(sent).toHaveLength(2);
    for (const { message } of sent.splice(0)) await deliver(dependencies, message);
    expect(post).toHaveBeenCalledTimes(2);
  });

  test('a redriven dead letter restarts the schedule', async () => {
    post.mockResolvedValue(responded(500));
    await deliver({ ...dependencies, retrySeconds: [] }, await delivery());
    expect(await record()).toMatchObject({ status: 'failed', attemptCount: 1 });
    const letter = dead[0] as AttemptMessage;
    await deliver(dependencies, letter);
    expect(await record()).toMatchObject({ status: 'pending', attemptCount: 2, attemptsBefore: 1 });
    expect(sent).toMatchObject([{ delayMs: 5000 }]);
    // A second copy of the letter does nothing.
    await deliver(dependencies, letter);
    expect(post).toHaveBeenCalledTimes(2);
  });

  test("a message without a delivery or for another owner's endpoint does nothing", async () => {
    const message = await delivery();
    await deliver(dependencies, { ...message, jobId: JOB.replace('1', '2') });
    await deliver(dependencies, { ...message, owner: 'mallory' });
    expect(post).not.toHaveBeenCalled();
  });

  test('a malformed message fails without affecting the others', async () => {
    jest.spyOn(log, 'error').mockImplementation(() => {});
    post.mockResolvedValue(responded(200));
    const bodies = ['no json', '{}', '[]', 'null', JSON.stringify(await delivery())];
    const records = bodies.map((body, index) => ({ messageId: String(index), body }));
    expect(await consumeQueue({ ...dependencies, slots: freeSlots }, records)).toEqual({
      batchItemFailures: ['0', '1', '2', '3'].map((itemIdentifier) => ({ itemIdentifier })),
    });
    expect(await record()).toMatchObject({ status: 'delivered' });
  });
});

describe('a question of a job', () => {
  const input_requests = { approve: { message: 'May it?', schema: { type: 'object' } } };
  const data = { job_id: JOB, operation: 'echo', created_at: '2026-01-01T00:00:00.000Z', input_requests };

  /** Asks, delivers with these responses of the receiver, and returns the links that were sent. */
  async function ask(
    changes: Partial<Delivery>,
    ...outcomes: PostOutcome[]
  ): Promise<(string | undefined)[]> {
    for (const outcome of outcomes) post.mockResolvedValueOnce(outcome);
    const { endpointId = 'ep_1', deliveryKey: key = deliveryKey(3, endpointId) } = changes;
    const timestamp = new Date(now).toISOString();
    await tables.deliveries.create(
      {
        jobId: JOB,
        deliveryKey: key,
        owner: 'alice',
        endpointId,
        type: 'job.input_required',
        event: { id: `${JOB}.3`, type: 'job.input_required', timestamp, data: data as never },
        status: DeliveryStatus.pending,
        expiresAt: retainedUntil(0, now),
        ...changes,
      },
      { listed: false },
    );
    for (let attempt = 1; attempt <= outcomes.length; attempt++) {
      await deliver(dependencies, {
        type: 'attempt',
        owner: 'alice',
        endpointId,
        jobId: JOB,
        deliveryKey: key,
        attempt,
      });
      now += 60_000;
    }
    return post.mock.calls.map(([{ body }]) => JSON.parse(body).answer_url);
  }

  test('goes with a link, the same at every attempt, when the owner may answer', async () => {
    await tables.endpoints.put(endpoint({ answerLinks: true }));
    const [first, second] = await ask({}, responded(500), responded(200));
    expect(first).toMatch(/^https:\/\/api\.example\.com\/v1\/answers\/[\w-]+\.[\w-]{86}$/);
    expect(second).toBe(first);
  });

  test('goes to a callback_url with a link: its caller may start jobs', async () => {
    const url = 'https://example.com/callback';
    const [link] = await ask({ endpointId: CALLBACKS_ID, url }, responded(200));
    expect(link).toContain('/answers/');
  });

  test('goes without a link when the owner may not answer, and to a subscription', async () => {
    expect(await ask({}, responded(200))).toEqual([undefined]);
    const subscription = {
      endpointId: 'sub_1',
      kind: EndpointKind.subscription,
      verifiedAt: '2026-01-01T00:00:00.000Z',
      secrets: [],
    };
    await tables.endpoints.put(endpoint(subscription));
    post.mockClear();
    expect(await ask({ endpointId: 'sub_1' }, responded(200))).toEqual([undefined]);
  });

  test('a requested file has no link and is not in one', async () => {
    await tables.endpoints.put(endpoint({ answerLinks: true }));
    const file = { message: 'The source', upload: { method: 'PUT', max_bytes: 1 } };
    const asking = (requests: object) =>
      ({
        id: `${JOB}.3`,
        type: 'job.input_required',
        timestamp: new Date(now).toISOString(),
        data: { ...data, input_requests: requests },
      }) as never;
    expect(await ask({ event: asking({ file }) }, responded(200))).toEqual([undefined]);
    post.mockClear();
    const both = { event: asking({ file, ...input_requests }), deliveryKey: deliveryKey(4, 'ep_1') };
    const [link = ''] = await ask(both, responded(200));
    const { keys = [] } =
      readAnswerToken(link.split('/').at(-1) ?? '', await dependencies.signingKeys.get(), now) ?? {};
    expect(keys).toEqual(['approve']);
  });

  test('no other event has a link', async () => {
    await tables.endpoints.put(endpoint({ answerLinks: true }));
    const event = { id: `${JOB}.3`, type: 'job.completed', timestamp: '', data } as never;
    expect(await ask({ type: 'job.completed', event }, responded(200))).toEqual([undefined]);
  });

  test('is never stored, even if the response of the receiver repeats the link in any encoding', async () => {
    await tables.endpoints.put(endpoint({ answerLinks: true }));
    const keys = ['one', 'two'].map((each) =>
      signingKeyFrom(`${each} text of more than thirty-two characters`),
    );
    dependencies = { ...dependencies, signingKeys: { get: async () => keys } };
    const [link = ''] = await ask({}, responded(500));
    const repeated = [link, link.slice(0, -40), Buffer.from(link).toString('base64'), [...link].join(' ')];
    post.mockResolvedValue({ ...responded(500), text: repeated.join('\n') } as PostOutcome);
    await deliver(dependencies, sent[0]?.message as AttemptMessage);
    const kept = await record();
    expect(kept?.attempts.at(-1)).toEqual({
      at: expect.any(String),
      latencyMs: expect.any(Number),
      status: 500,
      reason: 'The response is not recorded, because it can repeat the answer link.',
    });
  });
});

test('after a rotation of the sealing key, a delivery works and seals the secret under the new key', async () => {
  post.mockResolvedValue(responded(204));
  const withNewKey = sealWith('a new text', SEALING_TEXT);
  await deliver({ ...dependencies, seal: withNewKey }, await delivery());
  expect(post.mock.calls[0]?.[0].headers['webhook-signature']).toMatch(/^v1,\S+ v1a,/);
  const kept = await tables.endpoints.get('alice', 'ep_1');
  expect(kept?.secrets[0]?.value).not.toBe(sealedSecret);
  expect(await sealWith('a new text').open(PLACE, kept?.secrets[0]?.value ?? '')).toBe(SECRET);
});

test('a secret that does not open sends nothing, and the message is retried', async () => {
  const message = await delivery();
  await expect(deliver({ ...dependencies, seal: sealWith('another') }, message)).rejects.toThrow(
    /unknown key/,
  );
  expect(post).not.toHaveBeenCalled();
});
