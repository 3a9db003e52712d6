/** Opens the webhook stores of the shared cloud, to inspect them and to insert states that take long to reach. */
import { randomUUID } from 'node:crypto';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Delivery, DeliveryStatus, deliveryKey } from '../../lambdas/webhooks/deliveries/delivery.ts';
import { DeliveryStore } from '../../lambdas/webhooks/deliveries/delivery-store.ts';
import { EndpointStore } from '../../lambdas/webhooks/endpoints/endpoint-store.ts';
import { SecretSeal } from '../../lambdas/webhooks/endpoints/secret-seal.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import { assemblies } from '../support/assemblies.ts';
import { sharedUser } from '../support/shared-cloud.ts';
import { awsClients } from '../support/test-cloud.ts';

/** Returns the owner that the gateway of the shared cloud derives from a signature. */
export function arnOf(user: string): string {
  return `arn:aws:iam::000000000000:user/${sharedUser(user)}`;
}

export async function openStores(cloud: LocalCloud) {
  const { dynamodb: client } = awsClients(cloud);
  const { TableNames = [] } = await client.send(new ListTablesCommand());
  const tableName = (part: string) => TableNames.find((name) => name.includes(part)) ?? '';
  const endpoints = new EndpointStore({ client, tableName: tableName('Endpoints') });
  const seal = new SecretSeal({ get: async () => ({ current: await sealingText(cloud) }) });
  return {
    endpoints,
    /** The unsealed secrets of an endpoint, newest first. */
    async secretsOf(owner: string, endpointId: string): Promise<readonly string[]> {
      const endpoint = await endpoints.get(owner, endpointId);
      return endpoint ? (await seal.openEndpoint(endpoint)).secrets.map(({ value }) => value) : [];
    },
    /** @param now creation time of the deliveries; epoch milliseconds */
    deliveriesAt: (now: () => number) =>
      new DeliveryStore({ client, tableName: tableName('Deliveries'), now }),
    close: () => client.destroy(),
  };
}

async function sealingText({ environment }: LocalCloud): Promise<string> {
  const { template } = await readAssembly(assemblies.test);
  const secretId = Object.keys(template.Resources).find((id) => id.startsWith('WebhooksSealingSecret'));
  const client = new SecretsManagerClient({
    region: 'us-east-1',
    endpoint: environment.AWS_ENDPOINT_URL_SECRETS_MANAGER,
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const { SecretString = '' } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
  client.destroy();
  return SecretString;
}

export type Stores = Awaited<ReturnType<typeof openStores>>;

export interface SeedOptions {
  readonly owner: string;
  readonly endpointId: string;
  readonly count: number;
  /** Creation time of the first; each later one is a second after the previous. Epoch milliseconds. */
  readonly fromMs: number;
  /** @default delivered */
  readonly status?: DeliveryStatus;
  /** @default one for each */
  readonly jobId?: string;
  /** @default an hour */
  readonly keptSeconds?: number;
}

/** Finished deliveries. */
export async function seedDeliveries(stores: Stores, options: SeedOptions) {
  const { owner, endpointId, count, fromMs, status = DeliveryStatus.delivered, jobId } = options;
  const { keptSeconds = 3_600 } = options;
  let nowMs = fromMs;
  const store = stores.deliveriesAt(() => nowMs);
  const made: Pick<Delivery, 'jobId' | 'deliveryKey' | 'event'>[] = [];
  for (let index = 0; index < count; index += 1) {
    const id = jobId ?? randomUUID();
    const version = index + 1;
    const delivery = {
      jobId: id,
      deliveryKey: deliveryKey(version, endpointId),
      owner: arnOf(owner),
      endpointId,
      type: 'job.completed',
      event: {
        id: `${id}.${version}`,
        type: 'job.completed',
        timestamp: new Date(nowMs).toISOString(),
        data: {},
      },
      status,
      expiresAt: Math.floor(Date.now() / 1000) + keptSeconds,
    };
    await store.create(delivery as never, { listed: true });
    made.push(delivery as never);
    nowMs += 1_000;
  }
  return made;
}
