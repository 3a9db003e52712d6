/** Runs DynamoDB: dynalite with the tables of the template, and the time to live that dynalite lacks. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import {
  CreateTableCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  DynamoDBClient,
  type KeySchemaElement,
  paginateScan,
  ResourceInUseException,
  type TableDescription,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import type { Environment } from '../environment.ts';
import type { Iam } from '../iam/iam.ts';
import { refuseTableCall } from '../iam/table-guard.ts';
import { actionOf } from '../shared/aws-json.ts';
import { TTL_PRINCIPAL } from '../shared/credentials.ts';
import { notWritten, type OnFailure } from '../shared/data-files.ts';
import { listenOnLoopback, readBody, sendJson } from '../shared/loopback-server.ts';
import { captureChanges } from './change-capture.ts';
import { checkTables } from './check-tables.ts';
import { openDynalite } from './dynalite-actions.ts';
import type { CallTables, TableProperties, TableRequest, TableResponse } from './table-request.ts';
import type { TableStream } from './table-stream.ts';

/** DynamoDB takes days. With five seconds, a developer sees that expired items disappear. */
const TTL_SWEEP_MS = 5_000;
/** In seconds: dynalite creates a table after its response, as DynamoDB does, but in milliseconds. */
const CREATION_WAIT = { maxWaitTime: 60, minDelay: 0.005, maxDelay: 0.1 };
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
 * @param faultOf returns the error of a request that a fault throttles
 * @throws Error naming damaged files and the remedy
 */
export async function startTableServer(
  directory: string | undefined,
  onCall: (action: string) => void,
  iam: Promise<Iam>,
  onFailure: OnFailure,
  faultOf: (request: TableRequest) => Promise<TableResponse | undefined> = async () => undefined,
): Promise<TableServer> {
  if (directory !== undefined) await checkTables(directory);
  const dynalite = openDynalite(directory);
  const callDynalite: CallTables = (request) =>
    dynalite.call(request).catch((error: Error) => {
      onFailure(directory === undefined ? error : notWritten(directory, error));
      throw error;
    });
  let call = callDynalite;
  const running = new Set<Promise<TableResponse>>();
  const { url, close } = await listenOnLoopback(async (request, response) => {
    const action = actionOf(request.headers);
    const isExpiry = isTtlRequest(request.headers);
    const input = parse(await readBody(request, MAX_REQUEST_BYTES));
    // On AWS, expiry is free: it is not a call.
    if (!isExpiry) onCall(action);
    const tableRequest = { action, input, isExpiry };
    const refused = refuseTableCall(await iam, request, tableRequest) ?? (await faultOf(tableRequest));
    const responding = refused ? Promise.resolve(refused) : call(tableRequest);
    running.add(responding);
    const { status, body } = await responding.finally(() => running.delete(responding));
    sendJson(response, status, body, {
      'Content-Type': 'application/x-amz-json-1.0',
      'x-amzn-RequestId': randomUUID(),
    });
  });
  return {
    url,
    async captureInto(streams) {
      call = await captureChanges(streams, callDynalite);
    },
    async close() {
      await close();
      // A function that is stopped does not wait for its last write.
      await Promise.allSettled(running);
      await dynalite.close();
    },
  };
}

/** Returns undefined for a body that is too large or not a JSON object: DynamoDB rejects both. */
function parse(body: Buffer | undefined): object | undefined {
  try {
    const input: unknown = JSON.parse(String(body));
    return typeof input === 'object' && input !== null ? input : undefined;
  } catch {
    return undefined;
  }
}

/** Returns whether the principal that deletes expired items signed the request. */
function isTtlRequest({ authorization }: IncomingHttpHeaders): boolean {
  return authorization?.includes(`Credential=${TTL_PRINCIPAL}/`) ?? false;
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
    await waitUntilTableExists({ client, ...CREATION_WAIT }, { TableName: name });
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
