/** Captures changes of tables with a stream: serializes writes by key, and appends a stream record for each change. */
import { isDeepStrictEqual } from 'node:util';
import { actionOf } from '../shared/aws-json.ts';
import { TTL_PRINCIPAL } from '../shared/credentials.ts';
import { createKeyedLock } from '../shared/keyed-lock.ts';
import type { Item } from './stream-record.ts';
import type { CallTables, TableRequest, TableResponse } from './table-request.ts';
import { keyText, type TableStream } from './table-stream.ts';

const SINGLE_ITEM_WRITES = ['PutItem', 'UpdateItem', 'DeleteItem'];

interface WriteInput {
  readonly TableName?: string;
  readonly Item?: Item;
  readonly Key?: Item;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
}

/**
 * Appends the records of writes that the end of an earlier process interrupted, then captures new writes.
 * @param streams by table name
 * @param call sends requests directly to the tables: they are neither captured nor counted
 */
export async function captureChanges(
  streams: ReadonlyMap<string, TableStream>,
  call: CallTables,
): Promise<CallTables> {
  const withLock = createKeyedLock();

  for (const [table, stream] of streams) {
    for (const { Keys, OldImage } of stream.interruptedWrites) {
      const NewImage = await readItem(call, table, Keys);
      if (!isDeepStrictEqual(OldImage, NewImage)) stream.append({ Keys, OldImage, NewImage });
    }
  }

  return async (request) => {
    const action = actionOf(request.headers);
    const isBatch = action === 'BatchWriteItem';
    if (!isBatch && !SINGLE_ITEM_WRITES.includes(action)) return call(request);
    const input = parse(request.body);
    const streamed = Object.keys(input.RequestItems ?? {}).find((name) => streams.has(name));
    if (isBatch && streamed) return refuse(streamed);
    const { TableName: table = '' } = input;
    const stream = streams.get(table);
    const Keys = stream?.keysOf(input.Key ?? input.Item);
    // Without a key, the table itself rejects the request.
    if (!stream || !Keys) return call(request);

    return withLock(`${table} ${keyText(Keys, stream.keyNames)}`, async () => {
      const OldImage = await readItem(call, table, Keys);
      stream.logPendingWrite({ Keys, OldImage });
      const response = await call(request);
      if (response.status !== 200) return response;
      const NewImage = await readItem(call, table, Keys);
      if (!isDeepStrictEqual(OldImage, NewImage)) {
        stream.append(
          { Keys, OldImage, NewImage },
          isTtlRequest(request.headers) ? { type: 'Service', principalId: TTL_PRINCIPAL } : undefined,
        );
      }
      return response;
    });
  };
}

/** Returns whether the principal that deletes expired items signed the request. */
export function isTtlRequest({ authorization }: TableRequest['headers']): boolean {
  return authorization?.includes(`Credential=${TTL_PRINCIPAL}/`) ?? false;
}

/** Returns undefined also for an invalid key: the table then rejects the write with the reason. */
async function readItem(call: CallTables, TableName: string, Key: Item): Promise<Item | undefined> {
  const { status, body } = await call({
    method: 'POST',
    url: '/',
    headers: READ_HEADERS,
    body: Buffer.from(JSON.stringify({ TableName, Key, ConsistentRead: true })),
  });
  return status === 200 ? (JSON.parse(body) as { Item?: Item }).Item : undefined;
}

const READ_HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': 'DynamoDB_20120810.GetItem',
  // dynalite requires a signature and does not verify it.
  'x-amz-date': '20200101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
};

/** Returns an empty input for invalid JSON: the table itself rejects the request. */
function parse(body: Buffer): WriteInput {
  try {
    return JSON.parse(body.toString()) ?? {};
  } catch {
    return {};
  }
}

function refuse(table: string): TableResponse {
  const message = `Table ${table} has a stream, and the local cloud does not capture BatchWriteItem: use PutItem, UpdateItem or DeleteItem.`;
  return {
    status: 400,
    headers: { 'Content-Type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ __type: 'com.amazon.coral.validate#ValidationException', message }),
  };
}
