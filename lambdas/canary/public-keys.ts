/** Reads the public keys that verify webhooks from the API, as a receiver does. */
import type { JsonWebKey } from 'node:crypto';
import * as z from 'zod';
import { fetchJson } from '../auth/fetch-json.ts';

/** A replaced key signs until the next replacement, so old keys verify new webhooks. */
const CACHE_MS = 5 * 60 * 1000;

const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.literal('OKP'), x: z.string() })).max(10) });

/** @param apiUrl base URL of the API, without a trailing slash */
export function publicKeySource(apiUrl: string): () => Promise<readonly JsonWebKey[]> {
  let cached: { readonly keys: readonly JsonWebKey[]; readonly untilMs: number } | undefined;
  return async () => {
    if (!cached || cached.untilMs <= Date.now()) {
      const { keys } = keySet.parse(await fetchJson(new URL(`${apiUrl}/.well-known/webhook-keys`)));
      cached = { keys, untilMs: Date.now() + CACHE_MS };
    }
    return cached.keys;
  };
}
