/** Authorizes requests for API Gateway. Caches the identity provider's keys between invocations. */
import middy from '@middy/core';
import type { APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { writeMetrics } from '../shared/observability/metrics.ts';
import { observe } from '../shared/observability/observe.ts';
import { createAuthorizer } from './authorizer.ts';
import { keySource } from './key-source.ts';
import { readSettings } from './settings.ts';
import { tokenVerifier } from './verify-token.ts';

const settings = readSettings();

export const handler = middy(createAuthorizer(settings, tokenVerifier(settings, keySource(settings.issuer))))
  .use(
    observe(({ requestContext }: APIGatewayRequestAuthorizerEvent) => ({
      correlation_id: requestContext.requestId,
    })),
  )
  .use(writeMetrics());
