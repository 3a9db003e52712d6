/** Tests that one sweep runs at a time, on a real table. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { SweepLease } from '../../../lambdas/executions/endings/sweep-lease.ts';

const LONGEST_MS = 110_000;
const server = dynalite({ createTableMs: 0 });
let client: DynamoDBClient;
let tables = 0;
let now: number;
let lease: SweepLease;

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
});
afterAll(async () => {
  client.destroy();
  server.close();
  await once(server, 'close');
});
beforeEach(async () => {
  now = 1_000;
  tables += 1;
  const tableName = `sweeps-${tables}`;
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    }),
  );
  lease = new SweepLease({ client, tableName, now: () => now });
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
  const missing = new SweepLease({ client, tableName: 'missing' });
  await expect(missing.acquire(LONGEST_MS)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
});
