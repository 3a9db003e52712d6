/** Verifies an access token: the identity provider's signature, its times, and its audience. */
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { TokenSettings } from './settings.ts';

/** Only asymmetric algorithms: a public key must never serve as a shared secret, and `none` is excluded. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** RFC 9068's types, and those that most identity providers use. Logout tokens, DPoP proofs and the like have others. */
const TYPES = [undefined, 'jwt', 'at+jwt', 'application/at+jwt'];
/** How far the identity provider's clock may be ahead of this one. */
const CLOCK_SKEW_SECONDS = 60;

/** The token is invalid, through the caller's fault. The message is for the log only. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

export type VerifyToken = (token: string) => Promise<JWTPayload>;

/**
 * @returns a function that returns the claims of a valid token
 * @throws (the function) TokenRefused for an invalid token; any other error leaves the token's validity open
 */
export function tokenVerifier(
  { issuer, audiences, clientIds }: Pick<TokenSettings, 'issuer' | 'audiences' | 'clientIds'>,
  getKey: JWTVerifyGetKey,
): VerifyToken {
  return async (token) => {
    const { payload, protectedHeader } = await verifySignature(token);
    if (!TYPES.includes(protectedHeader.typ?.toLowerCase())) {
      throw new TokenRefused(`The token's typ is ${protectedHeader.typ}.`);
    }
    checkTimes(payload);
    checkAudience(payload);
    return payload;
  };

  async function verifySignature(token: string) {
    try {
      return await jwtVerify(token, getKey, {
        algorithms: ALGORITHMS,
        issuer,
        requiredClaims: ['exp'],
        clockTolerance: CLOCK_SKEW_SECONDS,
      });
    } catch (error) {
      if (error instanceof errors.JOSEError) throw new TokenRefused(error.message, { cause: error });
      throw error;
    }
  }

  function checkTimes({ exp = 0, iat }: JWTPayload): void {
    const now = Date.now() / 1000;
    // No tolerance: the gateway caches the result for a minute, so a token already works for up to a minute longer.
    if (exp <= now) throw new TokenRefused('The token has expired.');
    if (iat !== undefined && iat > now + CLOCK_SKEW_SECONDS) {
      throw new TokenRefused("The token's iat is in the future.");
    }
  }

  function checkAudience({ aud, token_use, client_id }: JWTPayload): void {
    // Identity tokens of Amazon Cognito are for clients, not for APIs.
    if (token_use !== undefined && token_use !== 'access') {
      throw new TokenRefused(`The token's token_use is ${token_use}.`);
    }
    if (aud !== undefined) {
      if ([aud].flat().some((each) => audiences.includes(each))) return;
      throw new TokenRefused(`The token's audience is ${JSON.stringify(aud)}.`);
    }
    const isOfOwnClient = typeof client_id === 'string' && clientIds.includes(client_id);
    if (token_use !== 'access' || !isOfOwnClient) throw new TokenRefused('The token has no audience.');
  }
}
