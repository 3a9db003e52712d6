/** Tests which message makes an attempt, and what each response leads to. All stores are fakes. */
import type { Delivery, DeliveryAttempt } from '../../../lambdas/webhooks/deliveries/delivery.ts';
import type { AttemptMessage } from '../../../lambdas/webhooks/deliveries/delivery-queue.ts';
import type { AfterAttempt } from '../../../lambdas/webhooks/deliveries/delivery-store.ts';
import { CALLBACKS_ID, type Endpoint } from '../../../lambdas/webhooks/endpoints/endpoint.ts';
import { type DeliverDependencies, deliver } from '../../../lambdas/webhooks/sending/deliver.ts';
import type { PostOutcome } from '../../../lambdas/webhooks/sending/post.ts';
import type { WebhookRequest } from '../../../lambdas/webhooks/sending/webhook-request.ts';
import { createSecret, signingKeyFrom } from '../../../lambdas/webhooks/signing/signature.ts';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');
const AT = '2026-01-01T00:00:00.000Z';
const message: AttemptMessage = {
  type: 'attempt',
  owner: 'alice',
  endpointId: 'ep_1',
  jobId: 'job',
  deliveryKey: 'key',
  attempt: 3,
};
const pending = {
  jobId: 'job',
  deliveryKey: 'key',
  owner: 'alice',
  endpointId: 'ep_1',
  event: { id: 'event', type: 'job.completed', timestamp: AT, data: {} },
  status: 'pending',
  attemptCount: 2,
  attempts: [],
  attemptsBefore: 0,
} as unknown as Delivery;
const enabled = {
  owner: 'alice',
  endpointId: 'ep_1',
  kind: 'webhook',
  url: 'https://example.com/hook',
  secrets: [],
} as unknown as Endpoint;

let posted: WebhookRequest[];
let cancelled: Delivery[];
let recorded: { attempt: DeliveryAttempt; after: AfterAttempt }[];
let queued: unknown[];
let dead: unknown[];
let disabled: unknown[];
let updates: unknown[];
let order: string[];

interface Case {
  readonly found?: Delivery | null;
  readonly endpoint?: Endpoint | null;
  readonly outcome?: Partial<PostOutcome>;
  readonly changes?: Partial<AttemptMessage>;
  readonly reopen?: (delivery: Delivery) => Delivery | undefined;
  readonly retrySeconds?: readonly number[];
  readonly resealed?: Endpoint['secrets'];
}

async function run({
  found = pending,
  endpoint = enabled,
  outcome = { status: 200, latencyMs: 7, text: 'thanks' },
  changes = {},
  reopen = () => undefined,
  retrySeconds = [10, 20, 30],
  resealed,
}: Case = {}): Promise<void> {
  posted = [];
  cancelled = [];
  recorded = [];
  queued = [];
  dead = [];
  disabled = [];
  updates = [];
  order = [];
  const dependencies = {
    deliveries: {
      get: async () => found ?? undefined,
      reopen: async (delivery: Delivery) => reopen(delivery),
      cancel: async (delivery: Delivery) => void cancelled.push(delivery),
      record: async (_: Delivery, attempt: DeliveryAttempt, after: AfterAttempt) => {
        order.push('record');
        recorded.push({ attempt, after });
      },
    },
    endpoints: {
      get: async () => endpoint ?? undefined,
      disableGone: async (...args: unknown[]) => void disabled.push(args),
      update: async (...args: unknown[]) => void updates.push(args),
    },
    queue: {
      send: async (...args: unknown[]) => {
        order.push('queue');
        queued.push(args);
      },
    },
    deadLetters: { send: async (each: unknown) => void dead.push(each) },
    signingKeys: { get: async () => [signingKeyFrom('a'.repeat(32))] },
    seal: { openEndpoint: async (each: Endpoint) => each, resealSecrets: async () => resealed },
    post: async (request: WebhookRequest) => {
      posted.push(request);
      return outcome;
    },
    retrySeconds,
    apiUrl: 'https://api.example.com/v1',
    now: () => NOW,
  } as unknown as DeliverDependencies;
  await deliver(dependencies, { ...message, ...changes });
}

const failed = (status: number, retryAfter?: string) => ({ status, latencyMs: 7, text: '', retryAfter });

test('the next attempt is posted and its response recorded', async () => {
  await run();
  expect(posted.map(({ url }) => url)).toEqual(['https://example.com/hook']);
  expect(recorded).toStrictEqual([
    { attempt: { at: AT, latencyMs: 7, status: 200, answer: 'thanks' }, after: { status: 'delivered' } },
  ]);
  expect([queued, dead, disabled, updates, cancelled]).toEqual([[], [], [], [], []]);
});

test('a message of another owner does nothing, even for a delivery to a callback_url', async () => {
  const toCallback = { ...pending, endpointId: CALLBACKS_ID, url: 'https://example.net/' };
  await run({ found: toCallback, changes: { owner: 'mallory' } });
  expect([posted, recorded, cancelled]).toEqual([[], [], []]);
});

test('a message without a delivery does nothing', async () => {
  await run({ found: null });
  expect([posted, recorded, cancelled]).toEqual([[], [], []]);
});

test.each([1, 2])('attempt %i of two made ones is not repeated', async (attempt) => {
  await run({ changes: { attempt } });
  expect([posted, recorded, cancelled]).toEqual([[], [], []]);
});

test('an attempt whose previous one is not recorded is an error', async () => {
  await expect(run({ changes: { attempt: 4 } })).rejects.toThrow(
    'Attempt 3 is not recorded yet. Retry the message.',
  );
  expect(posted).toEqual([]);
});

test('an attempt too far of an ended delivery does nothing', async () => {
  await run({ found: { ...pending, status: 'delivered' }, changes: { attempt: 4 } });
  expect(posted).toEqual([]);
});

test.each(['delivered', 'failed', 'cancelled', 'held'] as const)(
  'a %s delivery is not sent',
  async (status) => {
    await run({ found: { ...pending, status } });
    expect([posted, cancelled]).toEqual([[], []]);
  },
);

test.each([
  ['deleted', null],
  ['disabled', { ...enabled, disabled: { at: AT, reason: 'gone' } } as Endpoint],
  ['lapsed', { ...enabled, refreshBefore: AT }],
  ['without a URL', { ...enabled, url: undefined }],
])('a delivery whose endpoint is %s is cancelled', async (_what, endpoint) => {
  await run({ endpoint });
  expect(cancelled).toEqual([pending]);
  expect([posted, recorded]).toEqual([[], []]);
});

test('a callback is sent to the URL of its job', async () => {
  const found = { ...pending, url: 'https://example.net/' };
  await run({ found, endpoint: null });
  expect(posted.map(({ url }) => url)).toEqual(['https://example.net/']);
});

test('a missing response is recorded with its reason and retried', async () => {
  await run({ outcome: { error: 'TIMED_OUT', latencyMs: 9, message: 'Too slow.' } });
  expect(recorded[0]?.attempt).toStrictEqual({
    at: AT,
    latencyMs: 9,
    error: 'TIMED_OUT',
    reason: 'Too slow.',
  });
  expect(recorded[0]?.after).toMatchObject({ status: 'pending', waits: false });
});

test.each([
  [199, 'pending'],
  [200, 'delivered'],
  [299, 'delivered'],
  [300, 'pending'],
  [410, 'failed'],
  [413, 'failed'],
  [500, 'pending'],
])('after status %i the delivery is %s', async (status, after) => {
  await run({ outcome: failed(status) });
  expect(recorded[0]?.after.status).toBe(after);
  expect(dead).toEqual([]);
});

test('the next attempt is queued before this one is recorded', async () => {
  await run({ outcome: failed(500, '60') });
  expect(order).toEqual(['queue', 'record']);
  const { again: _, ...next } = { ...message, attempt: 4 };
  expect(queued).toEqual([[next, 60_000]]);
  expect(recorded[0]?.after).toEqual({
    status: 'pending',
    nextAttemptAt: '2026-01-01T00:01:00.000Z',
    waits: false,
  });
});

test.each([
  ['900', false],
  ['901', true],
])('a retry after %s s waits in the table: %s', async (seconds, waits) => {
  await run({ outcome: failed(503, seconds) });
  expect(recorded[0]?.after).toMatchObject({ status: 'pending', waits });
  expect(queued).toHaveLength(waits ? 0 : 1);
});

test('after the schedule the message is a dead letter', async () => {
  await run({ outcome: failed(500), retrySeconds: [10, 20] });
  expect(dead).toEqual([{ ...message, attempt: 4, again: true }]);
  expect(recorded[0]?.after).toEqual({ status: 'failed' });
  expect(queued).toEqual([]);
});

test('attempts before a replay do not count', async () => {
  await run({ found: { ...pending, attemptsBefore: 2 }, outcome: failed(500), retrySeconds: [10] });
  expect(queued).toHaveLength(1);
  expect(dead).toEqual([]);
});

describe('status 410', () => {
  test('disables the endpoint at the URL of the attempt', async () => {
    await run({ outcome: failed(410) });
    expect(disabled).toEqual([[enabled, 'https://example.com/hook']]);
  });

  test.each([
    ['another status', enabled, 413],
    ['the secret of callbacks', { ...enabled, endpointId: CALLBACKS_ID, kind: 'callbacks' } as const, 410],
    ['an MCP subscription', { ...enabled, endpointId: 'sub_1', kind: 'subscription' } as const, 410],
    ['no endpoint', null, 410],
  ])('disables nothing for %s', async (_what, endpoint, status) => {
    await run({ found: { ...pending, url: 'https://example.net/' }, endpoint, outcome: failed(status) });
    expect(disabled).toEqual([]);
    expect(recorded).toHaveLength(1);
  });
});

describe('a redriven dead letter', () => {
  const again = { again: true } as const;
  const ended = { ...pending, status: 'failed' } as const;

  test('reopens its failed delivery', async () => {
    await run({ found: ended, changes: again, reopen: () => pending });
    expect(posted).toHaveLength(1);
  });

  test('does nothing when the delivery has changed meanwhile', async () => {
    await run({ found: ended, changes: again });
    expect(posted).toEqual([]);
  });

  test.each([
    ['without the mark', ended, {}],
    ['of a delivered one', { ...pending, status: 'delivered' } as const, again],
  ])('%s is not reopened', async (_what, found, changes) => {
    await run({ found, changes, reopen: () => pending });
    expect(posted).toEqual([]);
  });
});

test('secrets under an old sealing key are sealed again, where they are still the newest', async () => {
  const secrets = [{ value: createSecret() }];
  const resealed = [{ value: 'sealed again' }];
  await run({ endpoint: { ...enabled, secrets }, resealed });
  expect(updates).toEqual([['alice', 'ep_1', { secrets: resealed }, { whereSecret: secrets[0]?.value }]]);
});

test('an endpoint without secrets is sealed again too', async () => {
  await run({ resealed: [] });
  expect(updates).toEqual([['alice', 'ep_1', { secrets: [] }, { whereSecret: undefined }]]);
});
