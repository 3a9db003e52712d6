/** Tests that one sweep runs at a time, on a real table. */
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { SweepLease } from '../../../lambdas/executions/endings/sweep-lease.ts';
import { startDynamoDb, type TestDynamoDb } from '../../support/dynamodb.ts';

const LONGEST_MS = 110_000;
let dynamoDb: TestDynamoDb;
let tables = 0;
let now: number;
let lease: SweepLease;

beforeAll(async () => {
  dynamoDb = await startDynamoDb();
});
afterAll(() => dynamoDb.close());
beforeEach(async () => {
  now = 1_000;
  tables += 1;
  const tableName = `sweeps-${tables}`;
  await dynamoDb.client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    }),
  );
  lease = new SweepLease({ client: dynamoDb.client, tableName, now: () => now });
});

test('of two sweeps at once, one gets the lease', async () => {
  const held = await Promise.all([lease.acquire(LONGEST_MS), lease.acquire(LONGEST_MS)]);
  expect(held.filter(Boolean)).toHaveLength(1);
});

test('a released lease is free at once, with the cursor of the last sweep', async () => {
  const first = await lease.acquire(LONGEST_MS);
  expect(first?.cursor).toBeUndefined();
  await first?.release('job');
  const second = await lease.acquire(LONGEST_MS);
  expect(second?.cursor).toBe('job');
  await second?.release();
  expect((await lease.acquire(LONGEST_MS))?.cursor).toBeUndefined();
});

test('a sweep that crashed holds its lease for its longest run', async () => {
  await lease.acquire(LONGEST_MS);
  now += LONGEST_MS - 1;
  expect(await lease.acquire(LONGEST_MS)).toBeUndefined();
  now += 1;
  expect(await lease.acquire(LONGEST_MS)).toBeDefined();
});

test('a sweep that outlived its lease does not release that of another', async () => {
  const late = await lease.acquire(LONGEST_MS);
  now += LONGEST_MS;
  await lease.acquire(LONGEST_MS);
  await late?.release('old');
  expect(await lease.acquire(LONGEST_MS)).toBeUndefined();
});

test('an error of the table is an error', async () => {
  const missing = new SweepLease({ client: dynamoDb.client, tableName: 'missing' });
  await expect(missing.acquire(LONGEST_MS)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});
