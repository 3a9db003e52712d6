/** Change capture: writes to tables with a stream take turns by key, and each change becomes a stream record. */
import { isDeepStrictEqual } from 'node:util';
import { actionOf } from '../shared/aws-json.ts';
import { TTL_PRINCIPAL } from '../shared/credentials.ts';
import { createTurns } from '../shared/turns.ts';
import type { Item } from './stream-record.ts';
import type { CallTables, TableAnswer, TableRequest } from './table-request.ts';
import { keyText, type TableStream } from './table-stream.ts';

const SINGLE_ITEM_WRITES = ['PutItem', 'UpdateItem', 'DeleteItem'];

interface WriteInput {
  readonly TableName?: string;
  readonly Item?: Item;
  readonly Key?: Item;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
}

/**
 * Settles the writes that an earlier process was cut in, then captures.
 * @param streams by table name
 * @param call reaches the tables themselves: its calls are neither captured nor counted.
 */
export async function captureChanges(
  streams: ReadonlyMap<string, TableStream>,
  call: CallTables,
): Promise<CallTables> {
  const inTurn = createTurns();

  for (const [table, stream] of streams) {
    for (const { Keys, OldImage } of stream.cut) {
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
    // Without a key the request is refused as it is.
    if (!stream || !Keys) return call(request);

    return inTurn(`${table} ${keyText(Keys, stream.keyNames)}`, async () => {
      const OldImage = await readItem(call, table, Keys);
      stream.announce({ Keys, OldImage });
      const answer = await call(request);
      if (answer.status !== 200) return answer;
      const NewImage = await readItem(call, table, Keys);
      if (!isDeepStrictEqual(OldImage, NewImage)) {
        stream.append(
          { Keys, OldImage, NewImage },
          isByTtl(request.headers) ? { type: 'Service', principalId: TTL_PRINCIPAL } : undefined,
        );
      }
      return answer;
    });
  };
}

/** Whether a request is signed by the principal that deletes expired items. */
export function isByTtl({ authorization }: TableRequest['headers']): boolean {
  return authorization?.includes(`Credential=${TTL_PRINCIPAL}/`) ?? false;
}

/** Undefined also for a key that the table does not take: the write is then refused with the reason. */
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
  // dynalite wants a signature without verifying it.
  'x-amz-date': '20200101T000000Z',
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=local',
};

/** Of what is no JSON nothing is known: it is refused as it is. */
function parse(body: Buffer): WriteInput {
  try {
    return JSON.parse(body.toString()) ?? {};
  } catch {
    return {};
  }
}

function refuse(table: string): TableAnswer {
  const message = `Table ${table} has a stream: the local cloud captures PutItem, UpdateItem and DeleteItem, not BatchWriteItem.`;
  return {
    status: 400,
    headers: { 'Content-Type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ __type: 'com.amazon.coral.validate#ValidationException', message }),
  };
}
