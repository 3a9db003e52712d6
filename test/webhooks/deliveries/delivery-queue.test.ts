/** Tests the messages of deliveries: their form, their requests to SQS and which forms are malformed. */

import { createHash } from 'node:crypto';
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { log } from '../../../lambdas/shared/observability/log.ts';
import type { Delivery } from '../../../lambdas/webhooks/deliveries/delivery.ts';
import {
  attemptMessage,
  DeliveryQueue,
  MAX_QUEUE_DELAY_MS,
  parseMessage,
} from '../../../lambdas/webhooks/deliveries/delivery-queue.ts';

const client = new SQSClient({ region: 'us-east-1' });
const sqs = mockClient(client);
const queue = new DeliveryQueue(client, 'https://queue');

beforeEach(() => sqs.reset());
afterEach(() => jest.restoreAllMocks());

const message = attemptMessage(
  { owner: 'alice', endpointId: 'ep_1', jobId: 'job', deliveryKey: 'key', url: 'x' } as Delivery,
  2,
);
const verification = { type: 'verification', owner: 'alice', endpointId: 'ep_1' } as const;
const group = createHash('sha256').update('alice').digest('hex');

test('a message names its delivery and never has its content', () => {
  expect(message).toEqual({
    type: 'attempt',
    owner: 'alice',
    endpointId: 'ep_1',
    jobId: 'job',
    deliveryKey: 'key',
    attempt: 2,
  });
});

test.each([
  message,
  { ...message, again: true as const },
  { ...message, deferrals: 2 },
  verification,
  { ...verification, deferrals: 1 },
])('%j is read as it was sent', (sent) => {
  expect(parseMessage(JSON.stringify(sent))).toStrictEqual(sent);
});

test('only the properties of a message are read', () => {
  const extra = { ...message, again: 'yes', deferrals: 'many', url: 'https://example.com/' };
  expect(parseMessage(JSON.stringify(extra))).toStrictEqual(message);
  expect(parseMessage(JSON.stringify({ ...verification, jobId: 'job' }))).toStrictEqual(verification);
});

test.each([
  'no json',
  'null',
  '1',
  '"text"',
  '{}',
  JSON.stringify({ ...message, type: 'other' }),
  JSON.stringify({ ...message, owner: 1 }),
  JSON.stringify({ ...message, endpointId: 1 }),
  JSON.stringify({ ...message, jobId: 1 }),
  JSON.stringify({ ...message, deliveryKey: 1 }),
  JSON.stringify({ ...message, attempt: 1.5 }),
  JSON.stringify({ ...message, attempt: '1' }),
  JSON.stringify({ ...verification, owner: 1 }),
  JSON.stringify({ ...verification, endpointId: undefined }),
])('%j is malformed', (body) => {
  expect(parseMessage(body)).toBeUndefined();
});

test('the longest delay of SQS is 15 minutes', () => {
  expect(MAX_QUEUE_DELAY_MS).toBe(900_000);
});

test('a message is sent to its queue in the group of its owner', async () => {
  sqs.on(SendMessageCommand).resolves({});
  await queue.send(message);
  await queue.send(message, 1_001);
  const [now, later] = sqs.commandCalls(SendMessageCommand).map(({ args }) => args[0].input);
  expect(now).toEqual({
    QueueUrl: 'https://queue',
    MessageBody: JSON.stringify(message),
    DelaySeconds: 0,
    MessageGroupId: group,
  });
  expect(later?.DelaySeconds).toBe(2);
});

test('messages are sent ten a call', async () => {
  sqs.on(SendMessageBatchCommand).resolves({});
  const messages = Array.from({ length: 21 }, (_, index) => ({ message, delayMs: index * 1_000 }));
  expect(await queue.sendAll(messages)).toEqual(new Set());
  const batches = sqs.commandCalls(SendMessageBatchCommand).map(({ args }) => args[0].input);
  expect(batches.map(({ Entries = [] }) => Entries.length)).toEqual([10, 10, 1]);
  expect(batches[2]).toEqual({
    QueueUrl: 'https://queue',
    Entries: [{ Id: '0', MessageBody: JSON.stringify(message), DelaySeconds: 20, MessageGroupId: group }],
  });
});

test('ten messages are one call, and none are no call', async () => {
  sqs.on(SendMessageBatchCommand).resolves({});
  await queue.sendAll(Array.from({ length: 10 }, () => ({ message })));
  await queue.sendAll([]);
  const calls = sqs.commandCalls(SendMessageBatchCommand);
  expect(calls).toHaveLength(1);
  expect(calls[0]?.args[0].input.Entries?.[9]).toMatchObject({ Id: '9', DelaySeconds: 0 });
});

test('rejected messages are returned by their index and logged', async () => {
  const warn = jest.spyOn(log, 'warn').mockImplementation(() => {});
  const Failed = [{ Id: '1', SenderFault: false, Code: 'x' }];
  sqs.on(SendMessageBatchCommand).resolvesOnce({}).resolvesOnce({ Failed });
  const failed = await queue.sendAll(Array.from({ length: 12 }, () => ({ message })));
  expect(failed).toEqual(new Set([11]));
  expect(warn.mock.calls).toEqual([['SQS rejected deliveries', { failed: Failed }]]);
});
