/** DynamoDB: dynalite, the tables of the template, and the time to live that dynalite lacks. */
import type { RequestListener } from 'node:http';
import { Readable } from 'node:stream';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type KeySchemaElement,
  paginateScan,
  ResourceInUseException,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import type { Environment } from '../environment.ts';
import type { Iam } from '../iam/iam.ts';
import { refuseTableCall } from '../iam/table-guard.ts';
import { actionOf } from '../shared/aws-json.ts';
import { TTL_PRINCIPAL } from '../shared/credentials.ts';
import { listenOnLoopback, readBody } from '../shared/loopback-server.ts';
import { captureChanges, isByTtl } from './change-capture.ts';
import type { CallTables, TableAnswer, TableProperties, TableRequest } from './table-request.ts';
import type { TableStream } from './table-stream.ts';

/** Properties of `AWS::DynamoDB::Table` and `GlobalTable` that mean something here. */
/** DynamoDB itself takes days; five seconds let a developer see that expired items go. */
const TTL_SWEEP_MS = 5_000;
/** DynamoDB's own limit of one request. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

export interface TableServer {
  readonly url: string;
  /** From now on, changes of these tables go into their streams. @param streams by table name */
  captureInto(streams: ReadonlyMap<string, TableStream>): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param directory where LevelDB keeps the items; without one they live in memory.
 * @param onCall is told the action of each request.
 * @param iam decides each; until it is there, requests wait.
 */
export async function startTableServer(
  directory: string | undefined,
  onCall: (action: string) => void,
  iam: Promise<Iam>,
): Promise<TableServer> {
  const server = dynalite({ path: directory, createTableMs: 0 });
  const [handle] = server.listeners('request') as [RequestListener];
  server.removeAllListeners('request');
  const callDynalite: CallTables = (request) => callListener(handle, request);
  let call = callDynalite;
  const { url, close } = await listenOnLoopback(
    async (request, response) => {
      const body = (await readBody(request, MAX_REQUEST_BYTES)) ?? Buffer.alloc(0);
      const { method, url, headers } = request;
      // On AWS, expiry is no call: nobody pays for it.
      if (!isByTtl(headers)) onCall(actionOf(headers));
      const tableRequest = { method, url, headers, body };
      const answer = refuseTableCall(await iam, tableRequest) ?? (await call(tableRequest));
      response.writeHead(answer.status, answer.headers).end(answer.body);
    },
    { server },
  );
  return {
    url,
    async captureInto(streams) {
      call = await captureChanges(streams, callDynalite);
    },
    close,
  };
}

/**
 * dynalite throws out of the process when a client goes away halfway through a request, as a function that is stopped
 * does. So it gets only requests that have arrived whole, and the little of a response that it uses.
 */
function callListener(
  handle: RequestListener,
  { method, url, headers, body }: TableRequest,
): Promise<TableAnswer> {
  return new Promise((resolve) => {
    const request = Object.assign(Readable.from(body.length > 0 ? [body] : []), { method, url, headers });
    const answered: Record<string, string | number> = {};
    const response = {
      statusCode: 200,
      setHeader(name: string, value: string | number) {
        answered[name] = value;
      },
      end: (text = '') => resolve({ status: response.statusCode, headers: answered, body: text }),
    };
    const [asRequest, asResponse] = [request, response] as unknown as Parameters<RequestListener>;
    handle(asRequest, asResponse);
  });
}

export interface Tables {
  close(): Promise<void>;
}

/**
 * Creates the tables that do not exist yet and starts deleting what expires in any of them.
 * @throws Error when a table of an earlier start has other keys or indexes.
 */
export async function createTables(
  tables: ReadonlyMap<string, TableProperties>,
  environment: Environment,
): Promise<Tables> {
  // Streams tell by the signature who has deleted an item.
  const credentials = { accessKeyId: TTL_PRINCIPAL, secretAccessKey: 'local' };
  const client = new DynamoDBClient({ ...environment.clientOptions('DYNAMODB'), credentials });
  for (const [name, properties] of tables) await createTable(client, name, properties);

  const expiring = [...tables].flatMap(([name, { TimeToLiveSpecification: ttl }]) =>
    ttl?.Enabled ? [{ name, attribute: ttl.AttributeName, keys: keyNames(tables.get(name)) }] : [],
  );
  let sweeping = Promise.resolve();
  const timer = setInterval(() => {
    // A sweep that fails is tried again with the next one.
    sweeping = sweeping.then(() => deleteExpired(client, expiring)).catch(() => {});
  }, TTL_SWEEP_MS);
  return {
    async close() {
      clearInterval(timer);
      await sweeping;
      client.destroy();
    },
  };
}

async function createTable(client: DynamoDBClient, name: string, properties: TableProperties): Promise<void> {
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes } = properties;
  try {
    await client.send(
      new CreateTableCommand({
        TableName: name,
        KeySchema,
        AttributeDefinitions,
        GlobalSecondaryIndexes: GlobalSecondaryIndexes?.map(({ IndexName, KeySchema, Projection }) => ({
          IndexName,
          KeySchema,
          Projection,
        })),
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
    const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
    if (shape(Table) === shape(properties)) return;
    throw new Error(
      `Table ${name} exists with other keys or indexes: delete the data directory to start afresh.`,
    );
  }
}

/** What must be the same for a table to be reused, as text. */
function shape(table: TableDescription | TableProperties | undefined): string {
  const indexes = table?.GlobalSecondaryIndexes ?? [];
  return JSON.stringify([
    table?.KeySchema?.map(keyText),
    indexes.map(({ IndexName, KeySchema }) => `${IndexName} ${KeySchema?.map(keyText)}`).sort(),
  ]);
}

function keyText({ AttributeName, KeyType }: KeySchemaElement): string {
  return `${KeyType} ${AttributeName}`;
}

function keyNames(table: TableProperties | undefined): string[] {
  return table?.KeySchema.flatMap(({ AttributeName }) => AttributeName ?? []) ?? [];
}

interface ExpiringTable {
  readonly name: string;
  readonly attribute: string;
  readonly keys: readonly string[];
}

async function deleteExpired(client: DynamoDBClient, tables: readonly ExpiringTable[]): Promise<void> {
  for (const { name: TableName, attribute, keys } of tables) {
    const isPast = {
      ExpressionAttributeNames: { '#ttl': attribute },
      ExpressionAttributeValues: { ':now': { N: String(Math.floor(Date.now() / 1000)) } },
    };
    const scan = { TableName, FilterExpression: '#ttl < :now', ...isPast };
    for await (const { Items = [] } of paginateScan({ client }, scan)) {
      for (const item of Items) {
        const Key = Object.fromEntries(keys.flatMap((key) => (item[key] ? [[key, item[key]]] : [])));
        await client
          .send(new DeleteItemCommand({ TableName, Key, ConditionExpression: '#ttl < :now', ...isPast }))
          // Prolonged since it was read: it stays.
          .catch((error: Error) => {
            if (error.name !== 'ConditionalCheckFailedException') throw error;
          });
      }
    }
  }
}
