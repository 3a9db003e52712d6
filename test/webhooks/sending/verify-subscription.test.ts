/** Tests the verification of a subscription: which response proves consent, and what is recorded. */
import { jest } from '@jest/globals';
import { log } from '../../../lambdas/shared/observability/log.ts';
import type { Endpoint } from '../../../lambdas/webhooks/endpoints/endpoint.ts';
import type { DeliverDependencies } from '../../../lambdas/webhooks/sending/deliver.ts';
import type { PostOutcome } from '../../../lambdas/webhooks/sending/post.ts';
import { verifySubscription } from '../../../lambdas/webhooks/sending/verify-subscription.ts';
import type { WebhookRequest } from '../../../lambdas/webhooks/sending/webhook-request.ts';
import { createSecret } from '../../../lambdas/webhooks/signing/signature.ts';
import { seal } from '../../support/seal.ts';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');
const place = { owner: 'alice', endpointId: 'sub_1' };
const message = { type: 'verification', ...place } as const;
const secret = createSecret();

let posted: WebhookRequest[];
let updates: unknown[];

async function verify(
  respond: (challenge: string) => Partial<PostOutcome>,
  changes: Partial<Endpoint> | null = {},
  now: (() => number) | undefined = () => NOW,
): Promise<unknown> {
  posted = [];
  updates = [];
  const endpoint = {
    ...place,
    kind: 'subscription',
    url: 'https://example.com/hook',
    events: [],
    secrets: [{ value: await seal.seal(place, secret) }],
    ...changes,
  };
  const dependencies = {
    endpoints: {
      get: async () => (changes === null ? undefined : endpoint),
      update: async (...args: unknown[]) => void updates.push(args),
    },
    signingKeys: { get: async () => [] },
    seal,
    post: async (request: WebhookRequest) => {
      posted.push(request);
      return respond(JSON.parse(request.body).challenge);
    },
    now,
  } as unknown as DeliverDependencies;
  await verifySubscription(dependencies, message);
  return (updates[0] as unknown[] | undefined)?.[2];
}

const echoed = (status: number) => (challenge: string) => ({
  status,
  body: Buffer.from(JSON.stringify({ challenge })),
});

test.each([
  [200, 'Subscription verified', undefined],
  [500, 'Subscription not verified', 'http_5xx'],
])('after status %i the log says so once it is recorded', async (status, line, failure) => {
  const info = jest.spyOn(log, 'info').mockImplementation(() => expect(updates).toHaveLength(1));
  await verify(echoed(status));
  expect(info.mock.calls).toEqual([[line, { endpoint_id: 'sub_1', failure }]]);
  info.mockRestore();
});

test('a receiver that returns the challenge is verified, and an earlier failure is removed', async () => {
  expect(await verify(echoed(200))).toStrictEqual({
    verifiedAt: '2026-01-01T00:00:00.000Z',
    verificationFailure: undefined,
  });
  expect(updates[0]).toEqual(['alice', 'sub_1', expect.anything()]);
  expect(posted[0]).toMatchObject({
    url: 'https://example.com/hook',
    headers: {
      'webhook-timestamp': String(NOW / 1000),
      'webhook-signature': expect.stringMatching(/^v1,/),
    },
  });
  expect(JSON.parse(posted[0]?.body ?? '').challenge).toMatch(/^[\w-]{32}$/);
});

test('each challenge is new', async () => {
  await verify(echoed(200));
  const first = posted[0]?.body;
  await verify(echoed(200));
  expect(posted[0]?.body).not.toBe(first);
});

test.each([
  [199, 'challenge_failed'],
  [299, undefined],
  [300, 'challenge_failed'],
  [399, 'challenge_failed'],
  [400, 'http_4xx'],
  [499, 'http_4xx'],
  [500, 'http_5xx'],
])('the challenge with status %i is recorded as %s', async (status, verificationFailure) => {
  expect(await verify(echoed(status))).toMatchObject({ verificationFailure });
});

test.each([
  ['no JSON', 'challenge'],
  ['another challenge of the same length', JSON.stringify({ challenge: 'x'.repeat(32) })],
  ['a longer challenge', JSON.stringify({ challenge: 'x'.repeat(33) })],
  ['no challenge', '{}'],
  ['null', 'null'],
])('a response with %s fails the challenge', async (_what, text) => {
  expect(await verify(() => ({ status: 200, body: Buffer.from(text) }))).toStrictEqual({
    verificationFailure: 'challenge_failed',
  });
});

test.each([
  ['ADDRESS_REFUSED', 'connection_refused'],
  ['DNS_FAILED', 'connection_refused'],
  ['CONNECTION_REFUSED', 'connection_refused'],
  ['CONNECTION_LOST', 'connection_refused'],
  ['TLS_ERROR', 'tls_error'],
  ['TIMED_OUT', 'timeout'],
] as const)('the failure %s is recorded as %s', async (error, verificationFailure) => {
  expect(await verify(() => ({ error }))).toStrictEqual({ verificationFailure });
});

test.each<[string, Partial<Endpoint> | null]>([
  ['that does not exist', null],
  ['of another kind', { kind: 'webhook' }],
  ['without a URL', { url: undefined }],
  ['that is verified', { verifiedAt: '2025' }],
])('an endpoint %s gets no challenge', async (_what, changes) => {
  await verify(echoed(200), changes);
  expect([posted, updates]).toEqual([[], []]);
});
