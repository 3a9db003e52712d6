/** Whether an access token is one of ours: signed by the identity provider, in time, and meant for this API. */
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { TokenSettings } from './settings.ts';

/** Asymmetric all: a public key must never be taken for a shared secret, and `none` is none. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** RFC 9068's, and what most identity providers write. Logout tokens, DPoP proofs and their like say so. */
const TYPES = [undefined, 'jwt', 'at+jwt', 'application/at+jwt'];
/** By how much the clock of the identity provider may be ahead of ours. */
const CLOCK_SKEW_SECONDS = 60;

/** The token is not to be taken: the caller's fault. The reason is for the log. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

export type VerifyToken = (token: string) => Promise<JWTPayload>;

/**
 * @returns a function that gives a good token's claims.
 * @throws (the function) TokenRefused; whatever else it throws says nothing about the token.
 */
export function tokenVerifier(
  { issuer, audiences, clientIds }: Pick<TokenSettings, 'issuer' | 'audiences' | 'clientIds'>,
  getKey: JWTVerifyGetKey,
): VerifyToken {
  return async (token) => {
    const { payload, protectedHeader } = await verifySignature(token);
    if (!TYPES.includes(protectedHeader.typ?.toLowerCase())) {
      throw new TokenRefused(`Its typ is ${protectedHeader.typ}.`);
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
    // To the second: the gateway remembers a token for a minute, which is late enough.
    if (exp <= now) throw new TokenRefused('It has expired.');
    if (iat !== undefined && iat > now + CLOCK_SKEW_SECONDS) throw new TokenRefused('It is from the future.');
  }

  function checkAudience({ aud, token_use, client_id }: JWTPayload): void {
    // Identity tokens of Amazon Cognito are for clients, not for APIs.
    if (token_use !== undefined && token_use !== 'access') throw new TokenRefused(`It is for ${token_use}.`);
    if (aud !== undefined) {
      if ([aud].flat().some((each) => audiences.includes(each))) return;
      throw new TokenRefused(`Its audience is ${JSON.stringify(aud)}.`);
    }
    const isOfOwnClient = typeof client_id === 'string' && clientIds.includes(client_id);
    if (token_use !== 'access' || !isOfOwnClient) throw new TokenRefused('It names no audience.');
  }
}
