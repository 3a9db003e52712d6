/** Serves the management API. Builds its adapters once a cold start. */
import middy from '@middy/core';
import { deployedNames } from '../definition/deployed-names.ts';
import { operations } from '../definition/deployed-operations.ts';
import { jobServices } from '../executions/job-services.ts';
import { signedFetch } from '../shared/aws/signed-fetch.ts';
import { requestKeys } from '../shared/caller.ts';
import { Env, requiredEnv } from '../shared/env.ts';
import { addressPolicy } from '../shared/http/address-policy.ts';
import { writeMetrics } from '../shared/observability/metrics.ts';
import { observe } from '../shared/observability/observe.ts';
import { measureRequests } from '../shared/observability/request-metrics.ts';
import { readCard } from '../shared/server-identity.ts';
import { DeliveryQueue } from '../webhooks/deliveries/delivery-queue.ts';
import { DeliveryStore } from '../webhooks/deliveries/delivery-store.ts';
import { EndpointStore } from '../webhooks/endpoints/endpoint-store.ts';
import { Notifications } from '../webhooks/endpoints/notifications.ts';
import { SecretSeal } from '../webhooks/endpoints/secret-seal.ts';
import { SecretVersions } from '../webhooks/signing/secret-versions.ts';
import { SigningKeys } from '../webhooks/signing/signing-keys.ts';
import { createApi } from './api.ts';
import { ConsolePage } from './console-page.ts';

const services = jobServices(operations);
const { client, sqs } = services;
const secrets = signedFetch('secretsmanager');
const endpoints = new EndpointStore({
  client,
  tableName: requiredEnv(Env.endpointsTableName),
  onChange: (owner) => notifications.forget(owner),
});
const notifications = new Notifications(endpoints);

export const handler = middy(
  createApi({
    ...services,
    endpoints,
    notifications,
    deliveries: new DeliveryStore({ client, tableName: requiredEnv(Env.deliveriesTableName) }),
    queue: new DeliveryQueue(sqs, requiredEnv(Env.deliveryQueueUrl)),
    signingKeys: new SigningKeys(new SecretVersions(secrets, requiredEnv(Env.signingSecretArn))),
    seal: new SecretSeal(new SecretVersions(secrets, requiredEnv(Env.sealingSecretArn))),
    addressPolicy: addressPolicy(),
    console: new ConsolePage({
      directory: new URL('pages/', import.meta.url),
      signIn: JSON.parse(requiredEnv(Env.consoleSignIn)),
    }),
    serverCard: readCard(process.env[Env.serverCard]),
  }),
)
  .use(observe(requestKeys))
  .use(writeMetrics(deployedNames))
  .use(measureRequests());
