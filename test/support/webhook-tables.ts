/** Creates the webhook tables and the slots table. */
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { OwnerSlots } from '../../lambdas/shared/aws/owner-slots.ts';
import { SlotsTable } from '../../lambdas/shared/slots-table.ts';
import { DeliveriesTable } from '../../lambdas/webhooks/deliveries/deliveries-table.ts';
import { DeliveryStore } from '../../lambdas/webhooks/deliveries/delivery-store.ts';
import { EndpointStore } from '../../lambdas/webhooks/endpoints/endpoint-store.ts';
import { EndpointsTable } from '../../lambdas/webhooks/endpoints/endpoints-table.ts';
import { startDynamoDb } from './dynamodb.ts';

/** @param now the clock of the stores; epoch milliseconds */
export async function startWebhookTables(now: () => number) {
  const { client, close } = await startDynamoDb();
  await createTable(client, 'endpoints', EndpointsTable, []);
  await createTable(client, 'deliveries', DeliveriesTable, [
    DeliveriesTable.endpointIndex,
    DeliveriesTable.waitingIndex,
  ]);
  await client.send(
    new CreateTableCommand({
      TableName: 'slots',
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: SlotsTable.partitionKey, KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: SlotsTable.partitionKey, AttributeType: 'S' }],
    }),
  );
  return {
    client,
    slotsOf: (limit: number) => new OwnerSlots({ client, tableName: 'slots', purpose: 'test', limit, now }),
    endpoints: new EndpointStore({ client, tableName: 'endpoints', now }),
    deliveries: new DeliveryStore({ client, tableName: 'deliveries', now }),
    close,
  };
}

interface Keys {
  readonly partitionKey: string;
  readonly sortKey: string;
}

async function createTable(
  client: DynamoDBClient,
  TableName: string,
  keys: Keys,
  indexes: readonly (Keys & { readonly name: string })[],
): Promise<void> {
  const names = new Set([keys, ...indexes].flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]));
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: schemaOf(keys),
      AttributeDefinitions: [...names].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      ...(indexes.length > 0 && {
        GlobalSecondaryIndexes: indexes.map((index) => ({
          IndexName: index.name,
          KeySchema: schemaOf(index),
          Projection: { ProjectionType: 'KEYS_ONLY' },
        })),
      }),
    }),
  );
}

function schemaOf({ partitionKey, sortKey }: Keys) {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' },
    { AttributeName: sortKey, KeyType: 'RANGE' },
  ] as const satisfies readonly unknown[] as never;
}
