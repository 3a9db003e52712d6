/** Delivers webhooks and verifies subscriptions from the queue: the only webhook function that calls callers' URLs. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import middy from '@middy/core';
import type { SQSEvent } from 'aws-lambda';
import { OwnerSlots } from '../../shared/aws/owner-slots.ts';
import { signedFetch } from '../../shared/aws/signed-fetch.ts';
import { Env, requiredEnv } from '../../shared/env.ts';
import { addressPolicy } from '../../shared/http/address-policy.ts';
import { writeMetrics } from '../../shared/observability/metrics.ts';
import { observe } from '../../shared/observability/observe.ts';
import { DeliveryQueue } from '../deliveries/delivery-queue.ts';
import { DeliveryStore } from '../deliveries/delivery-store.ts';
import { EndpointStore } from '../endpoints/endpoint-store.ts';
import { SecretSeal } from '../endpoints/secret-seal.ts';
import { SecretVersions } from '../signing/secret-versions.ts';
import { SigningKeys } from '../signing/signing-keys.ts';
import { type ConsumeDependencies, consumeQueue } from './consume-queue.ts';
import { post } from './post.ts';

const client = new DynamoDBClient();
const sqs = new SQSClient();
const secrets = signedFetch('secretsmanager');
const policy = addressPolicy();
const dependencies: ConsumeDependencies = {
  endpoints: new EndpointStore({ client, tableName: requiredEnv(Env.endpointsTableName) }),
  deliveries: new DeliveryStore({ client, tableName: requiredEnv(Env.deliveriesTableName) }),
  queue: new DeliveryQueue(sqs, requiredEnv(Env.deliveryQueueUrl)),
  deadLetters: new DeliveryQueue(sqs, requiredEnv(Env.deliveryDeadLetterQueueUrl)),
  signingKeys: new SigningKeys(new SecretVersions(secrets, requiredEnv(Env.signingSecretArn))),
  seal: new SecretSeal(new SecretVersions(secrets, requiredEnv(Env.sealingSecretArn))),
  post: (request) => post({ ...request, policy }),
  apiUrl: requiredEnv(Env.apiUrl),
  slots: new OwnerSlots({
    client,
    tableName: requiredEnv(Env.slotsTableName),
    purpose: 'deliveries',
    limit: Number(requiredEnv(Env.deliverySlots)),
  }),
  retrySeconds: requiredEnv(Env.retrySeconds).split(',').map(Number),
};

export const handler = middy(({ Records }: SQSEvent) => consumeQueue(dependencies, Records))
  .use(observe())
  .use(writeMetrics());
