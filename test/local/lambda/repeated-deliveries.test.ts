/** Streams that go back to an earlier position, and queues that deliver twice. */
import { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { expect, test } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { TableStream } from '../../../local/dynamodb/table-stream.ts';
import type { LambdaFunction } from '../../../local/lambda/functions.ts';
import { QueueReader } from '../../../local/lambda/mappings/queue-reader.ts';
import { StreamReader } from '../../../local/lambda/mappings/stream-reader.ts';

interface Record {
  readonly messageId?: string;
  readonly dynamodb?: { readonly Keys: { readonly id: { readonly S: string } } };
}

/** A function that notes the ids of each batch. */
function recorder(expected: number) {
  const batches: (string | undefined)[][] = [];
  const done = Promise.withResolvers<void>();
  const invoke = async (payload: string) => {
    const { Records } = JSON.parse(payload) as { readonly Records: readonly Record[] };
    batches.push(Records.map(({ messageId, dynamodb }) => messageId ?? dynamodb?.Keys.id.S));
    if (batches.length === expected) done.resolve();
    return 'null';
  };
  return { batches, done: done.promise, target: { invoke } as unknown as LambdaFunction };
}

test('a stream that loses its position delivers earlier batches again, in order, and then goes on', async () => {
  const stream = new TableStream('jobs', ['id']);
  stream.setReaders(new Map([['reader', 'LATEST']]));
  for (const id of ['1', '2', '3']) stream.append({ Keys: { id: { S: id } }, NewImage: { id: { S: id } } });
  const { batches, done, target } = recorder(5);
  const losses = [false, true, false];
  const reader = new StreamReader({
    name: 'reader',
    stream,
    target,
    functionArn: '',
    batchSize: 1,
    accepts: () => true,
    reportsItems: false,
    bisects: false,
    maxRetries: 0,
    ready: async () => {},
    repeats: () => losses.shift() ?? false,
  });
  await done;
  await reader.close();
  expect(batches.map(([id]) => id)).toEqual(['1', '2', '1', '2', '3']);
});

test('a queue delivers a batch twice, the second time in another order', async () => {
  const sqs = mockClient(SQSClient);
  const Messages = ['1', '2'].map((MessageId) => ({ MessageId, ReceiptHandle: MessageId, Body: '' }));
  sqs
    .on(DeleteMessageBatchCommand)
    .resolves({})
    .on(ReceiveMessageCommand)
    .resolvesOnce({ Messages })
    .callsFake(() => new Promise((resolve) => setTimeout(resolve, 20, {})));
  const { batches, done, target } = recorder(2);
  const reader = new QueueReader({
    queueUrl: 'http://127.0.0.1:1/queue',
    queueArn: '',
    clientOptions: { region: 'us-east-1' } as never,
    target,
    batchSize: 10,
    maxConcurrency: 5,
    accepts: () => true,
    reportsItems: false,
    ready: async () => {},
    repeats: (() => {
      const answers = [true];
      return () => answers.shift() ?? false;
    })(),
    isLate: () => false,
    lateMs: () => 0,
  });
  await done;
  await reader.close();
  sqs.restore();
  expect(batches).toEqual([
    ['1', '2'],
    ['2', '1'],
  ]);
});
