/** Tests that the canary accepts only webhooks that the service signed within five minutes. */
import { isAuthentic } from '../../lambdas/canary/verify-webhook.ts';
import { publicJwk, signedHeaders, signingKeyFrom } from '../../lambdas/webhooks/signing/signature.ts';

const NOW_MS = Date.parse('2026-11-27T12:00:00Z');
const key = signingKeyFrom('a text that nobody can guess, in 64 characters, for these tests!');
const other = signingKeyFrom('another text that nobody can guess, in 64 characters, for tests!');
const BODY = '{"type":"job.completed"}';
const keys = [{ ...publicJwk(key) }];

function headersOf(signers = [key], nowMs = NOW_MS, body = BODY): Record<string, string> {
  return signedHeaders({ id: 'job.3', body, secrets: [], keys: signers, nowMs });
}

test('accepts what the service signed, also beside another signature', () => {
  expect(isAuthentic({ headers: headersOf(), body: BODY }, keys, NOW_MS)).toBe(true);
  expect(isAuthentic({ headers: headersOf([other, key]), body: BODY }, keys, NOW_MS)).toBe(true);
});

test.each([
  ['another body', headersOf(), `${BODY} `],
  ['another id', { ...headersOf(), 'webhook-id': 'job.4' }, BODY],
  ['another time', { ...headersOf(), 'webhook-timestamp': String(NOW_MS / 1000 + 1) }, BODY],
  ['a key of somebody else', headersOf([other]), BODY],
  ['no signature', { ...headersOf(), 'webhook-signature': '' }, BODY],
  [
    'half a signature',
    { ...headersOf(), 'webhook-signature': headersOf()['webhook-signature']?.slice(0, 40) },
    BODY,
  ],
  [
    'the signature as that of a secret',
    { ...headersOf(), 'webhook-signature': headersOf()['webhook-signature']?.replace('v1a,', 'v1,') },
    BODY,
  ],
  ['a time that is no number', { ...headersOf(), 'webhook-timestamp': 'Infinity' }, BODY],
  ['a time six minutes ago', headersOf([key], NOW_MS - 360_000), BODY],
  ['a time in six minutes', headersOf([key], NOW_MS + 360_000), BODY],
  ['no headers', {}, BODY],
])('refuses %s', (_, headers, body) => {
  expect(isAuthentic({ headers, body }, keys, NOW_MS)).toBe(false);
});

test('looks at two signatures only', () => {
  const [valid] = headersOf()['webhook-signature']?.split(' ') ?? [];
  const [invalid] = headersOf([other])['webhook-signature']?.split(' ') ?? [];
  const headers = { ...headersOf(), 'webhook-signature': [invalid, invalid, valid].join(' ') };
  expect(isAuthentic({ headers, body: BODY }, keys, NOW_MS)).toBe(false);
});
