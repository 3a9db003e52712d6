/** What follows an attempt: real tables, a clock that is moved, and a queue that shows what it was given. */
import { jest } from '@jest/globals';
import {
  type Delivery,
  DeliveryStatus,
  deliveryKey,
  keptUntil,
} from '../../lambdas/webhooks/deliveries/delivery.ts';
import type {
  AttemptMessage,
  DeliveryMessage,
  DeliveryQueue,
} from '../../lambdas/webhooks/deliveries/delivery-queue.ts';
import { queueWaiting } from '../../lambdas/webhooks/deliveries/enqueue-due.ts';
import { DEFAULT_RETRY_SECONDS, nextDelayMs } from '../../lambdas/webhooks/deliveries/retry-schedule.ts';
import { CALLBACKS_ID, type Endpoint, EndpointKind } from '../../lambdas/webhooks/endpoints/endpoint.ts';
import { handleMessages } from '../../lambdas/webhooks/sending/consume-queue.ts';
import { type DeliverDependencies, deliver } from '../../lambdas/webhooks/sending/deliver.ts';
import type { PostOutcome } from '../../lambdas/webhooks/sending/post.ts';
import { readAnswerToken } from '../../lambdas/webhooks/signing/answer-token.ts';
import { signingKeyFrom } from '../../lambdas/webhooks/signing/signature.ts';
import { SEALING_TEXT, seal, sealWith } from '../support/seal.ts';
import { startWebhookTables } from '../support/webhook-tables.ts';

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
async function delivery(endpointId = 'ep_1', url?: string): Promise<AttemptMessage> {
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
      expiresAt: keptUntil(0, now),
    },
    { listed: endpointId !== CALLBACKS_ID },
  );
  return { type: 'attempt', owner: 'alice', endpointId, jobId: JOB, deliveryKey: key, attempt: 1 };
}

const record = (endpointId = 'ep_1') =>
  tables.deliveries.get({ jobId: JOB, deliveryKey: deliveryKey(3, endpointId) });

const answered = (status: number, retryAfter?: string): PostOutcome =>
  ({
    status,
    latencyMs: 12,
    answer: 'the answer',
    body: Buffer.from('the answer'),
    retryAfter,
  }) as PostOutcome;

test('a 2xx is the end of it, recorded with its attempt; nothing more is queued', async () => {
  post.mockResolvedValue(answered(204));
  await deliver(dependencies, await delivery());
  expect(await record()).toMatchObject({
    status: 'delivered',
    attemptCount: 1,
    attempts: [{ at: '2026-01-01T00:00:00.000Z', status: 204, latencyMs: 12, answer: 'the answer' }],
  });
  expect((await record())?.nextAttemptAt).toBeUndefined();
  expect(sent).toEqual([]);
});

test("what is sent is the event itself, signed with the secret and with the service's key, under the id of the event", async () => {
  post.mockResolvedValue(answered(200));
  await deliver(dependencies, await delivery());
  const outgoing = post.mock.calls[0]?.[0];
  expect(outgoing?.url).toBe('https://example.com/hook');
  expect(JSON.parse(outgoing?.body ?? '')).toMatchObject({ id: `${JOB}.3`, type: 'job.completed' });
  expect(outgoing?.headers).toMatchObject({
    'webhook-id': `${JOB}.3`,
    'webhook-timestamp': String(now / 1000),
    'webhook-signature': expect.stringMatching(/^v1,\S+ v1a,\S+$/),
  });
});

test('ten attempts follow the schedule; then it is a dead letter, and failed', async () => {
  post.mockResolvedValue(answered(500));
  let message: AttemptMessage | undefined = await delivery();
  const delays: number[] = [];
  while (message) {
    sent.length = 0;
    await deliver(dependencies, message);
    const { status, nextAttemptAt, attemptCount } = (await record()) ?? {};
    if (status !== 'pending') break;
    delays.push((Date.parse(nextAttemptAt ?? '') - now) / 1000);
    // What is too far away for a queue waits in the table until it is near.
    if (sent.length === 0) {
      now = Date.parse(nextAttemptAt ?? '') - 10 * 60_000;
      await queueWaiting({ ...dependencies, remainingMs: () => 60_000 });
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

test('a receiver that asks for a day each time is heard to the last attempt: the record outlives them all', async () => {
  post.mockResolvedValue(answered(503, '86400'));
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

test('delays are spread by a fifth to either side', async () => {
  const between = (random: number) => nextDelayMs([100], 1, 0, () => random);
  expect([between(0), between(0.5), between(1)]).toEqual([80_000, 100_000, 120_000]);
  expect(nextDelayMs([100], 2)).toBeUndefined();
});

test('a delivery that waits is not queued before its time is near, and only once', async () => {
  post.mockResolvedValue(answered(503, String(5 * 3600)));
  await deliver(dependencies, await delivery());
  const sweep = () => queueWaiting({ ...dependencies, remainingMs: () => 60_000 });
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
  post.mockResolvedValue(answered(429, retryAfter()));
  await deliver(dependencies, await delivery());
  expect((Date.parse((await record())?.nextAttemptAt ?? '') - now) / 1000).toBe(seconds);
});

test.each([301, 400, 404, 429, 500])('a %d is tried again', async (status) => {
  post.mockResolvedValue(answered(status));
  await deliver(dependencies, await delivery());
  expect(await record()).toMatchObject({ status: 'pending', attempts: [{ status }] });
  expect(sent).toMatchObject([{ delayMs: 5000, message: { attempt: 2 } }]);
});

test('what never answered is tried again, and its record says why', async () => {
  post.mockResolvedValue({ error: 'TIMED_OUT', latencyMs: 15_000, message: 'No answer within 15 s.' });
  await deliver(dependencies, await delivery());
  expect((await record())?.attempts).toEqual([
    {
      at: '2026-01-01T00:00:00.000Z',
      latencyMs: 15_000,
      error: 'TIMED_OUT',
      reason: 'No answer within 15 s.',
    },
  ]);
});

test('410 switches the endpoint off, and is no dead letter', async () => {
  post.mockResolvedValue(answered(410));
  await deliver(dependencies, await delivery());
  expect(await record()).toMatchObject({ status: 'failed' });
  expect(await tables.endpoints.get('alice', 'ep_1')).toMatchObject({ disabled: { reason: 'gone' } });
  expect([sent, dead]).toEqual([[], []]);
});

test('413 is the end of this delivery, and of nothing else', async () => {
  post.mockResolvedValue(answered(413));
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

test('an endpoint that moved is called where it is now', async () => {
  const message = await delivery();
  await tables.endpoints.update('alice', 'ep_1', { url: 'https://example.org/new' });
  post.mockResolvedValue(answered(200));
  await deliver(dependencies, message);
  expect(post.mock.calls[0]?.[0].url).toBe('https://example.org/new');
});

test("a callback is signed with the service's key alone, until its owner has made a secret", async () => {
  post.mockResolvedValue(answered(500));
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
  const { rotated } = await import('../../lambdas/webhooks/endpoints/endpoint.ts');
  const newSecret = await seal.seal(PLACE, `whsec_${Buffer.alloc(32, 2).toString('base64')}`);
  const secrets = rotated([{ value: sealedSecret }], newSecret, now);
  await tables.endpoints.update('alice', 'ep_1', { secrets });
  post.mockResolvedValue(answered(500));
  const message = await delivery();
  await deliver(dependencies, message);
  now += 24 * HOUR;
  await deliver(dependencies, { ...message, attempt: 2 });
  const signatures = post.mock.calls.map(
    ([{ headers }]) => headers['webhook-signature']?.match(/v1,/g)?.length,
  );
  expect(signatures).toEqual([2, 1]);
});

test('a 410 of the address that an endpoint has left says nothing of the one where it is now', async () => {
  post.mockImplementation(async () => {
    await tables.endpoints.update('alice', 'ep_1', { url: 'https://example.org/new' });
    return answered(410);
  });
  await deliver(dependencies, await delivery());
  expect(await tables.endpoints.get('alice', 'ep_1')).not.toHaveProperty('disabled');
});

describe('nothing is lost, and nothing sent twice without need', () => {
  test('a message that is faster than the record of the attempt before it comes again', async () => {
    post.mockResolvedValue(answered(200));
    const message = await delivery();
    await expect(deliver(dependencies, { ...message, attempt: 2 })).rejects.toThrow('come again');
    // Unless nobody is to be told any more: then it would come again for nothing.
    await tables.deliveries.cancel((await record()) as Delivery);
    await deliver(dependencies, { ...message, attempt: 2 });
    expect(post).not.toHaveBeenCalled();
  });

  test('a replay during the last attempt is not undone by it', async () => {
    const { replayDelivery } = await import('../../lambdas/webhooks/deliveries/replay.ts');
    const message = await delivery();
    post.mockImplementationOnce(async () => {
      now += 1_000;
      await replayDelivery(dependencies, (await record()) as Delivery);
      return answered(500);
    });
    await deliver({ ...dependencies, retrySeconds: [] }, message);
    expect(await record()).toMatchObject({ status: 'pending' });
    post.mockResolvedValue(answered(200));
    for (const { message: next } of sent.splice(0)) await deliver(dependencies, next);
    expect(await record()).toMatchObject({ status: 'delivered' });
  });

  test('a sweep that reads an old index queues nothing that has gone on', async () => {
    post.mockResolvedValue(answered(503, '7200'));
    await deliver(dependencies, await delivery());
    now += 2 * HOUR - 60_000;
    const waiting = tables.deliveries.waiting.bind(tables.deliveries);
    const stale = await waiting('7', new Date(now + HOUR).toISOString(), { limit: 10 });
    expect(stale.deliveries).toHaveLength(1);
    for (const each of stale.deliveries) await tables.deliveries.leaveWaiting(each);
    expect((await waiting('7', new Date(now + HOUR).toISOString(), { limit: 10 })).deliveries).toEqual([]);
  });

  test('a message that comes twice finds its attempt made', async () => {
    post.mockResolvedValue(answered(500));
    const message = await delivery();
    await deliver(dependencies, message);
    await deliver(dependencies, message);
    expect(post).toHaveBeenCalledTimes(1);
    expect(sent).toHaveLength(1);
  });

  test('two that come at once are two calls with the same id, and one record', async () => {
    post.mockResolvedValue(answered(200));
    const message = await delivery();
    await Promise.all([deliver(dependencies, message), deliver(dependencies, message)]);
    expect(new Set(post.mock.calls.map(([{ headers }]) => headers['webhook-id'])).size).toBe(1);
    expect(await record()).toMatchObject({ status: 'delivered', attemptCount: 1 });
  });

  test('when the function dies after it has queued the next attempt, the same attempt is made again', async () => {
    post.mockResolvedValue(answered(500));
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

  test('a sweep that dies between queue and mark queues once more, and the attempt is still made once', async () => {
    post.mockResolvedValue(answered(503, '7200'));
    await deliver(dependencies, await delivery());
    now += 2 * HOUR - 60_000;
    const die = jest.spyOn(tables.deliveries, 'leaveWaiting').mockRejectedValueOnce(new Error('killed'));
    const sweep = () => queueWaiting({ ...dependencies, remainingMs: () => 60_000 });
    await expect(sweep()).rejects.toThrow('killed');
    die.mockRestore();
    await sweep();
    expect(sent).toHaveLength(2);
    for (const { message } of sent.splice(0)) await deliver(dependencies, message);
    expect(post).toHaveBeenCalledTimes(2);
  });

  test('a dead letter that an operator sends back begins the schedule anew', async () => {
    post.mockResolvedValue(answered(500));
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

  test("a message without a delivery, or for somebody else's endpoint, does nothing", async () => {
    const message = await delivery();
    await deliver(dependencies, { ...message, jobId: JOB.replace('1', '2') });
    await deliver(dependencies, { ...message, owner: 'mallory' });
    expect(post).not.toHaveBeenCalled();
  });

  test('a message that is not ours fails alone, and the others are dealt with', async () => {
    jest.spyOn(console, 'error').mockImplementation(() => {});
    post.mockResolvedValue(answered(200));
    const bodies = ['no json', '{}', '[]', 'null', JSON.stringify(await delivery())];
    const records = bodies.map((body, index) => ({ messageId: String(index), body }));
    expect(await handleMessages(dependencies, records)).toEqual({
      batchItemFailures: ['0', '1', '2', '3'].map((itemIdentifier) => ({ itemIdentifier })),
    });
    expect(await record()).toMatchObject({ status: 'delivered' });
  });
});

describe('what a job asks', () => {
  const input_requests = { approve: { message: 'May it?', schema: { type: 'object' } } };
  const data = { job_id: JOB, operation: 'echo', created_at: '2026-01-01T00:00:00.000Z', input_requests };

  /** Asked, told to the endpoint, and attempted with these answers of its receiver. */
  async function ask(changes: Partial<Delivery>, ...answers: PostOutcome[]): Promise<(string | undefined)[]> {
    for (const outcome of answers) post.mockResolvedValueOnce(outcome);
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
        expiresAt: keptUntil(0, now),
        ...changes,
      },
      { listed: false },
    );
    for (let attempt = 1; attempt <= answers.length; attempt++) {
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

  test('goes to an endpoint of who may answer with a link, which is the same at every attempt', async () => {
    await tables.endpoints.put(endpoint({ answerLinks: true }));
    const [first, second] = await ask({}, answered(500), answered(200));
    expect(first).toMatch(/^https:\/\/api\.example\.com\/v1\/answers\/[\w-]+\.[\w-]{86}$/);
    expect(second).toBe(first);
  });

  test('goes to a callback_url with a link: who gives one starts jobs', async () => {
    const url = 'https://example.com/callback';
    const [link] = await ask({ endpointId: CALLBACKS_ID, url }, answered(200));
    expect(link).toContain('/answers/');
  });

  test('goes without one to an endpoint of who may not answer, and to a subscription', async () => {
    expect(await ask({}, answered(200))).toEqual([undefined]);
    const subscription = {
      endpointId: 'sub_1',
      kind: EndpointKind.subscription,
      verifiedAt: '2026-01-01T00:00:00.000Z',
      secrets: [],
    };
    await tables.endpoints.put(endpoint(subscription));
    post.mockClear();
    expect(await ask({ endpointId: 'sub_1' }, answered(200))).toEqual([undefined]);
  });

  test('a file that is waited for has none, and is not in one', async () => {
    await tables.endpoints.put(endpoint({ answerLinks: true }));
    const file = { message: 'The source', upload: { method: 'PUT', max_bytes: 1 } };
    const asking = (requests: object) =>
      ({
        id: `${JOB}.3`,
        type: 'job.input_required',
        timestamp: new Date(now).toISOString(),
        data: { ...data, input_requests: requests },
      }) as never;
    expect(await ask({ event: asking({ file }) }, answered(200))).toEqual([undefined]);
    post.mockClear();
    const both = { event: asking({ file, ...input_requests }), deliveryKey: deliveryKey(4, 'ep_1') };
    const [link = ''] = await ask(both, answered(200));
    const { keys = [] } =
      readAnswerToken(link.split('/').at(-1) ?? '', await dependencies.signingKeys.get(), now) ?? {};
    expect(keys).toEqual(['approve']);
  });

  test('no other event has one', async () => {
    await tables.endpoints.put(endpoint({ answerLinks: true }));
    const event = { id: `${JOB}.3`, type: 'job.completed', timestamp: '', data } as never;
    expect(await ask({ type: 'job.completed', event }, answered(200))).toEqual([undefined]);
  });

  test('is not kept: not when the receiver answers with what it was sent, nor with the beginning of it', async () => {
    await tables.endpoints.put(endpoint({ answerLinks: true }));
    const keys = ['one', 'two'].map((each) =>
      signingKeyFrom(`${each} text of more than thirty-two characters`),
    );
    dependencies = { ...dependencies, signingKeys: { get: async () => keys } };
    const [link = ''] = await ask({}, answered(500));
    const cut = link.slice(0, -40);
    expect(readAnswerToken(cut.split('/').at(-1) ?? '', keys, now)).toBeUndefined();
    expect(
      readAnswerToken(link.split('.').slice(0, -1).join('.').split('/').at(-1) ?? '', keys, now),
    ).toBeDefined();
    post.mockResolvedValue({ ...answered(500), answer: `{"got":"${link}"} and ${cut}` } as PostOutcome);
    await deliver(dependencies, sent[0]?.message as AttemptMessage);
    const kept = await record();
    expect(kept?.attempts.at(-1)?.answer).toBe(
      `{"got":"[link]"} and https://api.example.com/v1/answers/[link].[link].${cut.split('.').at(-1)}`,
    );
    for (const part of link.split('.').slice(-2)) expect(JSON.stringify([kept, sent])).not.toContain(part);
  });
});

test('after the sealing key was replaced it is delivered, and the secret is sealed under the new key', async () => {
  post.mockResolvedValue(answered(204));
  const withNewKey = sealWith('a new text', SEALING_TEXT);
  await deliver({ ...dependencies, seal: withNewKey }, await delivery());
  expect(post.mock.calls[0]?.[0].headers['webhook-signature']).toMatch(/^v1,\S+ v1a,/);
  const kept = await tables.endpoints.get('alice', 'ep_1');
  expect(kept?.secrets[0]?.value).not.toBe(sealedSecret);
  expect(await sealWith('a new text').open(PLACE, kept?.secrets[0]?.value ?? '')).toBe(SECRET);
});

test('a secret that does not open sends nothing, and the message comes again', async () => {
  const message = await delivery();
  await expect(deliver({ ...dependencies, seal: sealWith('another') }, message)).rejects.toThrow(/no key/);
  expect(post).not.toHaveBeenCalled();
});
