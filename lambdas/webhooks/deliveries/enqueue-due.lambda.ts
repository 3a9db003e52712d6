/** Queues the attempts of the next fifteen minutes, to the second. Runs every five minutes. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { Context, ScheduledEvent } from 'aws-lambda';
import { Env, requiredEnv } from '../../shared/env.ts';
import { writeMetrics } from '../../shared/observability/metrics.ts';
import { observe } from '../../shared/observability/observe.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { DeliveryStore } from './delivery-store.ts';
import { enqueueDue } from './enqueue-due.ts';

const deliveries = new DeliveryStore({
  client: new DynamoDBClient(),
  tableName: requiredEnv(Env.deliveriesTableName),
});
const queue = new DeliveryQueue(new SQSClient(), requiredEnv(Env.deliveryQueueUrl));

export const handler = middy(async (_event: ScheduledEvent, context: Context) => {
  await enqueueDue({
    deliveries,
    queue,
    remainingMs: () => context.getRemainingTimeInMillis(),
  });
})
  .use(observe())
  .use(writeMetrics());
