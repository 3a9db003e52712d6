/** Runs DynamoDB: dynalite with the tables of the template, and the time to live that dynalite lacks. */
import { create as createDomain } from 'node:domain';
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
import { notWritten, type OnFailure } from '../shared/data-files.ts';
import { listenOnLoopback, readBody } from '../shared/loopback-server.ts';
import { captureChanges, isTtlRequest } from './change-capture.ts';
import { checkTables } from './check-tables.ts';
import type { CallTables, TableProperties, TableRequest, TableResponse } from './table-request.ts';
import type { TableStream } from './table-stream.ts';

/** DynamoDB takes days. With five seconds, a developer sees that expired items disappear. */
const TTL_SWEEP_MS = 5_000;
/** DynamoDB's limit of one request. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

export interface TableServer {
  readonly url: string;
  /** Captures changes of these tables into their streams from now on. @param streams by table name */
  captureInto(streams: ReadonlyMap<string, TableStream>): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param directory where LevelDB stores the items; undefined keeps them in memory
 * @param onCall receives the action of each request
 * @param iam authorizes each request; requests wait until it resolves
 * @param onFailure receives the error when the tables cannot be written
 * @throws Error naming damaged files and the remedy
 */
export async function startTableServer(
  directory: string | undefined,
  onCall: (action: string) => void,
  iam: Promise<Iam>,
  onFailure: OnFailure,
): Promise<TableServer> {
  if (directory !== undefined) await checkTables(directory);
  const server = dynalite({ path: directory, createTableMs: 0 });
  const [handle] = server.listeners('request') as [RequestListener];
  server.removeAllListeners('request');
  const callDynalite: CallTables = (request) =>
    callListener(handle, request).catch((error: Error) => {
      onFailure(directory === undefined ? error : notWritten(directory, error));
      throw error;
    });
  let call = callDynalite;
  const { url, close } = await listenOnLoopback(
    async (request, response) => {
      const body = (await readBody(request, MAX_REQUEST_BYTES)) ?? Buffer.alloc(0);
      const { method, url, headers } = request;
      // On AWS, expiry is free: it is not a call.
      if (!isTtlRequest(headers)) onCall(actionOf(headers));
      const tableRequest = { method, url, headers, body };
      const tableResponse = refuseTableCall(await iam, tableRequest) ?? (await call(tableRequest));
      response.writeHead(tableResponse.status, tableResponse.headers).end(tableResponse.body);
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
 * Calls dynalite with a complete request and the parts of a response that it uses. dynalite crashes the process when a client
 * disconnects during a request, as a stopped function does.
 * @throws the error that dynalite throws later, such as one of the disk, which would crash the process too
 */
function callListener(
  handle: RequestListener,
  { method, url, headers, body }: TableRequest,
): Promise<TableResponse> {
  return new Promise((resolve, reject) => {
    const request = Object.assign(Readable.from(body.length > 0 ? [body] : []), { method, url, headers });
    const responseHeaders: Record<string, string | number> = {};
    const response = {
      statusCode: 200,
      setHeader(name: string, value: string | number) {
        responseHeaders[name] = value;
      },
      end: (text = '') => resolve({ status: response.statusCode, headers: responseHeaders, body: text }),
    };
    const [asRequest, asResponse] = [request, response] as unknown as Parameters<RequestListener>;
    createDomain()
      .on('error', reject)
      .run(() => handle(asRequest, asResponse));
  });
}

export interface Tables {
  close(): Promise<void>;
}

/**
 * Creates the tables that do not exist yet, and starts deleting expired items.
 * @throws Error when a table of an earlier start has other keys or indexes
 */
export async function createTables(
  tables: ReadonlyMap<string, TableProperties>,
  environment: Environment,
): Promise<Tables> {
  // Streams recognize deletions by time to live from this access key id.
  const credentials = { accessKeyId: TTL_PRINCIPAL, secretAccessKey: 'local' };
  const client = new DynamoDBClient({ ...environment.clientOptions('DYNAMODB'), credentials });
  for (const [name, properties] of tables) await createTable(client, name, properties);

  const expiring = [...tables].flatMap(([name, { TimeToLiveSpecification: ttl }]) =>
    ttl?.Enabled ? [{ name, attribute: ttl.AttributeName, keys: keyNames(tables.get(name)) }] : [],
  );
  let sweeping = Promise.resolve();
  const timer = setInterval(() => {
    // The next sweep retries a failed one.
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
      `Table ${name} exists with other keys or indexes: delete the data directory to start with an empty table.`,
    );
  }
}

/** Returns the keys and indexes as text. A table is reused when they are equal. */
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
          // Its expiry was extended after the scan: keep it.
          .catch((error: Error) => {
            if (error.name !== 'ConditionalCheckFailedException') throw error;
          });
      }
    }
  }
}
