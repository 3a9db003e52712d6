/** Verifies a webhook with the public keys of the service, as a receiver does: see docs/guides/webhooks.md, Verify a webhook. */
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import * as z from 'zod';
import { fetchJson } from '../auth/fetch-json.ts';

/** Standard Webhooks: a receiver rejects older and newer timestamps. */
const TOLERANCE_SECONDS = 5 * 60;
/** Two keys sign at most: the current and the previous one. */
const MAX_SIGNATURES = 2;

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.literal('OKP'), x: z.string() })).max(10) });

export interface SignedWebhook {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The exact text. */
  readonly body: string;
}

/** Reads the keys from the API, as a receiver does. @param apiUrl base URL of the API, without a trailing slash */
export async function fetchPublicKeys(apiUrl: string): Promise<readonly JsonWebKey[]> {
  return keySet.parse(await fetchJson(new URL(`${apiUrl}/.well-known/webhook-keys`))).keys;
}

/** @returns whether one of the keys signed exactly this webhook within the last five minutes */
export function isAuthentic(
  { headers, body }: SignedWebhook,
  keys: readonly JsonWebKey[],
  nowMs: number,
): boolean {
  const { 'webhook-id': id, 'webhook-timestamp': timestamp = '', 'webhook-signature': signatures } = headers;
  if (!id || !signatures || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;
  const text = Buffer.from(`${id}.${timestamp}.${body}`);
  const given = signatures
    .split(' ')
    .filter((each) => each.startsWith('v1a,'))
    .slice(0, MAX_SIGNATURES)
    .map((each) => Buffer.from(each.slice('v1a,'.length), 'base64'));
  const publicKeys = keys.map((key) => createPublicKey({ key, format: 'jwk' }));
  return given.some((signature) => publicKeys.some((key) => verify(null, text, key, signature)));
}
