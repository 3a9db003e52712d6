/** Maps a token's claims to a caller: its owner and scopes. */
import type { JWTPayload } from 'jose';
import { type Caller, Scope } from '../shared/caller.ts';
import type { TokenSettings } from './settings.ts';
import { TokenRefused } from './verify-token.ts';

/**
 * Printable ASCII, like the subjects of OpenID Connect. The prefixes of program and tenant owners are excluded, so that no
 * name can pose as one.
 */
const NAME = /^(?!client:|tenant:)[\x20-\x7e]{1,255}$/;

/**
 * The owner is `<issuer>#<sub>` for a user and `<issuer>#client:<id>` for a program without a user. With the tenant claim,
 * it is `<issuer>#tenant:<value>`: all tokens with the same value share one owner.
 * @throws TokenRefused for claims without a valid owner
 */
export function callerOfToken(
  claims: JWTPayload,
  {
    issuer,
    scopePrefix,
    tenantClaim,
    operatorClaim,
  }: Pick<TokenSettings, 'issuer' | 'scopePrefix' | 'tenantClaim' | 'operatorClaim'>,
): Caller {
  const scopes = scopesOf(claims, scopePrefix);
  return {
    owner: `${issuer}#${nameOf(claims, tenantClaim)}`,
    person: personOf(claims),
    scopes: mayOperate(claims, operatorClaim) ? scopes : scopes.filter((each) => each !== Scope.jobsOperate),
  };
}

/**
 * Some providers give every user the scopes that a client requests. So the scope `jobs:operate` needs a claim besides itself, and
 * without a configured claim nobody keeps it.
 */
function mayOperate(claims: JWTPayload, required: TokenSettings['operatorClaim']): boolean {
  return required !== undefined && [claims[required.name]].flat().includes(required.value);
}

function nameOf(claims: JWTPayload, tenantClaim: string | undefined): string {
  const tenant = tenantClaim === undefined ? undefined : claims[tenantClaim];
  if (tenant !== undefined) return `tenant:${checked(tenant)}`;
  const { sub, client_id: clientId = claims.azp } = claims;
  // RFC 9068, section 2.2: without a user, the subject of a token is the program itself.
  return sub === undefined || sub === clientId ? `client:${checked(clientId)}` : checked(sub);
}

/** Returns who holds the token, for logs: with a tenant claim, many people share an owner. */
function personOf({ sub, client_id: clientId, azp }: JWTPayload): string {
  const name = sub ?? clientId ?? azp;
  return typeof name === 'string' && NAME.test(name) ? name : 'unknown';
}

function checked(name: unknown): string {
  if (typeof name === 'string' && NAME.test(name)) return name;
  throw new TokenRefused('The token has no valid subject, client or tenant.');
}

/**
 * Returns the scopes of this API. Some identity providers, such as Entra ID, list them in `scp` without the prefix that a
 * client must request.
 */
function scopesOf({ scope, scp }: JWTPayload, prefix: string): readonly string[] {
  const inScope = new Set(words(scope));
  const inScp = new Set(scope === undefined ? words(scp) : []);
  return Object.values(Scope).filter((each) => {
    const prefixed = `${prefix}${each}`;
    return inScope.has(prefixed) || inScp.has(prefixed) || inScp.has(each);
  });
}

function words(claim: unknown): readonly string[] {
  return [claim].flat().flatMap((text) => (typeof text === 'string' ? text.split(' ') : []));
}
