/** Queues, and the functions that read them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { type LocalCloud, startLocalCloud } from '../../../local/cloud.ts';
import { fixtureAssembly } from '../fixture/assembly.ts';
import { clientOf, waitFor } from '../fixture/harness.ts';

/** Mappings of the fixture that are not disabled. */
const READERS = 6;

let dataDirectory: string;
let cloud: LocalCloud;
let sqs: SQSClient;
const log: { readonly line: string; readonly timeMs: number }[] = [];
const calls: string[] = [];

beforeAll(async () => {
  dataDirectory = await mkdtemp(join(tmpdir(), 'queues-'));
  await startCloud();
});
afterAll(async () => {
  sqs.destroy();
  await cloud.close();
  await rm(dataDirectory, { recursive: true });
});

async function startCloud(): Promise<void> {
  cloud = await startLocalCloud({
    assemblyDirectory: await fixtureAssembly('queues-app.ts'),
    dataDirectory,
    onLog: (name, line) => log.push({ line: `${name} ${line}`, timeMs: Date.now() }),
    onAwsCall: (service, action) => calls.push(`${service} ${action}`),
  });
  sqs = clientOf(cloud, SQSClient, 'SQS');
}

function url(queue: string): string {
  return `${cloud.environment.AWS_ENDPOINT_URL_SQS}/000000000000/${queue}`;
}

/** @returns the message's id */
async function send(
  queue: string,
  body: object | string,
  options: Partial<SendMessageCommandInput> = {},
): Promise<string> {
  const MessageBody = typeof body === 'string' ? body : JSON.stringify(body);
  const { MessageId } = await sqs.send(
    new SendMessageCommand({ QueueUrl: url(queue), MessageBody, ...options }),
  );
  return String(MessageId);
}

/** In one request, so that they are there at once. */
async function sendTogether(queue: string, ...bodies: object[]): Promise<string[]> {
  const Entries = bodies.map((body, index) => ({ Id: String(index), MessageBody: JSON.stringify(body) }));
  const { Successful } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: url(queue), Entries }));
  return (Successful ?? []).map(({ MessageId }) => String(MessageId));
}

interface Delivery {
  readonly functionName: string;
  readonly record: SQSRecord;
  readonly timeMs: number;
}

/** Each time that the message has reached a function. */
function deliveries(messageId: string): Delivery[] {
  return log.flatMap(({ line, timeMs }) => {
    const [, functionName = '', json] = /^(\S+) RECORD (.*)/.exec(line) ?? [];
    const record = json && (JSON.parse(json) as SQSRecord);
    return record && record.messageId === messageId ? { functionName, record, timeMs } : [];
  });
}

function delivered(messageId: string, times = 1): Promise<Delivery[]> {
  return waitFor(async () =>
    deliveries(messageId).length >= times ? deliveries(messageId).slice(0, times) : undefined,
  );
}

async function done(...messageIds: string[]): Promise<void> {
  const isDone = (id: string) => log.some(({ line }) => line.endsWith(` DONE ${id}`));
  await waitFor(async () => (messageIds.every(isDone) ? true : undefined));
}

/** The body and the receive count of the message, once it is in the dead-letter queue. */
function deadLetter(messageId: string) {
  return waitFor(async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: url('dead'), MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
    );
    return Messages.find(({ MessageId }) => MessageId === messageId);
  });
}

/** Messages that are waiting, delayed or being worked at. */
async function messageCount(queue: string): Promise<number> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url(queue), AttributeNames: ['All'] }),
  );
  return (
    Number(Attributes.ApproximateNumberOfMessages) +
    Number(Attributes.ApproximateNumberOfMessagesNotVisible) +
    Number(Attributes.ApproximateNumberOfMessagesDelayed)
  );
}

async function isEmpty(queue: string): Promise<void> {
  await waitFor(async () => ((await messageCount(queue)) === 0 ? true : undefined));
}

test('a message arrives as Lambda hands it over, with its attributes, and is deleted', async () => {
  const id = await send('plain', 'not JSON', {
    MessageGroupId: 'somebody',
    MessageAttributes: {
      color: { DataType: 'String', StringValue: 'red' },
      bytes: { DataType: 'Binary', BinaryValue: Buffer.from('raw') },
    },
  });
  const [{ record } = {}] = await delivered(id);
  expect(record).toEqual({
    messageId: id,
    receiptHandle: expect.any(String),
    body: 'not JSON',
    attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: expect.stringMatching(/^\d{13}$/),
      SenderId: expect.any(String),
      ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
    },
    messageAttributes: {
      color: { stringValue: 'red', stringListValues: [], binaryListValues: [], dataType: 'String' },
      bytes: { binaryValue: 'cmF3', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
    },
    md5OfBody: expect.stringMatching(/^[0-9a-f]{32}$/),
    md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/),
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:plain',
    awsRegion: 'us-east-1',
  });
  await isEmpty('plain');
});

test('messages that are there at once are one batch', async () => {
  await done(...(await sendTogether('reported', ...Array.from({ length: 10 }, () => ({})))));
  expect(log.filter(({ line }) => line === 'reporter BATCH 10')).toHaveLength(1);
});

test('a message that waits for nobody arrives within moments', async () => {
  await done(await send('plain', { id: 'warm' }));
  const sentMs = Date.now();
  const [{ timeMs } = { timeMs: Number.POSITIVE_INFINITY }] = await delivered(await send('plain', {}));
  expect(timeMs - sentMs).toBeLessThan(5_000);
});

test('a batch that a function throws on comes back whole after the visibility timeout', async () => {
  const ids = await sendTogether('plain', {}, { mode: 'stumbles' });
  for (const id of ids) {
    const [first, second] = await delivered(id, 2);
    expect(second?.record.attributes.ApproximateReceiveCount).toBe('2');
    expect(Number(second?.timeMs) - Number(first?.timeMs)).toBeGreaterThanOrEqual(1_500);
  }
  await done(...ids);
  await isEmpty('plain');
});

test('of a batch only what the answer names comes back, and ends in the dead-letter queue', async () => {
  const [fine = '', failing = ''] = await sendTogether('reported', {}, { mode: 'fails' });
  expect(await deadLetter(failing)).toMatchObject({ Body: '{"mode":"fails"}' });
  expect(deliveries(failing)).toHaveLength(2);
  expect(deliveries(fine)).toHaveLength(1);
  await isEmpty('reported');
});

test.each(['nonsense', 'stranger'])('an answer with %s fails the whole batch', async (mode) => {
  const ids = await sendTogether('reported', {}, { mode });
  for (const id of ids) expect(await delivered(id, 2)).toHaveLength(2);
  await done(...ids);
  await isEmpty('reported');
});

test('a poisoned message is tried as often as the queue allows, and then set aside', async () => {
  const id = await send('plain', { mode: 'poisoned' });
  expect(await deadLetter(id)).toMatchObject({ Body: '{"mode":"poisoned"}' });
  expect(deliveries(id)).toHaveLength(2);
  await isEmpty('plain');
});

test('a message of more than 262,144 bytes is refused by a queue and by a topic', async () => {
  const sns = clientOf(cloud, SNSClient, 'SNS');
  const TopicArn = 'arn:aws:sns:us-east-1:000000000000:news';
  const text = 'x'.repeat(262_145);
  await expect(send('disabled', text)).rejects.toThrow('262144');
  await expect(sns.send(new PublishCommand({ TopicArn, Message: text }))).rejects.toThrow('262144');
  sns.destroy();
});

test('batches run at once, as many as the mapping allows', async () => {
  const gate = (index: number) => join(dataDirectory, `gate-${index}`);
  const ids: string[] = [];
  for (const index of [0, 1, 2]) ids.push(await send('calm', { gate: gate(index) }));
  const [first = '', second = '', third = ''] = ids;
  await Promise.all([delivered(first), delivered(second)]);
  await delay(100);
  expect(deliveries(third)).toEqual([]);
  await writeFile(gate(1), '');
  await done(second);
  await delivered(third);
  await writeFile(gate(2), '');
  await done(third);
  await writeFile(gate(0), '');
  await done(first);
  await isEmpty('calm');
});

test('what a filter declines is deleted', async () => {
  const declined = [
    await send('filtered', { kind: 'other' }),
    await send('filtered', 'no object'),
    await send('filtered', '[1]'),
    await send('filtered', '"wanted"'),
  ];
  const wanted = await send('filtered', { kind: 'wanted' });
  await done(wanted);
  await isEmpty('filtered');
  expect(declined.flatMap(deliveries)).toEqual([]);
});

test('two functions that read a queue share its messages', async () => {
  const ids = await Promise.all(Array.from({ length: 30 }, () => send('shared', {})));
  await done(...ids);
  const readers = ids.flatMap(deliveries).map(({ functionName }) => functionName);
  expect(readers).toHaveLength(30);
  expect(new Set(readers)).toEqual(new Set(['worker', 'reporter']));
  await isEmpty('shared');
});

test('a mapping that is disabled leaves the messages where they are', async () => {
  const id = await send('disabled', {});
  await send('disabled', {}, { DelaySeconds: 900 });
  const query = { QueueUrl: url('disabled'), AttributeNames: ['All' as const] };
  expect((await sqs.send(new GetQueueAttributesCommand(query))).Attributes).toMatchObject({
    ApproximateNumberOfMessages: '1',
    ApproximateNumberOfMessagesDelayed: '1',
  });
  expect(deliveries(id)).toEqual([]);
});

test('a message that its receiver makes visible again is there at once', async () => {
  const QueueUrl = url('disabled');
  const receive = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5 });
  const [message] = (await sqs.send(receive)).Messages ?? [];
  const { MessageId, ReceiptHandle } = message ?? {};
  await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 0 }));
  expect((await sqs.send(receive)).Messages).toMatchObject([{ MessageId }]);
});

test('an instance that is ended in the middle fails its batch, and another takes it', async () => {
  const gate = join(dataDirectory, 'gate-interrupt');
  const id = await send('reported', { gate });
  await delivered(id);
  expect(cloud.interrupt('nobody')).toBe(0);
  expect(cloud.interrupt('report')).toBeGreaterThan(0);
  await waitFor(async () => log.find(({ line }) => /^reporter Invoke Error .*Runtime.ExitError/.test(line)));
  await writeFile(gate, '');
  const [, again] = await delivered(id, 2);
  expect(again?.record.attributes.ApproximateReceiveCount).toBe('2');
  await done(id);
});

test('calls are counted by their action, those of the readers too; at rest there are next to none', async () => {
  calls.length = 0;
  await done(await send('plain', {}));
  await clientOf(cloud, SNSClient, 'SNS').send(
    new PublishCommand({ TopicArn: 'arn:aws:sns:us-east-1:000000000000:news', Message: 'hello' }),
  );
  await waitFor(async () => (calls.includes('sqs DeleteMessageBatch') ? true : undefined));
  expect(new Set(calls)).toEqual(
    new Set(['sqs SendMessage', 'sqs ReceiveMessage', 'sqs DeleteMessageBatch', 'sns Publish']),
  );
  calls.length = 0;
  await delay(300);
  // Unless a reader happens to begin its next long poll just now.
  expect(calls.length).toBeLessThanOrEqual(READERS);
});

test('what is delayed or being worked at when the cloud closes arrives after a restart', async () => {
  const gate = join(dataDirectory, 'gate-restart');
  const held = await send('plain', { gate });
  const delayed = await send('plain', {}, { DelaySeconds: 2 });
  await delivered(held);
  const closingMs = Date.now();
  await cloud.close();
  expect(Date.now() - closingMs).toBeLessThan(3_000);
  await writeFile(gate, '');

  await startCloud();

  const [, again] = await delivered(held, 2);
  expect(again?.record.attributes.ApproximateReceiveCount).toBe('2');
  await done(held, delayed);
  expect(deliveries(delayed)).toHaveLength(1);
  await isEmpty('plain');
});
