/** Authorizes a request by its access token, for the whole API at once: the gateway caches the result. */
import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { authorizationHeader } from '../shared/authorization-header.ts';
import { log } from '../shared/observability/log.ts';
import { addMetric } from '../shared/observability/metrics.ts';
import { ThrownResult } from '../shared/observability/thrown-result.ts';
import { callerOfToken } from './caller-of-token.ts';
import type { TokenSettings } from './settings.ts';
import { TokenRefused, type VerifyToken } from './verify-token.ts';

/** API Gateway responds 401 to an error with exactly this message. */
class Unauthorized extends ThrownResult {
  constructor() {
    super('Unauthorized');
  }
}

/** 8 KiB, a common server limit for a header. */
const MAX_HEADER_CHARACTERS = 8 * 1024;
/** RFC 6750, section 2.1. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/**
 * A valid token without any scope of this API is denied: the gateway responds 403. For an invalid token it responds 401.
 * @throws (the function) Error `Unauthorized` for an invalid token. For any other error the gateway responds with a status
 *   of 500 or above. It caches neither.
 */
export function createAuthorizer(settings: TokenSettings, verify: VerifyToken) {
  return async (event: APIGatewayRequestAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
    try {
      const { owner, scopes, person } = callerOfToken(await verify(tokenOf(event)), settings);
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
        context: { owner, scopes: scopes.join(' '), person },
      };
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      addMetric('TokensRefused', 1);
      log.info('A token was refused', { reason: error.message });
      throw new Unauthorized();
    }
  };
}

function tokenOf(event: APIGatewayRequestAuthorizerEvent): string {
  const authorization = authorizationHeader(event);
  if (authorization === undefined)
    throw new TokenRefused('The request needs exactly one Authorization header.');
  if (authorization.length > MAX_HEADER_CHARACTERS) {
    throw new TokenRefused(`The Authorization header has more than ${MAX_HEADER_CHARACTERS} characters.`);
  }
  const [, token] = BEARER.exec(authorization) ?? [];
  if (token === undefined) throw new TokenRefused('The Authorization header has no bearer token.');
  return token;
}

/** `arn:…:<api>/<stage>/GET/jobs` → `arn:…:<api>/<stage>/*` */
function wholeStage(methodArn: string): string {
  return `${methodArn.split('/').slice(0, 2).join('/')}/*`;
}
