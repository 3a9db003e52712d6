/** Tests the requests of the endpoint store, and what it returns for each response. */
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import type { Endpoint } from '../../../lambdas/webhooks/endpoints/endpoint.ts';
import { EndpointStore, MAX_ENDPOINTS } from '../../../lambdas/webhooks/endpoints/endpoint-store.ts';

const NOW = Date.parse('2026-01-01T00:00:00.000Z');
const AT = '2026-01-01T00:00:00.000Z';
const client = new DynamoDBClient({ region: 'us-east-1' });
const dynamo = mockClient(client);
const store = new EndpointStore({ client, tableName: 'endpoints', now: () => NOW });
const refusedWrite = new ConditionalCheckFailedException({ message: 'no', $metadata: {} });
const Key = marshall({ owner: 'alice', endpointId: 'ep_1' });

beforeEach(() => dynamo.reset());

const fresh = {
  owner: 'alice',
  endpointId: 'ep_1',
  kind: 'webhook',
  events: [],
  secrets: [],
} as Omit<Endpoint, 'createdAt' | 'updatedAt'>;

const inputOf = (command: unknown) =>
  dynamo.commandCalls(command as typeof GetItemCommand).at(-1)?.args[0].input as unknown as Record<
    string,
    never
  >;

const many = (count: number, changes: Partial<Endpoint> = {}) =>
  Array.from({ length: count }, (_, index) =>
    marshall({ ...fresh, endpointId: `other_${index}`, ...changes }),
  );

test('endpoints are listed page after page, strongly consistent', async () => {
  dynamo
    .on(QueryCommand)
    .resolvesOnce({ Items: many(1), LastEvaluatedKey: Key })
    .resolvesOnce({ LastEvaluatedKey: Key })
    .resolvesOnce({ Items: many(1) });
  expect(await store.list('alice')).toHaveLength(2);
  expect(inputOf(QueryCommand)).toMatchObject({
    TableName: 'endpoints',
    KeyConditionExpression: '#owner = :owner',
    ExpressionAttributeNames: { '#owner': 'owner' },
    ExpressionAttributeValues: marshall({ ':owner': 'alice' }),
    ConsistentRead: true,
  });
});

test('an endpoint is read strongly consistent', async () => {
  dynamo.on(GetItemCommand).resolves({ Item: marshall(fresh) });
  expect(await store.get('alice', 'ep_1')).toEqual(fresh);
  expect(inputOf(GetItemCommand)).toEqual({ TableName: 'endpoints', Key, ConsistentRead: true });
  dynamo.on(GetItemCommand).resolves({});
  expect(await store.get('alice', 'ep_1')).toBeUndefined();
});

describe('a put', () => {
  beforeEach(() => dynamo.on(QueryCommand).resolves({ Items: [] }).on(PutItemCommand).resolves({}));

  test('replaces the endpoint of the same id', async () => {
    const written = { ...fresh, createdAt: AT, updatedAt: AT };
    expect(await store.put({ ...fresh, url: undefined })).toEqual({ ...written, url: undefined });
    expect(inputOf(PutItemCommand)).toEqual({ TableName: 'endpoints', Item: marshall(written) });
  });

  test('of a new endpoint replaces none', async () => {
    await store.put(fresh, { isNew: true });
    expect(inputOf(PutItemCommand).ConditionExpression).toBe('attribute_not_exists(endpointId)');
    dynamo.on(PutItemCommand).rejects(refusedWrite);
    await expect(store.put(fresh, { isNew: true })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'Another call has just created this endpoint. Try again.',
      retryable: true,
    });
  });

  test('that fails throws the error', async () => {
    dynamo.on(PutItemCommand).rejects(new Error('throttled'));
    await expect(store.put(fresh)).rejects.toThrow('throttled');
  });
});

describe('the limit of endpoints', () => {
  beforeEach(() => dynamo.on(PutItemCommand).resolves({}).on(DeleteItemCommand).resolves({}));

  test('leaves room for the last one', async () => {
    dynamo.on(QueryCommand).resolves({ Items: many(MAX_ENDPOINTS - 1) });
    await expect(store.put(fresh)).resolves.toBeDefined();
  });

  test('refuses one more', async () => {
    dynamo.on(QueryCommand).resolves({ Items: many(MAX_ENDPOINTS) });
    await expect(store.put(fresh)).rejects.toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      message: 'You have 100 endpoints and subscriptions; 100 is the limit. Delete one that is not needed.',
      details: { limit: 'subscriptions', max: 100 },
    });
  });

  test('refuses one more mailbox', async () => {
    dynamo.on(QueryCommand).resolves({ Items: many(MAX_ENDPOINTS, { kind: 'mailbox' }) });
    await expect(store.put({ ...fresh, kind: 'mailbox' })).rejects.toMatchObject({
      message: 'You poll for 100 kinds of events; 100 is the limit. Poll without arguments, or wait a day.',
    });
  });

  test('does not count the endpoint that is replaced', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [...many(MAX_ENDPOINTS - 1), marshall(fresh)] });
    await expect(store.put(fresh)).resolves.toBeDefined();
    expect(dynamo.commandCalls(DeleteItemCommand)).toHaveLength(0);
  });

  test('removes the record that lapsed first', async () => {
    const lapsed = [
      ['now', AT],
      ['first', '2025-12-30T00:00:00.000Z'],
      ['second', '2025-12-31T00:00:00.000Z'],
      ['later', '2026-01-01T00:00:00.001Z'],
    ].map(([endpointId, refreshBefore]) => marshall({ ...fresh, endpointId, refreshBefore }));
    dynamo.on(QueryCommand).resolves({ Items: [...many(MAX_ENDPOINTS - 4), ...lapsed] });
    await store.put(fresh);
    expect(inputOf(DeleteItemCommand).Key).toEqual(marshall({ owner: 'alice', endpointId: 'first' }));
  });

  test('removes a record that lapses now', async () => {
    const lapses = marshall({ ...fresh, endpointId: 'now', refreshBefore: AT });
    dynamo.on(QueryCommand).resolves({ Items: [...many(MAX_ENDPOINTS - 1), lapses] });
    await store.put(fresh);
    expect(inputOf(DeleteItemCommand).Key).toEqual(marshall({ owner: 'alice', endpointId: 'now' }));
  });
});

describe('an update', () => {
  const updated = () => {
    const { ExpressionAttributeValues = {}, ...input } = inputOf(UpdateItemCommand);
    return { ...input, values: unmarshall(ExpressionAttributeValues) };
  };
  beforeEach(() => dynamo.on(UpdateItemCommand).resolves({ Attributes: marshall(fresh) }));

  test('changes an existing endpoint and removes what is undefined', async () => {
    expect(await store.update('alice', 'ep_1', { description: 'x', operations: undefined })).toEqual(fresh);
    expect(updated()).toEqual({
      TableName: 'endpoints',
      Key,
      UpdateExpression: 'SET #description = :description, #updatedAt = :updatedAt REMOVE #operations',
      ConditionExpression: 'attribute_exists(endpointId)',
      ExpressionAttributeNames: {
        '#description': 'description',
        '#operations': 'operations',
        '#updatedAt': 'updatedAt',
      },
      ReturnValues: 'ALL_NEW',
      values: { ':description': 'x', ':updatedAt': AT },
    });
  });

  test('can require the newest secret', async () => {
    await store.update('alice', 'ep_1', {}, { whereSecret: 'secret' });
    expect(updated()).toMatchObject({
      ConditionExpression: 'attribute_exists(endpointId) AND #secrets[0].#value = :secret',
      ExpressionAttributeNames: { '#secrets': 'secrets', '#value': 'value' },
      values: { ':secret': 'secret' },
    });
  });

  test('that disables a gone receiver requires its URL', async () => {
    await store.disableGone(fresh as Endpoint, 'https://example.com/');
    expect(updated()).toMatchObject({
      UpdateExpression: 'SET #disabled = :disabled, #updatedAt = :updatedAt',
      ConditionExpression:
        'attribute_exists(endpointId) AND #url = :whereUrl AND attribute_not_exists(#disabled)',
      ExpressionAttributeNames: { '#url': 'url', '#disabled': 'disabled' },
      values: { ':whereUrl': 'https://example.com/', ':disabled': { at: AT, reason: 'gone' } },
    });
  });

  test('whose condition fails returns nothing', async () => {
    dynamo.on(UpdateItemCommand).rejects(refusedWrite);
    expect(await store.update('alice', 'ep_1', {})).toBeUndefined();
  });

  test('that fails otherwise throws', async () => {
    dynamo.on(UpdateItemCommand).rejects(new Error('throttled'));
    await expect(store.update('alice', 'ep_1', {})).rejects.toThrow('throttled');
  });

  test('without attributes in the response returns an empty endpoint', async () => {
    dynamo.on(UpdateItemCommand).resolves({});
    expect(await store.update('alice', 'ep_1', {})).toEqual({});
  });
});

test('a removal returns whether the endpoint existed', async () => {
  dynamo
    .on(DeleteItemCommand)
    .resolvesOnce({ Attributes: marshall(fresh) })
    .resolvesOnce({});
  expect(await store.remove('alice', 'ep_1')).toBe(true);
  expect(await store.remove('alice', 'ep_1')).toBe(false);
  expect(inputOf(DeleteItemCommand)).toEqual({ TableName: 'endpoints', Key, ReturnValues: 'ALL_OLD' });
});

test('the clock is the system clock by default', async () => {
  dynamo.on(QueryCommand).resolves({}).on(PutItemCommand).resolves({});
  const before = new Date().toISOString();
  const { createdAt } = await new EndpointStore({ client, tableName: 'endpoints' }).put(fresh);
  expect(createdAt >= before).toBe(true);
});
