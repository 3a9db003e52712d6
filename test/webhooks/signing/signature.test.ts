import { createHash, createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import {
  createSecret,
  parseSecret,
  publicJwk,
  type SigningKey,
  signedHeaders,
  signingKeyFrom,
} from '../../../lambdas/webhooks/signing/signature.ts';

const secret = createSecret();
const key = signingKeyFrom('a random text of a secret store!');
const id = '7d5fbf9e-2f0c-4c35-9e63-1c0b0f8f6a11.4';
const body = '{"type":"job.completed","data":{"text":"grüße 🚀"}}';
const sign = (changes = {}) =>
  signedHeaders({ id, body, secrets: [secret], keys: [key], nowMs: Date.now(), ...changes });

/** Verifies v1a like a receiver: only with the published JWK. */
function verifiesWithJwk(headers: Record<string, string>, text: string, signer: SigningKey = key): boolean {
  const jwk = JSON.parse(JSON.stringify(publicJwk(signer)));
  const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`);
  return (headers['webhook-signature'] ?? '')
    .split(' ')
    .map((part) => part.split(','))
    .filter(([version]) => version === 'v1a')
    .some(([, signature = '']) =>
      verify(null, signed, createPublicKey({ key: jwk, format: 'jwk' }), Buffer.from(signature, 'base64')),
    );
}

test("the specification's own library verifies v1", () => {
  expect(new Webhook(secret).verify(body, sign())).toEqual(JSON.parse(body));
});

test("the specification's own library gives the same v1", () => {
  const nowMs = Date.parse('2026-01-01T00:00:00.999Z');
  const headers = sign({ nowMs, keys: [] });
  expect(headers).toEqual({
    'webhook-id': id,
    'webhook-timestamp': '1767225600',
    'webhook-signature': new Webhook(secret).sign(id, new Date(nowMs), body),
  });
});

test('any Ed25519 implementation verifies v1a with the published JWK', () => {
  expect(verifiesWithJwk(sign(), body)).toBe(true);
});

test('no signature verifies after one changed byte', () => {
  const headers = sign();
  const bytes = Buffer.from(body);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 127 }), (index, change) => {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ change;
      // As latin1, so that every change of a byte is a change of the text.
      expect(() => new Webhook(secret).verify(changed.toString('latin1'), headers)).toThrow('No matching');
      expect(verifiesWithJwk(headers, changed.toString('latin1'))).toBe(false);
    }),
  );
});

test.each(['webhook-id', 'webhook-timestamp'])('no signature verifies with a changed %s', (name) => {
  const headers = sign();
  const changed = { ...headers, [name]: `${headers[name]?.slice(0, -1)}x` };
  expect(() => new Webhook(secret).verify(body, changed)).toThrow();
  expect(verifiesWithJwk(changed, body)).toBe(false);
});

test('another secret and another key verify nothing', () => {
  expect(() => new Webhook(createSecret()).verify(body, sign())).toThrow('No matching');
  expect(verifiesWithJwk(sign(), body, signingKeyFrom('x'.repeat(32)))).toBe(false);
});

test.each([
  [-301_000, 'too old'],
  [302_000, 'too new'],
])('what was signed %d ms from now is refused as %s', (ms, reason) => {
  expect(() => new Webhook(secret).verify(body, sign({ nowMs: Date.now() + ms }))).toThrow(reason);
});

test('while secrets and keys are replaced, the old and the new verify', () => {
  const newSecret = createSecret();
  const newKey = signingKeyFrom('another random text, as long too');
  const headers = sign({ secrets: [newSecret, secret], keys: [newKey, key] });
  expect(headers['webhook-signature']).toMatch(/^v1,\S+ v1,\S+ v1a,\S+ v1a,\S+$/);
  for (const each of [secret, newSecret]) expect(() => new Webhook(each).verify(body, headers)).not.toThrow();
  for (const each of [key, newKey]) expect(verifiesWithJwk(headers, body, each)).toBe(true);
});

test('throws without a secret and key, and for a malformed secret', () => {
  expect(() => sign({ secrets: [], keys: [] })).toThrow('got neither');
  expect(() => sign({ secrets: ['whsec_short'] })).toThrow('malformed');
});

test('a new secret has 32 random bytes', () => {
  expect(parseSecret(secret)).toHaveLength(32);
  expect(createSecret()).not.toBe(secret);
});

test('accepts only secrets of 24 to 64 bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const parsed = parseSecret(`whsec_${Buffer.from(bytes).toString('base64')}`);
      expect(parsed).toEqual(bytes.length >= 24 && bytes.length <= 64 ? Buffer.from(bytes) : undefined);
    }),
  );
});

test.each([
  ['no prefix', secret.slice(6)],
  ['another prefix', secret.replace('whsec_', 'whsk_')],
  ['an upper case prefix', secret.replace('whsec_', 'WHSEC_')],
  ['nothing after it', 'whsec_'],
  ['no padding', secret.replace('=', '')],
  ['a space', secret.replace('whsec_', 'whsec_ ')],
  ['a line break at its end', `${secret}\n`],
  ['base64url', `whsec_${Buffer.alloc(32, 0xff).toString('base64url')}=`],
  ['bits after its last byte', `whsec_${'A'.repeat(42)}B=`],
  ['a letter that is no base64', `whsec_${'A'.repeat(42)}*=`],
])('a secret with %s is refused', (_, text) => {
  expect(parseSecret(text)).toBeUndefined();
});

test('the same text gives the same key for ever', () => {
  expect(publicJwk(signingKeyFrom('a random text of a secret store!'))).toEqual(publicJwk(key));
  expect(publicJwk(key)).toMatchInlineSnapshot(`
{
  "alg": "EdDSA",
  "crv": "Ed25519",
  "kid": "UuRBE0O7TOEv_XndUpWUT6Moj9oqqLIno0XeV6wQgto",
  "kty": "OKP",
  "standard_webhooks": "whpk_6Lw8VuuDY75mjAS3Fm4JAqfZsWme/DNVmJ5R2zzSiAw=",
  "use": "sig",
  "x": "6Lw8VuuDY75mjAS3Fm4JAqfZsWme_DNVmJ5R2zzSiAw",
}
`);
});

test('throws for a text that is too short', () => {
  expect(() => signingKeyFrom('x'.repeat(31))).toThrow('at least 32 characters; got 31');
});

test('a published key is an RFC 7517 key with its RFC 7638 thumbprint as its id, and no more', () => {
  const { x, kid, standard_webhooks } = publicJwk(key);
  expect(kid).toBe(
    createHash('sha256').update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest('base64url'),
  );
  expect(standard_webhooks).toBe(`whpk_${Buffer.from(x, 'base64url').toString('base64')}`);
  expect(Object.keys(publicJwk(key)).sort()).toEqual([
    'alg',
    'crv',
    'kid',
    'kty',
    'standard_webhooks',
    'use',
    'x',
  ]);
});
