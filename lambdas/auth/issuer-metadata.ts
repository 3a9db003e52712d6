/** Reads the metadata of an issuer: OpenID Connect Discovery, or authorization server metadata (RFC 8414). */
import { DocumentNotFound, fetchJson, IdentityProviderUnavailable } from './fetch-json.ts';

export interface IssuerMetadata {
  readonly issuer: string;
  /** A valid URL. */
  readonly jwks_uri: string;
  /** Other fields, as the issuer publishes them. */
  readonly [name: string]: unknown;
}

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
    if (isMetadata(document) && document.issuer === issuer) return document;
    throw new IdentityProviderUnavailable(`${url.href} is not the metadata of ${issuer}. Check the issuer.`);
  }
  throw new IdentityProviderUnavailable(`${issuer} publishes no metadata. Check the issuer.`);
}

/** Without a validator, which would be half of the authorizer. */
function isMetadata(document: unknown): document is IssuerMetadata {
  const { issuer, jwks_uri } = Object(document);
  return typeof issuer === 'string' && typeof jwks_uri === 'string' && URL.canParse(jwks_uri);
}

async function read(url: URL): Promise<unknown> {
  try {
    return await fetchJson(url);
  } catch (error) {
    if (error instanceof DocumentNotFound) return undefined;
    throw error;
  }
}
