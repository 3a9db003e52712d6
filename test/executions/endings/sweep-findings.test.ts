/** Tests the findings of sweeps, on a real table. */
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { Finding, MAX_FINDINGS, SweepFindings } from '../../../lambdas/executions/endings/sweep-findings.ts';
import { SweepLease } from '../../../lambdas/executions/endings/sweep-lease.ts';
import { startDynamoDb, type TestDynamoDb } from '../../support/dynamodb.ts';

let dynamoDb: TestDynamoDb;
let findings: SweepFindings;
let lease: SweepLease;

beforeEach(async () => {
  dynamoDb = await startDynamoDb();
  const tableName = 'sweeps';
  await dynamoDb.client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    }),
  );
  findings = new SweepFindings({ client: dynamoDb.client, tableName });
  lease = new SweepLease({ client: dynamoDb.client, tableName, now: () => 0 });
});
afterEach(() => dynamoDb.close());

const finding = (jobId: string) => ({ finding: Finding.endLost, jobId, foundAt: '2026-01-01T00:00:00.000Z' });

test('there are none before the first, and no time before the first sweep', async () => {
  expect(await findings.read()).toEqual({ findings: [], sweptAt: undefined });
});

test('a sweep without findings leaves its time and nothing else', async () => {
  await lease.acquire(1_000);
  await findings.add([]);
  expect(await findings.read()).toEqual({ findings: [], sweptAt: '1970-01-01T00:00:00.000Z' });
});

test('the newest come first, and the oldest drop out', async () => {
  await findings.add([finding('b'), finding('a')]);
  await findings.add([finding('c')]);
  expect((await findings.read()).findings).toEqual([finding('c'), finding('b'), finding('a')]);
  await findings.add(Array.from({ length: MAX_FINDINGS + 5 }, (_, index) => finding(`${index}`)));
  const { findings: kept } = await findings.read();
  expect(kept).toHaveLength(MAX_FINDINGS);
  expect([kept[0], kept.at(-1)]).toEqual([finding('0'), finding(`${MAX_FINDINGS - 1}`)]);
});
