/** Reads DynamoDB items by key, in batches, until DynamoDB has processed every key. */
import { type AttributeValue, BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';

type Item = Record<string, AttributeValue>;

/** DynamoDB's limit for a call. */
const MAX_KEYS = 100;
/** A hundred items of 400 KB take three calls of 16 MB. Further calls are for a table that DynamoDB throttles. */
const MAX_CALLS = 8;
const FIRST_PAUSE_MS = 50;

/**
 * Reads strongly consistent, a hundred keys a call. DynamoDB leaves keys unprocessed beyond 16 MB, or when it throttles the
 * table: it asks for those again, after growing pauses.
 * @param keys without duplicates
 * @param attributes the attributes to return. @default all
 * @returns the items that exist, in any order
 * @throws Error when keys are still unprocessed after eight calls
 */
export async function batchGet(
  client: DynamoDBClient,
  tableName: string,
  keys: readonly Item[],
  attributes?: readonly string[],
): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let start = 0; start < keys.length; start += MAX_KEYS) {
    items.push(...(await readBatch(client, tableName, keys.slice(start, start + MAX_KEYS), attributes)));
  }
  return items;
}

async function readBatch(
  client: DynamoDBClient,
  tableName: string,
  keys: Item[],
  attributes: readonly string[] = [],
): Promise<readonly Item[]> {
  // Placeholders, because some names are reserved words.
  const projection = attributes.length > 0 && {
    ProjectionExpression: attributes.map((name) => `#${name}`).join(', '),
    ExpressionAttributeNames: Object.fromEntries(attributes.map((name) => [`#${name}`, name])),
  };
  const items: Item[] = [];
  let unprocessed = keys;
  for (let calls = 0; calls < MAX_CALLS; calls++) {
    if (calls > 0) await pause(FIRST_PAUSE_MS * 2 ** (calls - 1));
    const { Responses = {}, UnprocessedKeys = {} } = await client.send(
      new BatchGetItemCommand({
        RequestItems: { [tableName]: { Keys: unprocessed, ConsistentRead: true, ...projection } },
      }),
    );
    items.push(...(Responses[tableName] ?? []));
    unprocessed = UnprocessedKeys[tableName]?.Keys ?? [];
    if (unprocessed.length === 0) return items;
  }
  throw new Error(
    `DynamoDB left ${unprocessed.length} keys of ${tableName} unprocessed in ${MAX_CALLS} calls. Try again in a minute.`,
  );
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
