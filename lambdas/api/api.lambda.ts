/** Serves the management API. Builds its adapters once a cold start. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import { operations } from '../definition/deployed-operations.ts';
import { ExecutionHistory } from '../executions/execution-history.ts';
import { ExecutionProgress } from '../executions/execution-progress.ts';
import { JobStore } from '../jobs/job-store.ts';
import type { JobLimits } from '../jobs/limits.ts';
import { PollIntervals } from '../jobs/poll-intervals.ts';
import { OwnerSlots } from '../shared/aws/owner-slots.ts';
import { signedFetch } from '../shared/aws/signed-fetch.ts';
import { Env, requiredEnv } from '../shared/env.ts';
import { addressPolicy } from '../shared/http/address-policy.ts';
import { createPollRateLimiter } from '../shared/rate-limiter.ts';
import { DeliveryQueue } from '../webhooks/deliveries/delivery-queue.ts';
import { DeliveryStore } from '../webhooks/deliveries/delivery-store.ts';
import { EndpointStore } from '../webhooks/endpoints/endpoint-store.ts';
import { SecretSeal } from '../webhooks/endpoints/secret-seal.ts';
import { SecretVersions } from '../webhooks/signing/secret-versions.ts';
import { SigningKeys } from '../webhooks/signing/signing-keys.ts';
import { WorkspaceLinks } from '../workspace/workspace-links.ts';
import { createApi } from './api.ts';
import { ConsolePage } from './console-page.ts';

const client = new DynamoDBClient();
const limits: JobLimits = JSON.parse(requiredEnv(Env.jobLimits));
const jobs = new JobStore({ client, tableName: requiredEnv(Env.jobsTableName) });
const secrets = signedFetch('secretsmanager');

export const handler = middy(
  createApi({
    operations,
    jobs,
    executionProgress: new ExecutionProgress({ jobs, history: new ExecutionHistory(), operations }),
    pollRateLimiter: createPollRateLimiter(limits.checksPerSecond),
    polls: new PollIntervals(),
    workspace: new WorkspaceLinks(requiredEnv(Env.workspaceBucketName)),
    endpoints: new EndpointStore({ client, tableName: requiredEnv(Env.endpointsTableName) }),
    deliveries: new DeliveryStore({ client, tableName: requiredEnv(Env.deliveriesTableName) }),
    queue: new DeliveryQueue(new SQSClient(), requiredEnv(Env.deliveryQueueUrl)),
    signingKeys: new SigningKeys(new SecretVersions(secrets, requiredEnv(Env.signingSecretArn))),
    seal: new SecretSeal(new SecretVersions(secrets, requiredEnv(Env.sealingSecretArn))),
    waits: new OwnerSlots({
      client,
      tableName: requiredEnv(Env.slotsTableName),
      purpose: 'waiting_calls',
      limit: limits.waitingCalls,
    }),
    addressPolicy: addressPolicy(),
    console: new ConsolePage({
      directory: new URL('pages/', import.meta.url),
      signIn: JSON.parse(requiredEnv(Env.consoleSignIn)),
    }),
  }),
);
