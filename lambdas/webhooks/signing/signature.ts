/** Standard Webhooks 1.0: a receiver can tell that a delivery is ours, is whole, and is of now. */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';

const SECRET_PREFIX = 'whsec_';
/** The specification's limits: 192 to 512 bits. */
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
const CREATED_SECRET_BYTES = 32;

/** What Secrets Manager generates unless told otherwise. Its 94 letters make 32 of them 209 bits. */
const MIN_SECRET_TEXT_LENGTH = 32;
/** An ed25519 private key in PKCS #8 (RFC 8410, 7) is these bytes, then the 32 of its seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An ed25519 key pair. */
export interface SigningKey {
  /** The thumbprint of the public key (RFC 7638). */
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** 32 bytes (RFC 8032). */
  readonly publicKey: Buffer;
}

/** What a receiver needs to check `v1a` (RFC 7517, RFC 8037), for a JWK set. */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
  /** The same key as Standard Webhooks writes it: `whpk_` and base64. */
  readonly standard_webhooks: string;
}

export interface Signed {
  /** The event's id, the same at every attempt. Ours alone: whoever chose it could move the dots of the signed text. */
  readonly id: string;
  /** The very text that is sent. */
  readonly body: string;
  /** Several while one is being replaced. */
  readonly secrets: readonly string[];
  readonly keys: readonly SigningKey[];
  /** When the attempt is made; milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Reads a shared secret: `whsec_` and 24 to 64 bytes in base64 (RFC 4648, 4), padded.
 * @returns its bytes; undefined for another form, also one that decoders may read differently.
 */
export function parseSecret(secret: string): Buffer | undefined {
  if (!secret.startsWith(SECRET_PREFIX)) return undefined;
  const text = secret.slice(SECRET_PREFIX.length);
  const bytes = Buffer.from(text, 'base64');
  const inLimits = bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES;
  // Node skips what is no base64: only what comes out the same went in right.
  return inLimits && bytes.toString('base64') === text ? bytes : undefined;
}

/** @returns a new shared secret: `whsec_` and 32 random bytes in base64. */
export function createSecret(): string {
  return SECRET_PREFIX + randomBytes(CREATED_SECRET_BYTES).toString('base64');
}

/**
 * Derives a key pair (HKDF-SHA-256, RFC 5869), so that a random text in a secret store is all that must be kept. The
 * same text always gives the same key.
 * @param secretText random, 32 characters at least.
 * @throws Error when it is shorter: whoever guesses the text has the key.
 */
export function signingKeyFrom(secretText: string): SigningKey {
  if (secretText.length < MIN_SECRET_TEXT_LENGTH) {
    throw new Error(`The text of a signing key has ${MIN_SECRET_TEXT_LENGTH} characters at least.`);
  }
  const seed = Buffer.from(hkdfSync('sha256', secretText, '', 'webhook-signing-key', 32));
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  // RFC 7638, 3: the required members alone, by their names' order, without white space.
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');
  return { kid, privateKey, publicKey: Buffer.from(x, 'base64url') };
}

export function publicJwk({ kid, publicKey }: SigningKey): PublicJwk {
  return {
    kty: 'OKP',
    crv: 'Ed25519',
    x: publicKey.toString('base64url'),
    kid,
    alg: 'EdDSA',
    use: 'sig',
    standard_webhooks: `whpk_${publicKey.toString('base64')}`,
  };
}

/**
 * The headers of one attempt: `webhook-signature` has `v1,…` for each secret (HMAC-SHA-256), then `v1a,…` for each key
 * (ed25519).
 * @throws Error when a secret is malformed, and when there is nothing to sign with: no delivery goes unsigned.
 */
export function signedHeaders({ id, body, secrets, keys, nowMs }: Signed): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const text = Buffer.from(`${id}.${timestamp}.${body}`);
  const signatures = [
    ...secrets.map((secret) => `v1,${createHmac('sha256', keyOf(secret)).update(text).digest('base64')}`),
    ...keys.map(({ privateKey }) => `v1a,${sign(null, text, privateKey).toString('base64')}`),
  ];
  if (!signatures.length) throw new Error('There is no secret and no key to sign a webhook with.');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

function keyOf(secret: string): Buffer {
  const key = parseSecret(secret);
  if (!key) throw new Error('A webhook secret is malformed.');
  return key;
}
