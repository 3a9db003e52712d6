/** Starts a DynamoDB protocol server in this process, on a free loopback port, or connects to one that runs elsewhere. */
import { DeleteTableCommand, DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { openDynalite } from '../../local/dynamodb/dynalite-actions.ts';
import { actionOf } from '../../local/shared/aws-json.ts';
import { listenOnLoopback, readBody, sendJson } from '../../local/shared/loopback-server.ts';

/** The rehearsal sets it, to run the tests of the stores against other implementations. */
const { TEST_DYNAMODB_ENDPOINT } = process.env;
/** DynamoDB's limit of one request. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

export interface TestDynamoDb {
  readonly client: DynamoDBClient;
  close(): Promise<void>;
}

export async function startDynamoDb(): Promise<TestDynamoDb> {
  if (TEST_DYNAMODB_ENDPOINT) {
    const client = clientOf(TEST_DYNAMODB_ENDPOINT);
    return { client, close: () => removeTables(client) };
  }
  // Without dynalite's own server, whose `node:domain` hooks every promise of the process, also of later test files.
  const dynalite = openDynalite(undefined);
  const { url, close } = await listenOnLoopback(async (request, response) => {
    const input = JSON.parse(String(await readBody(request, MAX_REQUEST_BYTES)));
    const { status, body } = await dynalite.call({
      action: actionOf(request.headers),
      input,
      isExpiry: false,
    });
    sendJson(response, status, body, { 'Content-Type': 'application/x-amz-json-1.0' });
  });
  const client = clientOf(url);
  return {
    client,
    async close() {
      client.destroy();
      await close();
      await dynalite.close();
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
