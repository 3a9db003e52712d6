/** Serves operators. Builds its adapters once a cold start. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SFNClient } from '@aws-sdk/client-sfn';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import { operations } from '../../definition/deployed-operations.ts';
import { SweepFindings } from '../../executions/endings/sweep-findings.ts';
import { Executions } from '../../executions/executions.ts';
import { ExecutionQueue } from '../../executions/queue/execution-queue.ts';
import { JobStore } from '../../jobs/job-store.ts';
import { OpenJobs } from '../../jobs/open-jobs.ts';
import { requestKeys } from '../../shared/caller.ts';
import { Env, requiredEnv } from '../../shared/env.ts';
import { observe } from '../../shared/observability/observe.ts';
import { DeliveryQueue } from '../../webhooks/deliveries/delivery-queue.ts';
import { DeliveryStore } from '../../webhooks/deliveries/delivery-store.ts';
import { EndpointStore } from '../../webhooks/endpoints/endpoint-store.ts';
import { DeadLetterQueues } from './dead-letter-queues.ts';
import { createOperatorApi } from './operator.ts';

const client = new DynamoDBClient();
const sqs = new SQSClient();
const jobsTable = { client, tableName: requiredEnv(Env.jobsTableName) };

export const handler = middy(
  createOperatorApi({
    operations,
    jobs: new JobStore(jobsTable),
    openJobs: new OpenJobs(jobsTable),
    executions: new Executions(new SFNClient(), operations),
    executionQueue: new ExecutionQueue(sqs, requiredEnv(Env.executionQueueUrl)),
    endpoints: new EndpointStore({ client, tableName: requiredEnv(Env.endpointsTableName) }),
    deliveries: new DeliveryStore({ client, tableName: requiredEnv(Env.deliveriesTableName) }),
    queue: new DeliveryQueue(sqs, requiredEnv(Env.deliveryQueueUrl)),
    deadLetterQueues: new DeadLetterQueues(sqs, JSON.parse(requiredEnv(Env.deadLetterQueues))),
    sweepFindings: new SweepFindings({ client, tableName: requiredEnv(Env.sweepsTableName) }),
  }),
).use(observe(requestKeys));
