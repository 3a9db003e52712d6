/** Tests the requests of the delivery store, and what it returns for each response. */
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { Delivery } from '../../../lambdas/webhooks/deliveries/delivery.ts';
import { toItem } from '../../../lambdas/webhooks/deliveries/delivery-item.ts';
import { DeliveryStore } from '../../../lambdas/webhooks/deliveries/delivery-store.ts';

const NOW = Date.parse('2026-01-01T00:00:00.500Z');
const AT = '2026-01-01T00:00:00.500Z';
const NOW_SECONDS = Math.floor(NOW / 1000);
const FOUR_DAYS = 4 * 24 * 3_600;
const JOB = '7d5fbf9e-0000-4000-8000-000000000001';

const client = new DynamoDBClient({ region: 'us-east-1' });
const dynamo = mockClient(client);
const store = new DeliveryStore({ client, tableName: 'deliveries', now: () => NOW });
const refusedWrite = new ConditionalCheckFailedException({ message: 'no', $metadata: {} });

beforeEach(() => dynamo.reset());

const delivery = {
  jobId: JOB,
  deliveryKey: '0000000000003.ep_1',
  owner: 'alice',
  endpointId: 'ep_1',
  type: 'job.completed',
  event: { id: 'event', type: 'job.completed' },
  status: 'pending',
  attemptCount: 1,
  attempts: [{ at: 'first', latencyMs: 1 }],
  attemptsBefore: 0,
  nextAttemptAt: AT,
  createdAt: AT,
  expiresAt: NOW_SECONDS + 10,
} as unknown as Delivery;
const item = (changes: Partial<Delivery> = {}) => toItem({ ...delivery, ...changes });
const Key = marshall({ jobId: JOB, deliveryKey: delivery.deliveryKey });

const inputOf = (command: unknown) =>
  dynamo.commandCalls(command as typeof GetItemCommand).at(-1)?.args[0].input as unknown as Record<
    string,
    never
  >;
const updated = () => {
  const { ExpressionAttributeValues = {}, ...input } = inputOf(UpdateItemCommand);
  return { ...input, values: unmarshall(ExpressionAttributeValues) } as Record<string, unknown>;
};

describe('a new delivery', () => {
  const { attempts: _a, attemptCount: _c, attemptsBefore: _b, createdAt: _t, ...created } = delivery;

  test('is written once, with no attempts', async () => {
    dynamo.on(PutItemCommand).resolves({});
    await store.create(created, { listed: true });
    const record = { ...created, attempts: [], attemptCount: 0, attemptsBefore: 0, createdAt: AT };
    expect(inputOf(PutItemCommand)).toEqual({
      TableName: 'deliveries',
      Item: toItem({ ...record, listedUnder: 'ep_1' } as Delivery),
      ConditionExpression: 'attribute_not_exists(deliveryKey)',
    });
  });

  test('of a callback is in no index of an endpoint', async () => {
    dynamo.on(PutItemCommand).resolves({});
    await store.create(created, { listed: false });
    expect(inputOf(PutItemCommand).Item).not.toHaveProperty('listedUnder');
  });

  test('of a repeated event leaves the first one unchanged', async () => {
    dynamo.on(PutItemCommand).rejects(refusedWrite);
    await expect(store.create(created, { listed: true })).resolves.toBeUndefined();
  });

  test('that cannot be written is an error', async () => {
    dynamo.on(PutItemCommand).rejects(new Error('throttled'));
    await expect(store.create(created, { listed: true })).rejects.toThrow('throttled');
  });
});

test('a delivery is read strongly consistent', async () => {
  dynamo.on(GetItemCommand).resolves({ Item: item() });
  expect(await store.get(delivery)).toEqual(delivery);
  expect(inputOf(GetItemCommand)).toEqual({ TableName: 'deliveries', Key, ConsistentRead: true });
  dynamo.on(GetItemCommand).resolves({});
  expect(await store.get(delivery)).toBeUndefined();
});

describe('an attempt', () => {
  const attempt = { at: AT, latencyMs: 2, status: 200 };
  beforeEach(() => dynamo.on(UpdateItemCommand).resolves({}));

  test('that ends the delivery removes its next attempt', async () => {
    expect(await store.record(delivery, attempt, { status: 'delivered' })).toBe(true);
    expect(updated()).toEqual({
      TableName: 'deliveries',
      Key,
      UpdateExpression:
        'SET #status = :status, #attemptCount = :attemptCount, #attempts = :attempts REMOVE #nextAttemptAt, #waitingShard',
      ConditionExpression:
        '#status = :seenStatus AND #attemptCount = :seenCount AND #nextAttemptAt = :seenNext AND attribute_not_exists(#repeatCount)',
      ExpressionAttributeNames: {
        '#status': 'status',
        '#attempts': 'attempts',
        '#attemptCount': 'attemptCount',
        '#nextAttemptAt': 'nextAttemptAt',
        '#waitingShard': 'waitingShard',
        '#repeatCount': 'repeatCount',
      },
      values: {
        ':status': 'delivered',
        ':attempts': [...delivery.attempts, attempt],
        ':attemptCount': 2,
        ':seenStatus': 'pending',
        ':seenCount': 1,
        ':seenNext': AT,
      },
    });
  });

  test.each([
    [true, '7'],
    [false, undefined],
  ])('before another one that waits (%s) extends the retention', async (waits, shard) => {
    const nextAttemptAt = '2026-01-02T00:00:00.000Z';
    await store.record(delivery, attempt, { status: 'pending', nextAttemptAt, waits });
    const { values } = updated() as { values: Record<string, unknown> };
    expect(values).toMatchObject({
      ':nextAttemptAt': nextAttemptAt,
      ':expiresAt': Date.parse(nextAttemptAt) / 1000 + FOUR_DAYS,
    });
    expect(values[':waitingShard']).toBe(shard);
  });

  test('joins the last twenty', async () => {
    const attempts = Array.from({ length: 20 }, (_, index) => ({ at: `${index}`, latencyMs: 1 }));
    await store.record({ ...delivery, attempts }, attempt, { status: 'failed' });
    const recorded = (updated() as { values: { ':attempts': { at: string }[] } }).values[':attempts'];
    expect(recorded).toHaveLength(20);
    expect([recorded[0]?.at, recorded[19]?.at]).toEqual(['1', AT]);
  });

  test('is only added to the requests when the delivery has changed', async () => {
    const other = { at: 'other', latencyMs: 3 };
    const changed = { status: 'delivered', attemptCount: 2, attempts: [other], nextAttemptAt: undefined };
    dynamo.on(UpdateItemCommand).rejectsOnce(refusedWrite).resolves({});
    dynamo.on(GetItemCommand).resolves({ Item: item(changed as Partial<Delivery>) });
    expect(await store.record(delivery, attempt, { status: 'failed' })).toBe(false);
    expect(updated()).toMatchObject({
      UpdateExpression: 'SET #repeatCount = :repeatCount, #attempts = :attempts',
      values: { ':repeatCount': 1, ':attempts': [other, attempt] },
    });
  });

  test('is recorded after a request that was added since the read', async () => {
    const other = { at: 'other', latencyMs: 3 };
    dynamo.on(UpdateItemCommand).rejectsOnce(refusedWrite).resolves({});
    dynamo.on(GetItemCommand).resolves({ Item: item({ repeatCount: 1, attempts: [other] }) });
    expect(await store.record(delivery, attempt, { status: 'failed' })).toBe(true);
    expect(updated().ConditionExpression).toContain('#repeatCount = :seenRepeats');
    expect(updated().values).toMatchObject({ ':attemptCount': 2, ':attempts': [other, attempt] });
  });

  test('of a delivery that has expired is not recorded', async () => {
    dynamo.on(UpdateItemCommand).rejects(refusedWrite);
    dynamo.on(GetItemCommand).resolves({});
    expect(await store.record(delivery, attempt, { status: 'delivered' })).toBe(false);
  });

  test('is an error when the table fails', async () => {
    dynamo.on(UpdateItemCommand).rejects(new Error('throttled'));
    await expect(store.record(delivery, attempt, { status: 'delivered' })).rejects.toThrow('throttled');
  });
});

test('a delivery without a next attempt must still have none', async () => {
  dynamo.on(UpdateItemCommand).resolves({});
  await store.cancel({ ...delivery, nextAttemptAt: undefined });
  expect(updated()).toMatchObject({
    UpdateExpression: 'SET #status = :status REMOVE #nextAttemptAt, #waitingShard',
    ConditionExpression:
      '#status = :seenStatus AND #attemptCount = :seenCount AND attribute_not_exists(#nextAttemptAt)',
    values: { ':status': 'cancelled', ':seenStatus': 'pending', ':seenCount': 1 },
  });
});

test('a reopened delivery starts its schedule now and waits until it is queued', async () => {
  dynamo.on(UpdateItemCommand).resolves({});
  const changes = {
    status: 'pending',
    attemptsBefore: 1,
    replayed: true,
    nextAttemptAt: AT,
    expiresAt: NOW_SECONDS + FOUR_DAYS,
  };
  expect(await store.reopen({ ...delivery, status: 'failed' })).toEqual({ ...delivery, ...changes });
  expect(updated().values).toMatchObject({
    ':status': 'pending',
    ':attemptsBefore': 1,
    ':replayed': true,
    ':nextAttemptAt': AT,
    ':expiresAt': NOW_SECONDS + FOUR_DAYS,
    ':waitingShard': '7',
    ':seenStatus': 'failed',
  });
  dynamo.on(UpdateItemCommand).rejects(refusedWrite);
  expect(await store.reopen(delivery)).toBeUndefined();
});

test('a queued delivery leaves the waiting index', async () => {
  dynamo.on(UpdateItemCommand).resolves({});
  await store.markQueued(delivery);
  expect(updated()).toMatchObject({ UpdateExpression: 'REMOVE #waitingShard' });
});

describe('the deliveries of a job', () => {
  test('are one query for their owner', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [item()], LastEvaluatedKey: Key });
    const after = { jobId: 'ignored', deliveryKey: 'after' };
    expect(await store.listOfJob('alice', JOB, { limit: 5, newestFirst: true, after })).toEqual({
      deliveries: [delivery],
      next: { jobId: JOB, deliveryKey: delivery.deliveryKey },
    });
    expect(inputOf(QueryCommand)).toEqual({
      TableName: 'deliveries',
      KeyConditionExpression: 'jobId = :jobId',
      FilterExpression: '#owner = :owner AND expiresAt > :now',
      ExpressionAttributeNames: { '#owner': 'owner' },
      ExpressionAttributeValues: marshall({ ':jobId': JOB, ':owner': 'alice', ':now': NOW_SECONDS }),
      ScanIndexForward: false,
      Limit: 5,
      ExclusiveStartKey: marshall({ jobId: JOB, deliveryKey: 'after' }),
    });
  });

  test('come in the order of events by default', async () => {
    dynamo.on(QueryCommand).resolves({});
    expect(await store.listOfJob('alice', JOB, { limit: 5 })).toStrictEqual({ deliveries: [] });
    expect(inputOf(QueryCommand)).toMatchObject({ ScanIndexForward: true, ExclusiveStartKey: undefined });
  });
});

describe('the deliveries of an endpoint', () => {
  const position = { jobId: JOB, deliveryKey: delivery.deliveryKey, createdAt: AT };
  const indexed = marshall({ ...position, listedUnder: 'ep_1' });

  test('are one query for keys and one strongly consistent read', async () => {
    dynamo
      .on(QueryCommand)
      .resolves({ Items: [indexed], LastEvaluatedKey: indexed })
      .on(BatchGetItemCommand)
      .resolves({ Responses: { deliveries: [item()] } });
    const options = { limit: 5, since: 'from', until: 'to', newestFirst: true, after: position };
    expect(await store.listOfEndpoint('ep_1', options)).toEqual({ deliveries: [delivery], next: position });
    expect(inputOf(QueryCommand)).toEqual({
      TableName: 'deliveries',
      IndexName: 'byEndpoint',
      KeyConditionExpression: 'listedUnder = :endpointId AND createdAt BETWEEN :since AND :until',
      ExpressionAttributeValues: marshall({ ':endpointId': 'ep_1', ':since': 'from', ':until': 'to' }),
      ScanIndexForward: false,
      Limit: 5,
      ExclusiveStartKey: indexed,
    });
    expect(inputOf(BatchGetItemCommand)).toEqual({
      RequestItems: { deliveries: { Keys: [Key], ConsistentRead: true } },
    });
  });

  test('are all of them by default, the oldest first', async () => {
    dynamo.on(QueryCommand).resolves({});
    expect(await store.listOfEndpoint('ep_1', { limit: 5 })).toStrictEqual({ deliveries: [] });
    expect(inputOf(QueryCommand)).toMatchObject({
      ExpressionAttributeValues: marshall({ ':endpointId': 'ep_1', ':since': '0', ':until': '9' }),
      ScanIndexForward: true,
      ExclusiveStartKey: undefined,
    });
    expect(dynamo.commandCalls(BatchGetItemCommand)).toHaveLength(0);
  });

  test('are none, without a request, when the end is before the start', async () => {
    const never = { limit: 5, since: '2026-01-02', until: '2026-01-01' };
    expect(await store.listOfEndpoint('ep_1', never)).toStrictEqual({ deliveries: [] });
    expect(await store.listOfEndpoint('ep_1', { limit: 5, until: '-000001' })).toStrictEqual({
      deliveries: [],
    });
    expect(dynamo.calls()).toHaveLength(0);
  });

  test('omit those that expire this second or no longer exist', async () => {
    const gone = { ...position, deliveryKey: 'gone' };
    dynamo
      .on(QueryCommand)
      .resolves({ Items: [indexed, marshall(gone)] })
      .on(BatchGetItemCommand)
      .resolves({ Responses: { deliveries: [item({ expiresAt: NOW_SECONDS })] } });
    expect((await store.listOfEndpoint('ep_1', { limit: 5 })).deliveries).toEqual([]);
  });

  test('keep the order of the query, and are read again when DynamoDB leaves some unprocessed', async () => {
    const second = item({ deliveryKey: 'second' });
    const secondKey = marshall({ jobId: JOB, deliveryKey: 'second' });
    dynamo
      .on(QueryCommand)
      .resolves({ Items: [Key, secondKey] })
      .on(BatchGetItemCommand)
      .resolvesOnce({
        Responses: { deliveries: [second] },
        UnprocessedKeys: { deliveries: { Keys: [Key] } },
      })
      .resolvesOnce({ Responses: { deliveries: [item()] }, UnprocessedKeys: {} });
    const { deliveries } = await store.listOfEndpoint('ep_1', { limit: 5 });
    expect(deliveries.map(({ deliveryKey }) => deliveryKey)).toEqual([delivery.deliveryKey, 'second']);
    expect(inputOf(BatchGetItemCommand)).toMatchObject({ RequestItems: { deliveries: { Keys: [Key] } } });
  });

  test('are none when the read returns nothing', async () => {
    dynamo
      .on(QueryCommand)
      .resolves({ Items: [indexed] })
      .on(BatchGetItemCommand)
      .resolves({});
    expect((await store.listOfEndpoint('ep_1', { limit: 5 })).deliveries).toEqual([]);
  });
});

describe('waiting deliveries', () => {
  const waiting: ReturnType<typeof item> = { ...item(), waitingShard: { S: '7' } };
  const after = { jobId: JOB, deliveryKey: 'after', nextAttemptAt: 'then' };

  test('are one query of a shard, and a read of the table', async () => {
    const indexKey = { ...Key, nextAttemptAt: { S: AT }, waitingShard: { S: '7' } };
    dynamo
      .on(QueryCommand)
      .resolves({ Items: [indexKey], LastEvaluatedKey: indexKey })
      .on(BatchGetItemCommand)
      .resolves({ Responses: { deliveries: [waiting] } });
    expect(await store.waiting('7', AT, { limit: 5, after })).toEqual({
      deliveries: [{ ...delivery, isWaiting: true }],
      next: { jobId: JOB, deliveryKey: delivery.deliveryKey, nextAttemptAt: AT },
    });
    expect(inputOf(QueryCommand)).toEqual({
      TableName: 'deliveries',
      IndexName: 'waiting',
      KeyConditionExpression: 'waitingShard = :shard AND nextAttemptAt <= :before',
      ExpressionAttributeValues: marshall({ ':shard': '7', ':before': AT }),
      Limit: 5,
      ExclusiveStartKey: marshall({ ...after, waitingShard: '7' }),
    });
  });

  test('begin at the start without a position', async () => {
    dynamo.on(QueryCommand).resolves({});
    expect(await store.waiting('7', AT, { limit: 5 })).toStrictEqual({ deliveries: [] });
    expect(inputOf(QueryCommand).ExclusiveStartKey).toBeUndefined();
  });

  test.each([
    ['no longer waits', item()],
    ['waits longer by now', { ...waiting, nextAttemptAt: { S: '2026-01-01T00:00:00.501Z' } }],
  ])('omit one that %s', async (_what, found) => {
    dynamo
      .on(QueryCommand)
      .resolves({ Items: [Key] })
      .on(BatchGetItemCommand)
      .resolves({ Responses: { deliveries: [found] } });
    expect((await store.waiting('7', AT, { limit: 5 })).deliveries).toEqual([]);
  });

  test('include one without a time', async () => {
    const { nextAttemptAt: _, ...timeless } = waiting;
    dynamo
      .on(QueryCommand)
      .resolves({ Items: [Key] })
      .on(BatchGetItemCommand)
      .resolves({ Responses: { deliveries: [timeless] } });
    expect((await store.waiting('7', AT, { limit: 5 })).deliveries).toHaveLength(1);
  });
});

test('the clock is the system clock by default', async () => {
  dynamo.on(QueryCommand).resolves({});
  const before = Math.floor(Date.now() / 1000);
  await new DeliveryStore({ client, tableName: 'deliveries' }).listOfJob('alice', JOB, { limit: 1 });
  const values = unmarshall(inputOf(QueryCommand).ExpressionAttributeValues ?? {});
  expect(values[':now']).toBeGreaterThanOrEqual(before);
});
