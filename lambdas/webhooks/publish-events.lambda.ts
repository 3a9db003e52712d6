/** Publishes every change in the jobs table's stream to the SNS topic and to the subscribed endpoints. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { DynamoDBStreamEvent } from 'aws-lambda';
import { DeadLetters } from '../events/dead-letters.ts';
import { EventTopic } from '../events/event-topic.ts';
import { publishEvents } from '../events/publish-events.ts';
import { Env, requiredEnv } from '../shared/env.ts';
import { DeliveryQueue } from './deliveries/delivery-queue.ts';
import { DeliveryStore } from './deliveries/delivery-store.ts';
import { EndpointStore } from './endpoints/endpoint-store.ts';
import { EventRouter } from './route-events.ts';

const client = new DynamoDBClient();
const sqs = new SQSClient();
const sinks = [
  new EventTopic(new SNSClient(), requiredEnv(Env.eventsTopicArn)),
  new EventRouter(
    new EndpointStore({ client, tableName: requiredEnv(Env.endpointsTableName) }),
    new DeliveryStore({ client, tableName: requiredEnv(Env.deliveriesTableName) }),
    new DeliveryQueue(sqs, requiredEnv(Env.deliveryQueueUrl)),
  ),
];

const deadLetters = new DeadLetters(sqs, requiredEnv(Env.eventDeadLetterQueueUrl));

export const handler = middy(({ Records }: DynamoDBStreamEvent) =>
  publishEvents({ sinks, deadLetter: (record) => deadLetters.send(record) }, Records),
);
