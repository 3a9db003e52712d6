/** Whose tokens are taken, and what they have to be for: set at deploy. */
import { Env, requiredEnv } from '../shared/env.ts';

export interface TokenSettings {
  /** As the identity provider spells itself, character by character. */
  readonly issuer: string;
  /** A token is for one of these (RFC 8707). */
  readonly audiences: readonly string[];
  /** Clients of the identity provider whose access tokens may lack an audience, as those of Amazon Cognito do. */
  readonly clientIds: readonly string[];
  /** In front of each of our scopes: `<resource server>/` with Amazon Cognito. */
  readonly scopePrefix: string;
  /** The claim that makes everybody with the same value one owner. */
  readonly tenantClaim: string | undefined;
}

/** @throws Error when the construct has set none. */
export function readSettings(): TokenSettings {
  return {
    issuer: requiredEnv(Env.issuer),
    audiences: words(Env.audiences),
    clientIds: words(Env.clientIds),
    scopePrefix: process.env[Env.scopePrefix] ?? '',
    tenantClaim: process.env[Env.tenantClaim] || undefined,
  };
}

function words(name: string): readonly string[] {
  return (process.env[name] ?? '').split(' ').filter((word) => word !== '');
}
