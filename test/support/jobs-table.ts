/** Creates a jobs table. */
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { JobsTable } from '../../lambdas/jobs/jobs-table.ts';
import { startDynamoDb } from './dynamodb.ts';

export const TABLE_NAME = 'jobs';

export async function startJobsTable() {
  const { client, close } = await startDynamoDb();
  const indexes = [JobsTable.ownerIndex, JobsTable.openIndex];
  const keys = new Set<string>([
    JobsTable.partitionKey,
    ...indexes.flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]),
  ]);
  await client.send(
    new CreateTableCommand({
      TableName: TABLE_NAME,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: JobsTable.partitionKey, KeyType: 'HASH' }],
      AttributeDefinitions: [...keys].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      GlobalSecondaryIndexes: indexes.map(({ name, partitionKey, sortKey, attributes }) => ({
        IndexName: name,
        KeySchema: [
          { AttributeName: partitionKey, KeyType: 'HASH' },
          { AttributeName: sortKey, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...attributes] },
      })),
    }),
  );
  return { client, close };
}
