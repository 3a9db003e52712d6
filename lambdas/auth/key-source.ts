/** The identity provider's public keys: found through its metadata, kept for a while, and asked for anew with restraint. */
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey, type RemoteJWKSet } from 'jose';
import * as z from 'zod';
import { fetchJson, IdentityProviderUnavailable, NothingThere } from './fetch-json.ts';

/** How long a key that was withdrawn may still be taken for good. */
const KEYS_KEPT_MS = 5 * 60 * 1000;
/** Tokens with made-up key ids cannot have the identity provider asked more often. */
const COOL_DOWN_MS = 30_000;

const metadataShape = z.looseObject({ issuer: z.string(), jwks_uri: z.url() });

/** A failure is told again for a while, so that tokens with nothing in them cannot keep every instance waiting. */
const FAILURE_KEPT_MS = 1_000;

/** A key by a token's header. @throws JWKSNoMatchingKey for a token of no key; IdentityProviderUnavailable */
export function keySource(issuer: string): JWTVerifyGetKey {
  let keys: RemoteJWKSet | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;
  const find = async () => {
    if (failure && Date.now() - failure.at < FAILURE_KEPT_MS) throw failure.error;
    try {
      return await findKeys(issuer);
    } catch (error) {
      failure = { error, at: Date.now() };
      throw error;
    }
  };
  return async (header, token) => {
    // Keys are kept, also when a token with a made-up key id comes while nobody can be asked for it.
    keys ??= await find();
    try {
      return await keys(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
        throw error;
      if (error instanceof IdentityProviderUnavailable) throw error;
      throw new IdentityProviderUnavailable('The keys of the identity provider cannot be used.', {
        cause: error,
      });
    }
  };
}

async function findKeys(issuer: string): Promise<RemoteJWKSet> {
  const { jwks_uri } = await findMetadata(issuer);
  return createRemoteJWKSet(new URL(jwks_uri), {
    cacheMaxAge: KEYS_KEPT_MS,
    cooldownDuration: COOL_DOWN_MS,
    [customFetch]: async (url, { headers }) => Response.json(await fetchJson(new URL(url), { headers })),
  });
}

/**
 * OpenID Connect Discovery 1.0, section 4, and RFC 8414, section 3, in this order.
 * @throws IdentityProviderUnavailable also for metadata of another issuer: it is somebody else's.
 */
async function findMetadata(issuer: string): Promise<z.output<typeof metadataShape>> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const urls = [
    new URL(`${path}/.well-known/openid-configuration`, origin),
    new URL(`/.well-known/oauth-authorization-server${path}`, origin),
  ];
  for (const url of urls) {
    const document = await read(url);
    if (document === undefined) continue;
    const { data } = metadataShape.safeParse(document);
    if (data?.issuer === issuer) return data;
    throw new IdentityProviderUnavailable(`${url.href} is not the metadata of ${issuer}.`);
  }
  throw new IdentityProviderUnavailable(`${issuer} publishes no metadata.`);
}

async function read(url: URL): Promise<unknown> {
  try {
    return await fetchJson(url);
  } catch (error) {
    if (error instanceof NothingThere) return undefined;
    throw error;
  }
}
