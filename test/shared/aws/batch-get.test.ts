/** Tests what a batch read does with keys that DynamoDB leaves unprocessed. */
import { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { batchGet } from '../../../lambdas/shared/aws/batch-get.ts';

const client = new DynamoDBClient({ region: 'us-east-1' });
const dynamo = mockClient(client);
const keys = (count: number) => Array.from({ length: count }, (_, index) => ({ id: { S: `${index}` } }));
/** The numbers of keys that were asked for, call by call. */
const asked = () =>
  dynamo.commandCalls(BatchGetItemCommand).map(({ args }) => args[0].input.RequestItems?.items?.Keys?.length);

beforeEach(() => {
  dynamo.reset();
  jest.useFakeTimers();
});
afterEach(() => jest.useRealTimers());

async function read(count: number) {
  const outcome = batchGet(client, 'items', keys(count)).catch((error: Error) => error.message);
  await jest.advanceTimersByTimeAsync(10_000);
  return outcome;
}

test('asks for a hundred keys a call', async () => {
  dynamo.on(BatchGetItemCommand).callsFake(({ RequestItems }) => ({
    Responses: { items: RequestItems.items.Keys },
  }));
  expect(await read(201)).toEqual(keys(201));
  expect(asked()).toEqual([100, 100, 1]);
});

test('asks for some attributes, whose names may be reserved', async () => {
  dynamo.on(BatchGetItemCommand).resolves({ Responses: { items: [] } });
  await batchGet(client, 'items', keys(1), ['id', 'status']);
  expect(dynamo.commandCalls(BatchGetItemCommand)[0]?.args[0].input.RequestItems?.items).toMatchObject({
    ProjectionExpression: '#id, #status',
    ExpressionAttributeNames: { '#id': 'id', '#status': 'status' },
  });
});

test('asks for unprocessed keys until none is left', async () => {
  dynamo.on(BatchGetItemCommand).callsFake(({ RequestItems }) => {
    const [first, ...rest] = RequestItems.items.Keys;
    return {
      Responses: { items: [first] },
      UnprocessedKeys: rest.length > 0 ? { items: { Keys: rest } } : {},
    };
  });
  expect(await read(8)).toEqual(keys(8));
  expect(asked()).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
});

test('fails when DynamoDB processes none', async () => {
  dynamo
    .on(BatchGetItemCommand)
    .callsFake(({ RequestItems }) => ({ UnprocessedKeys: { items: RequestItems.items } }));
  expect(await read(2)).toBe('DynamoDB left 2 keys of items unprocessed in 8 calls. Try again in a minute.');
});
