/** Serves the management API. Builds its adapters once a cold start. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import { operations } from '../definition/deployed-operations.ts';
import { SweepFindings } from '../executions/endings/sweep-findings.ts';
import { ExecutionHistory } from '../executions/execution-history.ts';
import { ExecutionProgress } from '../executions/execution-progress.ts';
import { Executions } from '../executions/executions.ts';
import { ExecutionQueue } from '../executions/queue/execution-queue.ts';
import { JobStore } from '../jobs/job-store.ts';
import type { JobLimits } from '../jobs/limits.ts';
import { OpenJobs } from '../jobs/open-jobs.ts';
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
import { DeadLetterQueues } from './operator/dead-letter-queues.ts';

const client = new DynamoDBClient();
const limits: JobLimits = JSON.parse(requiredEnv(Env.jobLimits));
const jobsTable = { client, tableName: requiredEnv(Env.jobsTableName) };
const jobs = new JobStore(jobsTable);
const sqs = new SQSClient();
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
    queue: new DeliveryQueue(sqs, requiredEnv(Env.deliveryQueueUrl)),
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
    executions: new Executions(new SFNClient(), operations),
    executionQueue: new ExecutionQueue(sqs, requiredEnv(Env.executionQueueUrl)),
    openJobs: new OpenJobs(jobsTable),
    deadLetterQueues: new DeadLetterQueues(sqs, JSON.parse(requiredEnv(Env.deadLetterQueues))),
    sweepFindings: new SweepFindings({ client, tableName: requiredEnv(Env.sweepsTableName) }),
  }),
);
