/** The gateway's question: may whoever sent this come in? For the whole API at once, since the answer is remembered. */
import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { authorizationOf } from '../shared/authorization-header.ts';
import { callerOfToken } from './caller-of-token.ts';
import type { TokenSettings } from './settings.ts';
import { TokenRefused, type VerifyToken } from './verify-token.ts';

/** 8 KiB: what servers commonly take for a header. */
const MAX_HEADER_CHARACTERS = 8 * 1024;
/** RFC 6750, section 2.1. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * A good token with none of our scopes is denied, which is answered with 403; what is no good token is answered with 401.
 * @throws (the function) Error `Unauthorized`, which the gateway knows; any other is answered with a status of 500 and
 *   more. Neither is remembered.
 */
export function createAuthorizer(settings: TokenSettings, verify: VerifyToken) {
  return async (event: APIGatewayRequestAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
    try {
      const { owner, scopes } = callerOfToken(await verify(tokenOf(event)), settings);
      return {
        principalId: owner,
        policyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: scopes.length > 0 ? 'Allow' : 'Deny',
              Action: 'execute-api:Invoke',
              Resource: wholeStage(event.methodArn),
            },
          ],
        },
        context: { owner, scopes: scopes.join(' ') },
      };
    } catch (error) {
      if (!(error instanceof TokenRefused)) {
        console.error({ message: 'A token could not be verified', error });
        throw error;
      }
      console.info({ message: 'A token was refused', reason: error.message });
      throw new Error('Unauthorized');
    }
  };
}

function tokenOf(event: APIGatewayRequestAuthorizerEvent): string {
  const authorization = authorizationOf(event);
  if (authorization === undefined) throw new TokenRefused('It is not in one Authorization header alone.');
  if (authorization.length > MAX_HEADER_CHARACTERS) throw new TokenRefused('It is too long.');
  const [, token] = BEARER.exec(authorization) ?? [];
  if (token === undefined) throw new TokenRefused('It is not a bearer token.');
  return token;
}

/** `arn:…:<api>/<stage>/GET/jobs` → `arn:…:<api>/<stage>/*` */
function wholeStage(methodArn: string): string {
  return `${methodArn.split('/').slice(0, 2).join('/')}/*`;
}
