/** Reads the metadata of an issuer: OpenID Connect Discovery, or authorization server metadata (RFC 8414). */
import * as z from 'zod';
import { DocumentNotFound, fetchJson, IdentityProviderUnavailable } from './fetch-json.ts';

const metadataShape = z.looseObject({ issuer: z.string(), jwks_uri: z.url() });

export type IssuerMetadata = z.output<typeof metadataShape>;

/**
 * Tries OpenID Connect Discovery 1.0, section 4, then RFC 8414, section 3.
 * @throws IdentityProviderUnavailable, also for the metadata of another issuer
 */
export async function findMetadata(issuer: string): Promise<IssuerMetadata> {
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
    throw new IdentityProviderUnavailable(`${url.href} is not the metadata of ${issuer}. Check the issuer.`);
  }
  throw new IdentityProviderUnavailable(`${issuer} publishes no metadata. Check the issuer.`);
}

async function read(url: URL): Promise<unknown> {
  try {
    return await fetchJson(url);
  } catch (error) {
    if (error instanceof DocumentNotFound) return undefined;
    throw error;
  }
}
