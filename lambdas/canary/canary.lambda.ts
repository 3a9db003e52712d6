/** Runs the canary on its schedule, and receives its webhooks from the gateway. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import type { APIGatewayProxyEvent, EventBridgeEvent } from 'aws-lambda';
import { Env, requiredEnv } from '../shared/env.ts';
import { addMetric, writeMetrics } from '../shared/observability/metrics.ts';
import { observe } from '../shared/observability/observe.ts';
import { CanaryRuns } from './canary-runs.ts';
import type { CanarySettings } from './canary-settings.ts';
import { type ReceivedWebhook, receiveWebhook } from './receive-webhook.ts';
import { metricsOf, runCanary } from './run-canary.ts';
import { type AuthorizedFetch, createSignIn } from './sign-in.ts';
import { startJob } from './start-job.ts';
import { fetchPublicKeys } from './verify-webhook.ts';

const apiUrl = requiredEnv(Env.apiUrl);
const { tool, input, signIn } = JSON.parse(requiredEnv(Env.canary)) as CanarySettings;
const runs = new CanaryRuns(new DynamoDBClient(), requiredEnv(Env.canaryTableName));
const dependencies = {
  runs,
  apiUrl,
  publicKeys: () => fetchPublicKeys(apiUrl),
  signIn: createSignIn(signIn),
  start: (authorizedFetch: AuthorizedFetch, callbackUrl: string) =>
    startJob(authorizedFetch, { apiUrl, tool, input, callbackUrl }),
};

export const handler = middy(handle).use(observe()).use(writeMetrics());

async function handle(event: APIGatewayProxyEvent | EventBridgeEvent<string, unknown>) {
  if ('httpMethod' in event) {
    const statusCode = await receiveWebhook({ runs }, webhookOf(event));
    return { statusCode, body: '' };
  }
  for (const [name, value] of metricsOf(await runCanary(dependencies))) addMetric(name, value);
  return undefined;
}

function webhookOf({ headers, body, pathParameters, requestContext }: APIGatewayProxyEvent): ReceivedWebhook {
  const lowerCase = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    token: pathParameters?.token ?? '',
    headers: Object.fromEntries(lowerCase),
    body: body ?? '',
    // Not the time of this function, whose cold start is no part of the delivery.
    arrivedMs: requestContext.requestTimeEpoch,
  };
}
