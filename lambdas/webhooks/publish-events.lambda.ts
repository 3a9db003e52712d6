/**
 * Publishes every change in the jobs table's stream to the SNS topic and to the subscribed endpoints, and queued events that one
 * of them did not take before.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { DynamoDBStreamEvent, SQSEvent } from 'aws-lambda';
import { deployedNames } from '../definition/deployed-names.ts';
import { DeadLetters } from '../events/dead-letters.ts';
import { EventRetries, retryEvents } from '../events/event-retries.ts';
import { EventTopic } from '../events/event-topic.ts';
import { type PublishDependencies, publishEvents } from '../events/publish-events.ts';
import { JobStore } from '../jobs/job-store.ts';
import { Env, requiredEnv } from '../shared/env.ts';
import { writeMetrics } from '../shared/observability/metrics.ts';
import { observe } from '../shared/observability/observe.ts';
import { DeliveryQueue } from './deliveries/delivery-queue.ts';
import { DeliveryStore } from './deliveries/delivery-store.ts';
import { EndpointStore } from './endpoints/endpoint-store.ts';
import { EventRouter } from './route-events.ts';

/** A service that does not respond fails well before the timeout of the function, so that it holds neither sink nor stream. */
const options = { maxAttempts: 2, requestHandler: { connectionTimeout: 2_000, socketTimeout: 5_000 } };
const client = new DynamoDBClient(options);
const sqs = new SQSClient(options);
const takesProgress = process.env[Env.progressToTopic] === 'true';
const sinks = [
  new EventTopic(new SNSClient(options), requiredEnv(Env.eventsTopicArn), { takesProgress }),
  new EventRouter(
    new EndpointStore({ client, tableName: requiredEnv(Env.endpointsTableName) }),
    new DeliveryStore({ client, tableName: requiredEnv(Env.deliveriesTableName) }),
    new DeliveryQueue(sqs, requiredEnv(Env.deliveryQueueUrl)),
    {
      jobs: new JobStore({ client, tableName: requiredEnv(Env.jobsTableName) }),
      isOfAll: takesProgress,
    },
  ),
];

const deadLetters = new DeadLetters(sqs, requiredEnv(Env.eventDeadLetterQueueUrl));
const retries = new EventRetries(sqs, requiredEnv(Env.eventRetryQueueUrl));
const dependencies: PublishDependencies = {
  sinks,
  deadLetter: (letter) => deadLetters.send(letter),
  retryLater: (event) => retries.send(event),
};

export const handler = middy((event: DynamoDBStreamEvent | SQSEvent) =>
  isQueued(event) ? retryEvents(dependencies, event.Records) : publishEvents(dependencies, event.Records),
)
  .use(observe())
  .use(writeMetrics(deployedNames));

function isQueued(event: DynamoDBStreamEvent | SQSEvent): event is SQSEvent {
  const [first] = event.Records;
  return first !== undefined && 'messageId' in first;
}
