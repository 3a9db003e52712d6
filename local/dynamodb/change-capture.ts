/** Captures changes of tables with a stream: serializes writes by key, and appends a stream record for each change. */
import { isDeepStrictEqual } from 'node:util';
import { TTL_PRINCIPAL } from '../shared/credentials.ts';
import { createKeyedLock } from '../shared/keyed-lock.ts';
import type { Item } from './stream-record.ts';
import type { CallTables, TableResponse } from './table-request.ts';
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
    const { action, isExpiry } = request;
    const isBatch = action === 'BatchWriteItem';
    if (!isBatch && !SINGLE_ITEM_WRITES.includes(action)) return call(request);
    const input: WriteInput = request.input ?? {};
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
          isExpiry ? { type: 'Service', principalId: TTL_PRINCIPAL } : undefined,
        );
      }
      return response;
    });
  };
}

/** Returns undefined also for an invalid key: the table then rejects the write with the reason. */
async function readItem(call: CallTables, TableName: string, Key: Item): Promise<Item | undefined> {
  const input = { TableName, Key, ConsistentRead: true };
  const { status, body } = await call({ action: 'GetItem', input, isExpiry: false });
  return status === 200 ? (body as { readonly Item?: Item }).Item : undefined;
}

function refuse(table: string): TableResponse {
  const message = `Table ${table} has a stream, and the local cloud does not capture BatchWriteItem: use PutItem, UpdateItem or DeleteItem.`;
  return {
    status: 400,
    body: { __type: 'com.amazon.coral.validate#ValidationException', message },
  };
}
