/** Reads the public keys that verify webhooks from the API, as a receiver does. */
import type { JsonWebKey } from 'node:crypto';
import * as z from 'zod';
import { fetchJson } from '../auth/fetch-json.ts';

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.literal('OKP'), x: z.string() })).max(10) });

/** @param apiUrl base URL of the API, without a trailing slash */
export async function fetchPublicKeys(apiUrl: string): Promise<readonly JsonWebKey[]> {
  return keySet.parse(await fetchJson(new URL(`${apiUrl}/.well-known/webhook-keys`))).keys;
}
