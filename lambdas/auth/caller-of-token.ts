/** Whom a token's claims speak of, and what they let them do. */
import type { JWTPayload } from 'jose';
import { type Caller, scopes as known } from '../shared/caller.ts';
import type { TokenSettings } from './settings.ts';
import { TokenRefused } from './verify-token.ts';

/** Printable ASCII, as OpenID Connect has subjects; what begins like our own two kinds of owners could pose as one. */
const NAME = /^(?!client:|tenant:)[\x20-\x7e]{1,255}$/;

/**
 * The owner is `<issuer>#<sub>`, `<issuer>#client:<id>` for a program on its own, and `<issuer>#tenant:<value>` for all
 * whose tokens share the value of the tenant claim. A token without that claim is its user's own.
 * @throws TokenRefused for claims that name nobody.
 */
export function callerOfToken(
  claims: JWTPayload,
  { issuer, scopePrefix, tenantClaim }: Pick<TokenSettings, 'issuer' | 'scopePrefix' | 'tenantClaim'>,
): Caller {
  return { owner: `${issuer}#${nameOf(claims, tenantClaim)}`, scopes: scopesOf(claims, scopePrefix) };
}

function nameOf(claims: JWTPayload, tenantClaim: string | undefined): string {
  const tenant = tenantClaim === undefined ? undefined : claims[tenantClaim];
  if (tenant !== undefined) return `tenant:${checked(tenant)}`;
  const { sub, client_id: clientId = claims.azp } = claims;
  // RFC 9068, section 2.2: the subject of a program on its own is the program.
  return sub === undefined || sub === clientId ? `client:${checked(clientId)}` : checked(sub);
}

function checked(name: unknown): string {
  if (typeof name === 'string' && NAME.test(name)) return name;
  throw new TokenRefused('It names nobody.');
}

/**
 * Those that are ours. What some identity providers, such as Entra ID, call `scp`, has them without the prefix that they
 * want to be asked with.
 */
function scopesOf({ scope, scp }: JWTPayload, prefix: string): readonly string[] {
  const inScope = new Set(words(scope));
  const inScp = new Set(scope === undefined ? words(scp) : []);
  return known.filter((each) => {
    const prefixed = `${prefix}${each}`;
    return inScope.has(prefixed) || inScp.has(prefixed) || inScp.has(each);
  });
}

function words(claim: unknown): readonly string[] {
  return [claim].flat().flatMap((text) => (typeof text === 'string' ? text.split(' ') : []));
}
