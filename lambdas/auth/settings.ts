/** Reads the settings of token verification, which the deployment sets: issuer, audiences, clients and scopes. */
import { Env, requiredEnv } from '../shared/env.ts';

export interface TokenSettings {
  /** Exactly as the identity provider spells its issuer. */
  readonly issuer: string;
  /** A token needs one of these audiences (RFC 8707). */
  readonly audiences: readonly string[];
  /** Clients whose access tokens may lack an audience, like those of Amazon Cognito. */
  readonly clientIds: readonly string[];
  /** Prefix of each scope of this API: `<resource server>/` with Amazon Cognito. */
  readonly scopePrefix: string;
  /** All tokens with the same value of this claim share one owner. */
  readonly tenantClaim: string | undefined;
  /** The claim that the scope `jobs:operate` needs besides itself. @default nobody has the scope */
  readonly operatorClaim?: { readonly name: string; readonly value: string };
}

/** @throws Error without an issuer in the environment, or with an operator claim without a value */
export function readSettings(): TokenSettings {
  return {
    issuer: requiredEnv(Env.issuer),
    audiences: words(Env.audiences),
    clientIds: words(Env.clientIds),
    scopePrefix: process.env[Env.scopePrefix] ?? '',
    tenantClaim: process.env[Env.tenantClaim] || undefined,
    operatorClaim: process.env[Env.operatorClaim]
      ? { name: requiredEnv(Env.operatorClaim), value: requiredEnv(Env.operatorValue) }
      : undefined,
  };
}

function words(name: string): readonly string[] {
  return (process.env[name] ?? '').split(' ').filter((word) => word !== '');
}
