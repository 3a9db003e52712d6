/** The MCP endpoint's function: adapters built once a cold start, around the protocol. */

import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { operations } from '#catalogue';
import { ExecutionHistory } from '../executions/execution-history.ts';
import { Observer } from '../executions/execution-progress.ts';
import { Executions } from '../executions/executions.ts';
import { Calls } from '../executions/sync-calls.ts';
import { JobStore } from '../jobs/job-store.ts';
import type { JobLimits } from '../jobs/limits.ts';
import { PollIntervals } from '../jobs/poll-intervals.ts';
import { signedFetch } from '../shared/aws/signed-fetch.ts';
import { callerOf } from '../shared/caller.ts';
import { Env, requiredEnv } from '../shared/env.ts';
import { addressPolicy } from '../shared/http/address-policy.ts';
import { callPace, pollPace } from '../shared/rate-limiter.ts';
import { DeliveryQueue } from '../webhooks/deliveries/delivery-queue.ts';
import { DeliveryStore } from '../webhooks/deliveries/delivery-store.ts';
import { EndpointStore } from '../webhooks/endpoints/endpoint-store.ts';
import { SecretSeal } from '../webhooks/endpoints/secret-seal.ts';
import { SecretVersions } from '../webhooks/signing/secret-versions.ts';
import { WorkspaceLinks } from '../workspace/workspace-links.ts';
import { toRequest, toStreamedAnswer } from './api-gateway.ts';
import { createEndpoint } from './endpoint.ts';
import { createEventMethods } from './events/index.ts';
import { JobResources } from './resources/job-resources.ts';
import { createCoreMethods } from './tasks/core-methods.ts';
import { createExtensionMethods } from './tasks/extension-methods.ts';
import { TaskJobs } from './tasks/task-jobs.ts';
import { createTools } from './tools/index.ts';

/** For the end of a stream to reach its client before the function's time is over. */
const ENDING_MS = 5_000;

const client = new DynamoDBClient();
const limits: JobLimits = JSON.parse(requiredEnv(Env.jobLimits));
const deliveries = new DeliveryStore({ client, tableName: requiredEnv(Env.deliveriesTableName) });
const policy = addressPolicy();
const jobs = new JobStore({ client, tableName: requiredEnv(Env.jobsTableName) });
const pace = pollPace(limits.checksPerSecond);
const workspace = new WorkspaceLinks(requiredEnv(Env.workspaceBucketName));
const executions = new Executions(new SFNClient(), operations);
const observer = new Observer({ jobs, history: new ExecutionHistory(), operations });
const polls = new PollIntervals();
const tasks = new TaskJobs({ operations, jobs, executions, observer, workspace, pace, polls });
const tools = createTools({
  operations,
  jobs,
  executions,
  observer,
  calls: new Calls(),
  callPace: callPace(limits.callsPerSecond),
  limits,
  pace,
  polls,
  workspace,
  deliveries,
  addressPolicy: policy,
});
const eventMethods = createEventMethods({
  operations,
  endpoints: new EndpointStore({ client, tableName: requiredEnv(Env.endpointsTableName) }),
  deliveries,
  queue: new DeliveryQueue(new SQSClient(), requiredEnv(Env.deliveryQueueUrl)),
  seal: new SecretSeal(new SecretVersions(signedFetch('secretsmanager'), requiredEnv(Env.sealingSecretArn))),
  addressPolicy: policy,
});
const endpoint = createEndpoint({
  tools,
  tasks,
  methods: {
    legacy: createCoreMethods(tasks, jobs),
    modern: [...createExtensionMethods(tasks, jobs), ...eventMethods],
  },
  resources: new JobResources({ jobs, pace, workspace }),
});

export const handler = middy(
  async (event: APIGatewayProxyEvent, context: Context) => {
    const caller = callerOf(event);
    const request = toRequest(event);
    if (!caller) return refuse(401, 'The gateway named no caller.');
    if (!request) return refuse(400, 'This is no request that can be answered.');
    const endsAtMs = Date.now() + context.getRemainingTimeInMillis() - ENDING_MS;
    return toStreamedAnswer(await endpoint(request, caller, endsAtMs));
  },
  { executionMode: executionModeStreamifyResponse },
);

function refuse(status: number, message: string) {
  return toStreamedAnswer(Response.json({ message }, { status }));
}
