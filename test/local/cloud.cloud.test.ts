/** The local cloud's storage, what it keeps over a restart, and what it refuses to run. */
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { GetItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { GetExecutionHistoryCommand } from '@aws-sdk/client-sfn';
import {
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Env } from '../../lambdas/shared/env.ts';
import { startLocalCloud } from '../../local/cloud.ts';
import { Harness, waitFor } from './fixture/harness.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

test('an object of 60 MB is stored from a stream and fetched by a presigned URL', async () => {
  const megabyte = Buffer.alloc(1024 * 1024, 'x');
  const hash = createHash('sha256');
  for (let count = 0; count < 60; count++) hash.update(megabyte);
  await harness.put('large', Readable.from(Array(60).fill(megabyte)), 60 * megabyte.length);
  const url = await getSignedUrl(harness.s3, new GetObjectCommand({ Bucket: harness.bucket, Key: 'large' }), {
    expiresIn: 60,
  });
  const fetched = createHash('sha256').update(Buffer.from(await (await fetch(url)).arrayBuffer()));
  expect(fetched.digest('hex')).toBe(hash.digest('hex'));
});

test('a queue has the attributes of the template and passes messages on', async () => {
  const { sqs, queueUrl: QueueUrl } = harness;
  const query = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['VisibilityTimeout'] });
  expect((await sqs.send(query)).Attributes).toEqual({ VisibilityTimeout: '7' });
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
  const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
  expect(Messages?.[0]?.Body).toBe('hello');
});

test('an expired item is deleted within seconds', async () => {
  const item = { id: { S: 'expired' }, owner: { S: 'me' }, expiresAt: { N: '1' } };
  await harness.dynamo.send(new PutItemCommand({ TableName: harness.table, Item: item }));
  await waitFor(async () => {
    const { Item } = await harness.dynamo.send(
      new GetItemCommand({ TableName: harness.table, Key: { id: item.id } }),
    );
    return Item ? undefined : true;
  });
});

test('after a restart, items and objects are there and a running execution is begun anew', async () => {
  const item = { id: { S: 'kept' }, owner: { S: 'me' } };
  await harness.dynamo.send(new PutItemCommand({ TableName: harness.table, Item: item }));
  await harness.put('kept', 'content');
  const { executionArn } = await harness.startExecution('cut', 'wait');
  await harness.entered('cut', 1);
  const { executionArn: over } = await harness.startExecution('over', 'ok');
  await harness.ended(over);

  await harness.restart();

  const query = {
    KeyConditionExpression: '#owner = :owner',
    ExpressionAttributeNames: { '#owner': 'owner' },
  };
  const { Items } = await harness.dynamo.send(
    new QueryCommand({
      TableName: harness.table,
      IndexName: 'byOwner',
      ...query,
      ExpressionAttributeValues: { ':owner': item.owner },
    }),
  );
  expect(Items).toEqual([item]);
  const { Body } = await harness.s3.send(new GetObjectCommand({ Bucket: harness.bucket, Key: 'kept' }));
  expect(await Body?.transformToString()).toBe('content');
  await harness.entered('cut', 2);
  await harness.put('open/cut');
  expect(await harness.ended(executionArn)).toMatchObject({ status: 'SUCCEEDED' });
  await expect(harness.startExecution('over', 'ok')).rejects.toMatchObject({
    name: 'ExecutionAlreadyExists',
  });
  // A retry of its job reads what the steps before the last one returned.
  const { events } = await harness.sfn.send(new GetExecutionHistoryCommand({ executionArn: over }));
  expect(events).toHaveLength(1);
  const { name, input } = events?.[0]?.stateEnteredEventDetails ?? {};
  expect([name, JSON.parse(input ?? '')]).toEqual([
    'second',
    expect.objectContaining({ first: expect.anything() }),
  ]);
});

test('whoever starts the cloud may let webhooks call this machine', async () => {
  const { assemblyDirectory } = harness;
  const cloud = await startLocalCloud({ assemblyDirectory, allowLoopbackWebhooks: true });
  const response = await fetch(`${cloud.url}/echo/1`);
  const { environment } = (await response.json()) as {
    readonly environment: Readonly<Record<string, string>>;
  };
  expect(environment).toMatchObject({ [Env.allowLoopbackWebhooks]: 'true' });
  // As on Lambda, and not as on the machine of the developer.
  expect(environment.PATH).toBe(`${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin:/opt/bin`);
  expect(environment).not.toHaveProperty('HOME');
  await cloud.close();
});

test('what a template changes of a queue is changed after a restart, and its messages stay', async () => {
  const { sqs } = harness;
  await sqs.send(new SendMessageCommand({ QueueUrl: harness.queueUrl, MessageBody: 'kept' }));
  await sqs.send(
    new SetQueueAttributesCommand({ QueueUrl: harness.queueUrl, Attributes: { VisibilityTimeout: '99' } }),
  );
  await harness.restart();
  const { Attributes } = await harness.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: harness.queueUrl, AttributeNames: ['All'] }),
  );
  expect(Attributes?.VisibilityTimeout).toBe('7');
  expect(Number(Attributes?.ApproximateNumberOfMessages)).toBeGreaterThan(0);
});

test('a resource of an unknown type is refused by type and name', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'unknown-type-'));
  await cp(harness.assemblyDirectory, directory, { recursive: true });
  const file = join(directory, 'Fixture.template.json');
  const template = JSON.parse(await readFile(file, 'utf8'));
  template.Resources.Cluster = { Type: 'AWS::ECS::Cluster' };
  await writeFile(file, JSON.stringify(template));
  await expect(startLocalCloud({ assemblyDirectory: directory })).rejects.toThrow(
    'AWS::ECS::Cluster (Cluster)',
  );
  await rm(directory, { recursive: true });
});
