import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { jest } from '@jest/globals';
import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { EventTopic } from '../../lambdas/events/event-topic.ts';
import { type PublishDependencies, publishEvents } from '../../lambdas/events/publish-events.ts';
import { toItem } from '../../lambdas/jobs/job-item.ts';

// The mock lets SNS reject a part of a batch.
const sns = mockClient(SNSClient);
const topic = new EventTopic(
  new SNSClient({ region: 'us-east-1' }),
  'arn:aws:sns:us-east-1:000000000000:events',
);

let dead: DynamoDBRecord[];
const dependencies: PublishDependencies = {
  sinks: [topic],
  deadLetter: async (record) => void dead.push(record),
};

beforeEach(() => {
  dead = [];
  sns.reset();
  jest.spyOn(console, 'error').mockImplementation(() => {});
  jest.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => jest.restoreAllMocks());

function record(index: number, job: Record<string, unknown> = {}): DynamoDBRecord {
  const NewImage = toItem({
    jobId: `job-${index}`,
    owner: 'alice',
    operation: 'build',
    status: 'pending',
    version: 1,
    progress: 0,
    updatedAt: '2026-01-01T00:00:00.000Z',
    expiresAt: 2_000_000_000,
    ...job,
  }) as Record<string, AttributeValue>;
  return { eventName: 'INSERT', dynamodb: { SequenceNumber: String(index), NewImage } };
}

const published = () =>
  sns.commandCalls(PublishBatchCommand).flatMap(({ args }) => args[0].input.PublishBatchRequestEntries ?? []);

test('events are published in order, ten a call, with attributes for filter policies', async () => {
  sns.on(PublishBatchCommand).resolves({ Failed: [] });
  const records = Array.from({ length: 23 }, (_, index) => record(index));
  expect(await publishEvents(dependencies, records)).toEqual({ batchItemFailures: [] });
  expect(sns.commandCalls(PublishBatchCommand)).toHaveLength(3);
  expect(published().map(({ Message }) => JSON.parse(Message ?? '').id)).toEqual(
    records.map((_, index) => `job-${index}.1`),
  );
  expect(published()[0]?.MessageAttributes).toMatchObject({
    type: { StringValue: 'job.created' },
    operation: { StringValue: 'build' },
    status: { StringValue: 'pending' },
    owner: { StringValue: 'alice' },
  });
});

test('large events share a call only as far as SNS allows', async () => {
  sns.on(PublishBatchCommand).resolves({ Failed: [] });
  await publishEvents(
    dependencies,
    Array.from({ length: 8 }, (_, index) => record(index, { result: 'x'.repeat(60_000) })),
  );
  for (const { args } of sns.commandCalls(PublishBatchCommand)) {
    expect(Buffer.byteLength(JSON.stringify(args[0].input.PublishBatchRequestEntries))).toBeLessThan(
      256 * 1024,
    );
  }
});

test('the stream retries from the first event that SNS rejects', async () => {
  sns.on(PublishBatchCommand).resolves({ Failed: [{ Id: '4', Code: 'InternalError', SenderFault: false }] });
  const records = Array.from({ length: 7 }, (_, index) => record(index));
  expect(await publishEvents(dependencies, records)).toEqual({
    batchItemFailures: [{ itemIdentifier: '4' }],
  });
});

test.each([
  ['is no job', { version: undefined }],
  ['cannot be read', { input: undefined, status: null }],
])('a record that %s becomes a dead letter and blocks no other', async (_what, broken) => {
  sns.on(PublishBatchCommand).resolves({ Failed: [] });
  const result = await publishEvents(dependencies, [record(0), record(1, broken), record(2)]);
  expect(result).toEqual({ batchItemFailures: [] });
  expect(published()).toHaveLength(2);
  expect(dead.map(({ dynamodb }) => dynamodb?.SequenceNumber)).toEqual(['1']);
});

test('a deleted record gives no event', async () => {
  const removed: DynamoDBRecord = { eventName: 'REMOVE', dynamodb: { SequenceNumber: '1', OldImage: {} } };
  expect(await publishEvents(dependencies, [removed])).toEqual({ batchItemFailures: [] });
  expect(sns.calls()).toHaveLength(0);
});

test('the stream retries a record that the dead-letter queue rejects', async () => {
  const deadLetter = async () => {
    throw new Error('SQS is unavailable.');
  };
  const records = [record(0, { version: undefined })];
  await expect(publishEvents({ ...dependencies, deadLetter }, records)).rejects.toThrow(
    'SQS is unavailable.',
  );
});
