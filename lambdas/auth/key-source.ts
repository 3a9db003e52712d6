/** Finds the identity provider's public keys through its metadata, caches them, and limits how often they are fetched. */
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, type RemoteJWKSet } from 'jose';
import { fetchJson, IdentityProviderUnavailable } from './fetch-json.ts';
import { findMetadata } from './issuer-metadata.ts';

/** How long a withdrawn key may still be accepted. */
const KEYS_CACHE_MS = 5 * 60 * 1000;
/** Minimum time between fetches, so that tokens with invented key ids cannot flood the identity provider. */
const COOL_DOWN_MS = 30_000;

/** How long a failure is repeated without a new fetch, so that worthless tokens cannot keep every instance waiting. */
const FAILURE_CACHE_MS = 1_000;

/**
 * @returns a function that returns the key for a token's header
 * @throws (the function) JWKSNoMatchingKey for a token without a known key; IdentityProviderUnavailable
 */
export function keySource(issuer: string): JWTVerifyGetKey {
  let keys: RemoteJWKSet | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;
  const find = async () => {
    if (failure && Date.now() - failure.at < FAILURE_CACHE_MS) throw failure.error;
    try {
      return await findKeys(issuer);
    } catch (error) {
      failure = { error, at: Date.now() };
      throw error;
    }
  };
  return async (header, token) => {
    // Known keys stay usable when a token with an invented key id arrives while the identity provider is unavailable.
    keys ??= await find();
    try {
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
        throw error;
      if (error instanceof IdentityProviderUnavailable) throw error;
      throw new IdentityProviderUnavailable(`The keys of the identity provider ${issuer} are unusable.`, {
        cause: error,
      });
    }
  };
}

async function findKeys(issuer: string): Promise<RemoteJWKSet> {
  const { jwks_uri } = await findMetadata(issuer);
  return createRemoteJWKSet(new URL(jwks_uri), {
    cacheMaxAge: KEYS_CACHE_MS,
    cooldownDuration: COOL_DOWN_MS,
    [customFetch]: async (url, { headers }) => Response.json(await fetchJson(new URL(url), { headers })),
  });
}
