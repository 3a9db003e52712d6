/** Starts a DynamoDB protocol server in this process, on a free loopback port, or connects to one that runs elsewhere. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { DeleteTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';

/** The rehearsal sets it, to run the tests of the stores against other implementations. */
const { TEST_DYNAMODB_ENDPOINT } = process.env;

export interface TestDynamoDb {
  readonly client: DynamoDBClient;
  close(): Promise<void>;
}

export async function startDynamoDb(): Promise<TestDynamoDb> {
  if (TEST_DYNAMODB_ENDPOINT) {
    const client = clientOf(TEST_DYNAMODB_ENDPOINT);
    return { client, close: () => removeTables(client) };
  }
  const server = dynalite({ createTableMs: 0 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = clientOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    client,
    async close() {
      client.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function removeTables(client: DynamoDBClient): Promise<void> {
  const { TableNames = [] } = await client.send(new ListTablesCommand());
  for (const TableName of TableNames) await client.send(new DeleteTableCommand({ TableName }));
  client.destroy();
}

function clientOf(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
}
