/** `migrate` on a table of the operator's: what is changed, what is not, and that being killed changes nothing twice. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  type DynamoDBClient,
  PutItemCommand,
  paginateScan,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Client } from '@modelcontextprotocol/client';
import { decide } from '../../lambdas/operations/migrate/change.ts';
import { migrate } from '../../lambdas/operations/migrate/operation.ts';
import { OperatorTables } from '../../lambdas/operations/migrate/operator-tables.ts';
import { type LocalCloud, startLocalCloud } from '../../local/cloud.ts';
import { assemblies } from '../support/assemblies.ts';
import { operationName } from '../support/operation-name.ts';
import { awsClients, call, connect } from '../support/test-cloud.ts';

const ORDERS = 1_500;

let cloud: LocalCloud;
let client: Client;
let dynamodb: DynamoDBClient;
let functionName: string;
let updates = 0;

beforeAll(async () => {
  cloud = await startLocalCloud({
    assemblyDirectory: assemblies.app,
    onAwsCall: (_service, action) => {
      if (action === 'UpdateItem') updates += 1;
    },
  });
  client = await connect(cloud);
  ({ dynamodb } = awsClients(cloud));
  functionName = await operationName(assemblies.app, 'migrate');
  await createTable('orders', 'customer');
  await createTable('visits');
  await createTable('secrets');
}, 60_000);
afterAll(async () => {
  dynamodb.destroy();
  await client.close();
  await cloud.close();
});

async function createTable(TableName: string, sortKey?: string): Promise<void> {
  const keys = ['id', ...(sortKey ? [sortKey] : [])];
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: keys.map((AttributeName, index) => ({ AttributeName, KeyType: index ? 'RANGE' : 'HASH' })),
    }),
  );
}

async function fill(table: string, items: readonly Record<string, unknown>[]): Promise<void> {
  for (let start = 0; start < items.length; start += 25) {
    const batch = items.slice(start, start + 25);
    const put = batch.map((item) => ({ PutRequest: { Item: marshall(item) } }));
    await dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [table]: put } }));
  }
}

async function itemsOf(TableName: string): Promise<Record<string, unknown>[]> {
  const items: Record<string, AttributeValue>[] = [];
  for await (const { Items = [] } of paginateScan({ client: dynamodb }, { TableName })) items.push(...Items);
  return items.map((item) => unmarshall(item));
}

async function run(args: Record<string, unknown>) {
  const { data } = await call(client, 'start_migrate', { ...args, wait_seconds: 30 });
  return data.status && /pending|running/.test(data.status) ? end(data.job_id) : data;
}

async function end(job_id: string) {
  for (;;) {
    const { data } = await call(client, 'check_job', { job_id, wait_seconds: 30 });
    if (/completed|failed|cancelled/.test(data.status)) return data;
  }
}

const orders = () =>
  Array.from({ length: ORDERS }, (_, index) => ({
    id: `order-${index}`,
    customer: `c-${index % 7}`,
    status: index % 3 === 0 ? 'open' : 'shipped',
    old: index,
  }));
const change = {
  table: 'orders',
  set: { checked: true },
  rename: { old: 'total' },
  where: { status: 'open' },
};

test('a dry run counts, and writes nothing', async () => {
  await fill('orders', orders());
  const before = await itemsOf('orders');
  const { result } = await run({ ...change, dry_run: true });
  expect(result).toEqual({
    table: 'orders',
    dry_run: true,
    scanned: ORDERS,
    matched: ORDERS / 3,
    changed: ORDERS / 3,
    already: 0,
    conflicts: 0,
  });
  expect(await itemsOf('orders')).toEqual(before);
}, 60_000);

test('each item that matches is changed once; again, there is nothing left to change', async () => {
  const { result } = await run(change);
  expect(result).toMatchObject({ scanned: ORDERS, matched: ORDERS / 3, changed: ORDERS / 3, conflicts: 0 });
  for (const { id, status, checked, old, total } of await itemsOf('orders')) {
    const index = Number(String(id).slice('order-'.length));
    expect([checked, old, total]).toEqual(
      status === 'open' ? [true, undefined, index] : [undefined, index, undefined],
    );
  }
  const again = await run(change);
  expect(again.result).toMatchObject({ changed: 0, already: ORDERS / 3, conflicts: 0 });
}, 60_000);

test('killed in the middle, it goes on from its checkpoint, and writes no item twice', async () => {
  const visits = Array.from({ length: ORDERS }, (_, index) => ({ id: `visit-${index}`, from: index }));
  await fill('visits', visits);
  const before = updates;
  const { data } = await call(client, 'start_migrate', { table: 'visits', rename: { from: 'origin' } });
  // Some hundred items, of which a few are written and not yet on a checkpoint.
  while (updates - before < 700) await delay(1);
  expect(cloud.interrupt(functionName)).toBeGreaterThan(0);
  const { status, result } = await end(data.job_id);
  expect(status).toBe('completed');
  // Of the pages that were cut off, 100 items in each of four segments at most.
  expect(result.already).toBeLessThan(400);
  expect(result).toMatchObject({
    scanned: ORDERS,
    matched: ORDERS,
    changed: ORDERS - result.already,
    conflicts: 0,
  });
  const after = (await itemsOf('visits')).map(({ id, from, origin }) => [id, from, origin]);
  expect(after.sort()).toEqual(visits.map(({ id, from }) => [id, undefined, from]).sort());
  // Each write is of another item, but for those of the job's own record.
  expect(updates - before).toBeLessThan(ORDERS + 100);
}, 60_000);

test('an item that has both names is left as it is, and counted', async () => {
  await fill('visits', [{ id: 'both', origin: 1, from: 2 }]);
  const { result } = await run({ table: 'visits', rename: { from: 'origin' } });
  expect(result).toMatchObject({ conflicts: 1, changed: 0 });
  expect(await itemsOf('visits')).toContainEqual({ id: 'both', origin: 1, from: 2 });
}, 60_000);

describe('an item that has changed since it was read', () => {
  const input = migrate.input.parse({ table: 'visits', set: { seen: true }, remove: ['note'] });
  const key = { id: { S: 'late' } };
  const read = { ...key, note: { S: 'x' } };

  test.each([
    ['is deleted', [], []],
    ['has been changed already', [{ id: 'late', seen: true }], [{ id: 'late', seen: true }]],
  ])('%s: it is not written', async (_case, now, expected) => {
    await fill('visits', now);
    const decision = decide(input, 'id', read);
    if (decision.kind !== 'update') throw new Error(decision.kind);
    const tables = new OperatorTables(dynamodb, ['visits']);
    expect(await tables.update('visits', key, decision.update, AbortSignal.timeout(5_000))).toBe(false);
    expect((await itemsOf('visits')).filter(({ id }) => id === 'late')).toEqual(expected);
  });
});

test('a change that DynamoDB refuses names its reason', async () => {
  const tables = new OperatorTables(dynamodb, ['visits']);
  await fill('visits', [{ id: 'refused' }]);
  const update = {
    UpdateExpression: 'SET #a0 = :v0',
    ConditionExpression: 'attribute_exists(#a0)',
    ExpressionAttributeNames: { '#a0': 'id' },
    ExpressionAttributeValues: { ':v0': { BOOL: true } },
  };
  const refusal = tables.update('visits', { id: { S: 'refused' } }, update, AbortSignal.timeout(5_000));
  await expect(refusal).rejects.toMatchObject({
    code: 'MIGRATION_INVALID',
    message: expect.stringMatching(/^table: DynamoDB refuses the change of an item of "visits": .*id/),
  });
});

test('numbers are compared as numbers, and names of inherited properties are names', async () => {
  const Item = { id: { S: 'exact' }, rate: { N: '0.0000001' }, constructor: { S: 'Lotus' } };
  await dynamodb.send(new PutItemCommand({ TableName: 'visits', Item }));
  const where = { rate: 1e-7, constructor: 'Lotus' };
  const set = { rate: 1e-7, toString: 'q' };
  const { result } = await run({ table: 'visits', set, where });
  expect(result).toMatchObject({ matched: 1, changed: 1, conflicts: 0 });
  expect((await run({ table: 'visits', set, where })).result).toMatchObject({ already: 1, changed: 0 });
});

describe('it is refused', () => {
  test.each([
    [
      'of a table that is not allowed',
      { table: 'secrets', set: { a: 1 } },
      'TABLE_NOT_ALLOWED',
      /Allowed: orders, visits, absent/,
    ],
    ['of a table that is not there', { table: 'absent', set: { a: 1 } }, 'TABLE_NOT_FOUND', /"absent"/],
    ['of a partition key', { table: 'orders', set: { id: 'x' } }, 'MIGRATION_INVALID', /"id" is a key/],
    [
      'of a sort key',
      { table: 'orders', rename: { customer: 'client' } },
      'MIGRATION_INVALID',
      /"customer" is a key/,
    ],
    [
      'of an attribute that is named twice',
      { table: 'orders', set: { a: 1 }, remove: ['a'] },
      'MIGRATION_INVALID',
      /"a" appears twice/,
    ],
    ['without a change', { table: 'orders', where: { a: 1 } }, 'MIGRATION_INVALID', /contain no change/],
  ])('%s', async (_case, args, code, message) => {
    const job = await run(args);
    expect(job).toMatchObject({
      status: 'failed',
      error: { code, step: 'plan', message: expect.stringMatching(message) },
    });
  });

  test.each([
    ['a name that is none', { table: '../jobs' }],
    ['a value that is a list', { set: { a: [1] } }],
    ['a number that JSON cannot carry', { set: { a: 1e40 } }],
    ['the name __proto__', { set: JSON.parse('{"__proto__":1}') }],
    ['more attributes than ten', { set: Object.fromEntries([...'abcdefghijk'].map((name) => [name, 1])) }],
    ['another word', { delete: true }],
  ])('with %s, before there is a job', async (_case, wrong) => {
    const { data } = await call(client, 'start_migrate', { table: 'orders', set: { a: 1 }, ...wrong });
    expect(data.error.code).toBe('INVALID_ARGUMENTS');
  });

  test('what looks like an expression is a value', async () => {
    await fill('visits', [{ id: 'literal' }]);
    const { status } = await run({ table: 'visits', set: { '#a0 = :v0, x': 'REMOVE id' } });
    expect(status).toBe('completed');
    expect(await itemsOf('visits')).toContainEqual({ id: 'literal', '#a0 = :v0, x': 'REMOVE id' });
  });
});

test('of tables that are not its own job records, its role may change those that are allowed', () => {
  const granted = cloud.permissions().find(({ role }) => role.startsWith('migrateFunction'))?.granted ?? [];
  const scanned = granted.filter(({ action }) => action === 'dynamodb:Scan').map(({ resource }) => resource);
  const tables = scanned.map((resource) => resource.split(':table/')[1]);
  expect(tables.toSorted()).toEqual(['absent', 'orders', 'visits']);
  const changed = granted.filter(({ action }) => action === 'dynamodb:UpdateItem');
  expect(changed).toHaveLength(scanned.length + 1);
});
