/** The streams of tables, and the functions that read them. */
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import type { StreamRecord } from '../../../local/dynamodb/stream-record.ts';
import { fixtureAssembly } from '../fixture/assembly.ts';
import { clientOf, waitFor } from '../fixture/harness.ts';

const TableName = 'streamed';
let dataDirectory: string;
let cloud: LocalCloud;
let dynamo: DynamoDBClient;
const log: string[] = [];
const calls: string[] = [];

beforeAll(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'streams-'));
  await startCloud();
});
afterAll(async () => {
  await cloud.close();
  await rm(dataDirectory, { recursive: true });
});

async function startCloud(): Promise<void> {
  cloud = await startLocalCloud({
    assemblyDirectory: await fixtureAssembly('streams-app.ts'),
    dataDirectory,
    onLog: (name, line) => log.push(`${name} ${line}`),
    onAwsCall: (service, action) => calls.push(`${service} ${action}`),
  });
  dynamo = clientOf(cloud, DynamoDBClient, 'DYNAMODB');
}

function put(id: string, attributes: Record<string, string> = {}) {
  const strings = Object.entries(attributes).map(([name, value]) => [name, { S: value }]);
  return dynamo.send(
    new PutItemCommand({ TableName, Item: { id: { S: id }, ...Object.fromEntries(strings) } }),
  );
}

function increment(id: string) {
  return dynamo.send(
    new UpdateItemCommand({
      TableName,
      Key: { id: { S: id } },
      UpdateExpression: 'ADD #count :one',
      ExpressionAttributeNames: { '#count': 'count' },
      ExpressionAttributeValues: { ':one': { N: '1' } },
    }),
  );
}

/** What the function has logged as done, of items whose id begins so. */
function processedRecords(functionName: string, prefix: string): StreamRecord[] {
  const start = `${functionName} RECORD `;
  return log
    .filter((line) => line.startsWith(start))
    .map((line) => JSON.parse(line.slice(start.length)) as StreamRecord)
    .filter(({ dynamodb }) => String(dynamodb.Keys.id?.S).startsWith(prefix));
}

function processedIds(functionName: string, prefix: string): unknown[] {
  return processedRecords(functionName, prefix).map(({ dynamodb }) => dynamodb.Keys.id?.S);
}

/** Writes an item, and resolves when its record has arrived: so has all that came before. */
async function waitForStream(id: string): Promise<void> {
  await put(id, { mark: String(Math.random()) });
  await waitFor(async () => (processedRecords('all', id).length > 0 ? true : undefined));
}

test('an insert, a change and a removal arrive in order, with the images before and after', async () => {
  calls.length = 0;
  await put('life', { color: 'red' });
  await put('life', { color: 'blue' });
  await dynamo.send(new DeleteItemCommand({ TableName, Key: { id: { S: 'life' } } }));
  const records = await waitFor(async () =>
    processedRecords('all', 'life').length === 3 ? processedRecords('all', 'life') : undefined,
  );
  const [red, blue] = [
    { id: { S: 'life' }, color: { S: 'red' } },
    { id: { S: 'life' }, color: { S: 'blue' } },
  ];
  expect(records.map(({ eventName, dynamodb }) => [eventName, dynamodb.OldImage, dynamodb.NewImage])).toEqual(
    [
      ['INSERT', undefined, red],
      ['MODIFY', red, blue],
      ['REMOVE', blue, undefined],
    ],
  );
  expect(records[0]).toMatchObject({
    eventSource: 'aws:dynamodb',
    eventSourceARN: expect.stringMatching(/^arn:aws:dynamodb:us-east-1:\d+:table\/streamed\/stream\//),
    dynamodb: { Keys: { id: { S: 'life' } }, SequenceNumber: expect.stringMatching(/^\d{21}$/) },
  });
  expect(calls.filter((call) => call === 'dynamodb GetItem')).toEqual([]);
});

test('concurrent writes to one item arrive in order, each image following from the one before', async () => {
  await Promise.all(Array.from({ length: 40 }, () => increment('counter')));
  const records = await waitFor(async () => {
    const arrived = processedRecords('all', 'counter');
    return arrived.length === 40 ? arrived : undefined;
  });
  expect(records.map(({ dynamodb }) => dynamodb.NewImage?.count?.N)).toEqual(
    Array.from({ length: 40 }, (_, index) => String(index + 1)),
  );
  for (const [index, { dynamodb }] of records.entries()) {
    expect(dynamodb.OldImage).toEqual(records[index - 1]?.dynamodb.NewImage);
  }
  const numbers = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
  expect(numbers).toEqual([...new Set(numbers)].sort());
});

test('a write that changes nothing makes no record, nor does one that is refused', async () => {
  await put('still', { color: 'red' });
  await put('still', { color: 'red' });
  await expect(
    dynamo.send(
      new PutItemCommand({
        TableName,
        Item: { id: { S: 'still' } },
        ConditionExpression: 'attribute_not_exists(id)',
      }),
    ),
  ).rejects.toMatchObject({ name: 'ConditionalCheckFailedException' });
  await waitForStream('after still');
  expect(processedRecords('all', 'still')).toHaveLength(1);
});

test('a write that could not be captured is refused', async () => {
  const batch = { [TableName]: [{ PutRequest: { Item: { id: { S: 'batch' } } } }] };
  await expect(dynamo.send(new BatchWriteItemCommand({ RequestItems: batch }))).rejects.toMatchObject({
    name: 'ValidationException',
    message: expect.stringContaining('Table streamed has a stream'),
  });
});

test('a poisoned record is set aside alone, after its retry, and the others arrive', async () => {
  await put('poison 0', { mode: 'slow' });
  const puts = [1, 2, 3, 4, 5].map((index) =>
    put(`poison ${index}`, index === 3 ? { mode: 'poisoned' } : {}),
  );
  await Promise.all(puts);
  const QueueUrl = `${cloud.environment.AWS_ENDPOINT_URL_SQS}/000000000000/set-aside`;
  const body = await waitFor(async () => {
    const { Messages } = await clientOf(cloud, SQSClient, 'SQS').send(
      new ReceiveMessageCommand({ QueueUrl }),
    );
    return Messages?.[0]?.Body;
  });
  expect(JSON.parse(body)).toMatchObject({
    version: '1.0',
    requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 2 },
    responseContext: { functionError: 'Unhandled' },
    DDBStreamBatchInfo: { batchSize: 1, shardId: expect.any(String) },
  });
  await waitForStream('after poison');
  expect(processedIds('all', 'poison').sort()).toEqual([0, 1, 2, 4, 5].map((index) => `poison ${index}`));
});

test('only what a filter accepts arrives, and from the reported record on it is delivered again', async () => {
  for (const [id, mode] of [
    ['job 0', 'held'],
    ['job 1', ''],
    ['job 2', 'stumbles'],
    ['job 3', ''],
  ] as const) {
    await put(id, { status: 'PENDING' });
    await put(id, { status: 'RUNNING' });
    await put(id, { status: 'COMPLETED', mode });
    await dynamo.send(new DeleteItemCommand({ TableName, Key: { id: { S: id } } }));
  }
  await put('open');
  await waitFor(async () => (processedIds('ended', 'job 3').length > 0 ? true : undefined));
  await dynamo.send(new DeleteItemCommand({ TableName, Key: { id: { S: 'open' } } }));
  expect(processedIds('ended', 'job')).toEqual(['job 0', 'job 1', 'job 2', 'job 3']);
  const batches = log.filter((line) => line.startsWith('ended BATCH'));
  expect(batches.slice(-3)).toEqual(['ended BATCH 1', 'ended BATCH 3', 'ended BATCH 2']);
});

test('an item that expires is removed by DynamoDB itself', async () => {
  const Item = { id: { S: 'expired' }, expiresAt: { N: '1' } };
  await dynamo.send(new PutItemCommand({ TableName, Item }));
  const records = await waitFor(async () => {
    const arrived = processedRecords('all', 'expired');
    return arrived.length === 2 ? arrived : undefined;
  });
  expect(records[0]).not.toHaveProperty('userIdentity');
  expect(records[1]).toMatchObject({
    eventName: 'REMOVE',
    dynamodb: { OldImage: Item },
    userIdentity: { type: 'Service', principalId: 'dynamodb.amazonaws.com' },
  });
});

test('after a restart, what was not yet delivered is, and what was cut off after its write', async () => {
  await put('waiting', { status: 'PENDING' });
  await put('waiting', { status: 'COMPLETED', mode: 'held' });
  await put('waiting', { status: 'FAILED' });
  await waitForStream('before restart');
  expect(processedIds('ended', 'waiting')).toEqual([]);
  await cloud.close();
  // As a process leaves it that ends between the write and its record.
  const cut = { Keys: { id: { S: 'before restart' } }, OldImage: { id: { S: 'before restart' } } };
  const file = join(dataDirectory, 'streams', `${TableName}.jsonl`);
  await appendFile(file, `${JSON.stringify({ before: cut })}\n{"before":{"Ke`);
  log.length = 0;

  await startCloud();

  const mended = await waitFor(async () => processedRecords('all', 'before restart')[0]);
  expect(mended).toMatchObject({ eventName: 'MODIFY', dynamodb: { OldImage: cut.OldImage } });
  await put('open');
  await waitFor(async () => (processedRecords('ended', 'waiting').length >= 2 ? true : undefined));
  expect(processedRecords('ended', 'waiting').map(({ dynamodb }) => dynamodb.NewImage?.status)).toEqual([
    { S: 'COMPLETED' },
    { S: 'FAILED' },
  ]);
  await waitForStream('after restart');
  expect(processedRecords('all', 'waiting')).toEqual([]);
});
