/** What the authorizer counts: refused tokens, which are errors of its function but nothing to alarm about. */
import { expect, test } from '@jest/globals';
import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { createAuthorizer } from '../../lambdas/auth/authorizer.ts';
import type { TokenSettings } from '../../lambdas/auth/settings.ts';
import { TokenRefused } from '../../lambdas/auth/verify-token.ts';
import { metricDocumentsOf, sumsOf } from '../support/metric-documents.ts';

const event = {
  headers: { Authorization: 'Bearer token' },
  multiValueHeaders: { Authorization: ['Bearer token'] },
  methodArn: 'arn:aws:execute-api:us-east-1:000000000000:api/v1/GET/jobs',
} as unknown as APIGatewayRequestAuthorizerEvent;

test.each<[string, Error, object]>([
  ['a refused token is counted', new TokenRefused('The token has expired.'), { TokensRefused: 1 }],
  ['an issuer that does not respond is not', new Error('The issuer does not respond.'), {}],
])('%s', async (_, error, expected) => {
  const authorize = createAuthorizer({} as TokenSettings, async () => {
    throw error;
  });
  expect(sumsOf(await metricDocumentsOf(() => authorize(event)))).toEqual(expected);
});
