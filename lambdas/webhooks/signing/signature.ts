/** Signs deliveries by Standard Webhooks 1.0, so that a receiver can verify their sender, content and time. */
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

/** The default length of a secret that Secrets Manager generates. With an alphabet of 94, 32 characters are 209 bits. */
const MIN_SECRET_TEXT_LENGTH = 32;
/** An ed25519 private key in PKCS #8 (RFC 8410, 7) consists of these bytes and its seed of 32 bytes. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** An ed25519 key pair. */
export interface SigningKey {
  /** The thumbprint of the public key (RFC 7638). */
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** 32 bytes (RFC 8032). */
  readonly publicKey: Buffer;
}

/** A member of the published JWK set: the key that a receiver needs to verify `v1a` (RFC 7517, RFC 8037). */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly alg: 'EdDSA';
  readonly use: 'sig';
  /** The same key in the notation of Standard Webhooks: `whpk_` and base64. */
  readonly standard_webhooks: string;
}

export interface SignatureInput {
  /**
   * The event's id, the same at every attempt. Only the service may choose it: a caller who could choose it could move
   * the dots of the signed text.
   */
  readonly id: string;
  /** The exact text of the request body. */
  readonly body: string;
  /** Several during a rotation. */
  readonly secrets: readonly string[];
  readonly keys: readonly SigningKey[];
  /** Time of the attempt; milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Parses a shared secret: `whsec_` and 24 to 64 bytes in base64 (RFC 4648, 4), padded.
 * @returns its bytes; undefined for any other form, also for one that decoders may read differently
 */
export function parseSecret(secret: string): Buffer | undefined {
  if (!secret.startsWith(SECRET_PREFIX)) return undefined;
  const text = secret.slice(SECRET_PREFIX.length);
  const bytes = Buffer.from(text, 'base64');
  const inLimits = bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES;
  // Node skips characters outside base64, so only a text that encodes back to itself is valid.
  return inLimits && bytes.toString('base64') === text ? bytes : undefined;
}

/** @returns a new shared secret: `whsec_` and 32 random bytes in base64 */
export function createSecret(): string {
  return SECRET_PREFIX + randomBytes(CREATED_SECRET_BYTES).toString('base64');
}

/**
 * Derives a key pair (HKDF-SHA-256, RFC 5869), so that the secret store has to keep only a random text. The same text
 * always gives the same key.
 * @param secretText random, at least 32 characters
 * @throws Error when it is shorter: an attacker who guesses the text has the key
 */
export function signingKeyFrom(secretText: string): SigningKey {
  if (secretText.length < MIN_SECRET_TEXT_LENGTH) {
    throw new Error(
      `A signing key needs a text of at least ${MIN_SECRET_TEXT_LENGTH} characters; got ${secretText.length}. Generate a longer one.`,
    );
  }
  const seed = Buffer.from(hkdfSync('sha256', secretText, '', 'webhook-signing-key', 32));
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  // RFC 7638, 3: only the required members, ordered by name, without white space.
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
 * Returns the headers of one attempt: `webhook-signature` has `v1,…` for each secret (HMAC-SHA-256), then `v1a,…` for
 * each key (ed25519).
 * @throws Error when a secret is malformed, or without any secret and key: no delivery goes unsigned
 */
export function signedHeaders({ id, body, secrets, keys, nowMs }: SignatureInput): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const text = Buffer.from(`${id}.${timestamp}.${body}`);
  const signatures = [
    ...secrets.map((secret) => `v1,${createHmac('sha256', keyOf(secret)).update(text).digest('base64')}`),
    ...keys.map(({ privateKey }) => `v1a,${sign(null, text, privateKey).toString('base64')}`),
  ];
  if (!signatures.length) throw new Error('A webhook needs a secret or a signing key; got neither.');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}

function keyOf(secret: string): Buffer {
  const key = parseSecret(secret);
  if (!key) {
    throw new Error(
      'A webhook secret is malformed: expected whsec_ and 24 to 64 bytes in base64. Rotate it.',
    );
  }
  return key;
}
