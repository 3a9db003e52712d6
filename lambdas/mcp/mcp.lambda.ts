/** Handles requests to the MCP endpoint. Builds the adapters once a cold start. */
import { readFile } from 'node:fs/promises';
import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { deployedNames } from '../definition/deployed-names.ts';
import { operations } from '../definition/deployed-operations.ts';
import { jobServices } from '../executions/job-services.ts';
import { SyncCalls } from '../executions/sync-calls.ts';
import { signedFetch } from '../shared/aws/signed-fetch.ts';
import { callerOf, requestKeys } from '../shared/caller.ts';
import { Env, requiredEnv } from '../shared/env.ts';
import { addressPolicy } from '../shared/http/address-policy.ts';
import { writeMetrics } from '../shared/observability/metrics.ts';
import { observe } from '../shared/observability/observe.ts';
import { measureRequests } from '../shared/observability/request-metrics.ts';
import { createCallRateLimiter } from '../shared/rate-limiter.ts';
import { readIdentity } from '../shared/server-identity.ts';
import { DeliveryQueue } from '../webhooks/deliveries/delivery-queue.ts';
import { DeliveryStore } from '../webhooks/deliveries/delivery-store.ts';
import { EndpointStore } from '../webhooks/endpoints/endpoint-store.ts';
import { Notifications } from '../webhooks/endpoints/notifications.ts';
import { SecretSeal } from '../webhooks/endpoints/secret-seal.ts';
import { SecretVersions } from '../webhooks/signing/secret-versions.ts';
import { toRequest, toStreamedResponse } from './api-gateway.ts';
import { createEndpoint } from './endpoint.ts';
import { createEventMethods } from './events/index.ts';
import { JobResources } from './resources/job-resources.ts';
import { createCoreMethods } from './tasks/core-methods.ts';
import { createExtensionMethods } from './tasks/extension-methods.ts';
import { TaskJobs } from './tasks/task-jobs.ts';
import { createTools } from './tools/index.ts';
import { warmUp } from './warm-up.ts';

/** A stream ends this long before the function times out, so that its end reaches the client. */
const STREAM_END_MARGIN_MS = 5_000;

const services = jobServices(operations);
const { client, sqs, limits, jobs, pollRateLimiter, waits, workspace } = services;
const deliveries = new DeliveryStore({ client, tableName: requiredEnv(Env.deliveriesTableName) });
const endpoints = new EndpointStore({
  client,
  tableName: requiredEnv(Env.endpointsTableName),
  onChange: (owner) => notifications.forget(owner),
});
const notifications = new Notifications(endpoints);
const policy = addressPolicy();
const tasks = new TaskJobs(services);
const tools = createTools({
  ...services,
  calls: new SyncCalls(),
  callRateLimiter: createCallRateLimiter(limits.callsPerSecond),
  deliveries,
  notifications,
  addressPolicy: policy,
});
const eventMethods = createEventMethods({
  operations,
  endpoints,
  deliveries,
  queue: new DeliveryQueue(sqs, requiredEnv(Env.deliveryQueueUrl)),
  seal: new SecretSeal(new SecretVersions(signedFetch('secretsmanager'), requiredEnv(Env.sealingSecretArn))),
  waits,
  addressPolicy: policy,
});
const endpoint = createEndpoint({
  identity: readIdentity(process.env[Env.serverIdentity]),
  authorizationExtensions: process.env[Env.authorizationExtensions]?.split(' ') ?? [],
  tools,
  tasks,
  waits,
  methods: {
    legacy: [...createCoreMethods(tasks, { jobs, waits }), ...eventMethods],
    modern: [...createExtensionMethods(tasks, jobs), ...eventMethods],
  },
  resources: new JobResources({ jobs, operations, pollRateLimiter, workspace }),
  // Beside the bundle. Few requests need it.
  readCard: () => readFile(new URL('pages/card.html', import.meta.url), 'utf8'),
});

await warmUp(endpoint, services.executions);

export const handler = middy(
  async (event: APIGatewayProxyEvent, context: Context) => {
    const caller = callerOf(event);
    const request = toRequest(event);
    if (!caller)
      return refuse(401, 'The gateway did not identify a caller. Sign the request, or send an access token.');
    if (!request) return refuse(400, 'Malformed request. Send a JSON-RPC request with POST.');
    const endsAtMs = Date.now() + context.getRemainingTimeInMillis() - STREAM_END_MARGIN_MS;
    return toStreamedResponse(await endpoint(request, caller, endsAtMs));
  },
  { executionMode: executionModeStreamifyResponse },
)
  .use(observe(requestKeys))
  .use(writeMetrics(deployedNames))
  .use(measureRequests());

function refuse(status: number, message: string) {
  return toStreamedResponse(Response.json({ message }, { status }));
}
