import { PublishBatchCommand, SNSClient } from '@aws-sdk/client-sns';
import { jest } from '@jest/globals';
import type { AttributeValue, DynamoDBRecord } from 'aws-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { retryEvents } from '../../lambdas/events/event-retries.ts';
import type { EventSink, QueuedEvent } from '../../lambdas/events/event-sink.ts';
import { EventTopic } from '../../lambdas/events/event-topic.ts';
import { type PublishDependencies, publishEvents } from '../../lambdas/events/publish-events.ts';
import { toItem } from '../../lambdas/jobs/job-item.ts';
import { messageText } from '../../lambdas/shared/aws/message-text.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import { metricDocumentsOf, sumsOf } from '../support/metric-documents.ts';

// The mock lets SNS reject a part of a batch.
const sns = mockClient(SNSClient);
// The mock is on the class, which other test files of this process use.
afterAll(() => sns.restore());
const topic = new EventTopic(
  new SNSClient({ region: 'us-east-1' }),
  'arn:aws:sns:us-east-1:000000000000:events',
  { takesProgress: false },
);

let dead: unknown[];
let queued: QueuedEvent[];
const dependencies: PublishDependencies = {
  sinks: [topic],
  deadLetter: async (letter) => void dead.push(letter),
  retryLater: async (event) => void queued.push(event),
};

beforeEach(() => {
  dead = [];
  queued = [];
  sns.reset();
  jest.spyOn(log, 'error').mockImplementation(() => {});
  jest.spyOn(log, 'warn').mockImplementation(() => {});
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

test('an event has the trace of its job in attributes, also after a retry', async () => {
  sns.on(PublishBatchCommand).resolves({ Failed: [] });
  const trace = {
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    tracestate: 'c=1',
    xray: '1-2-3',
  };
  const failing: EventSink = {
    name: 'topic',
    send: async (events) => ({ failed: events, refused: [] }),
  };
  await publishEvents({ ...dependencies, sinks: [failing] }, [record(0, { trace })]);
  await retryEvents(
    { sinks: [topic], deadLetter: async () => {} },
    queued.map((event) => ({ messageId: '1', body: JSON.stringify(event) })),
  );
  const [{ MessageAttributes = {} } = {}] = published();
  const { traceparent, tracestate, ...others } = MessageAttributes;
  expect([traceparent?.StringValue, tracestate?.StringValue]).toEqual([trace.traceparent, 'c=1']);
  expect(Object.keys(others)).toEqual(['type', 'operation', 'status', 'owner']);
});

describe('of progress', () => {
  const change = (changes: Record<string, unknown>): DynamoDBRecord => {
    const running = { status: 'running', createdAt: '2026-01-01T00:00:00.000Z', version: 2 };
    const { dynamodb: before } = record(0, running);
    const { dynamodb: after } = record(0, { ...running, ...changes });
    return { eventName: 'MODIFY', dynamodb: { ...after, OldImage: before?.NewImage } };
  };
  const progress = change({ version: 3, progress: 0.5, updatedAt: '2026-01-01T00:00:10.000Z' });

  test('the topic receives nothing, and nothing waits for it', async () => {
    expect(await publishEvents(dependencies, [progress])).toEqual({ batchItemFailures: [] });
    expect([sns.calls(), queued, dead]).toEqual([[], [], []]);
  });

  test('the topic receives each event by the option', async () => {
    sns.on(PublishBatchCommand).resolves({ Failed: [] });
    const client = new SNSClient({ region: 'us-east-1' });
    const all = new EventTopic(client, 'arn:aws:sns:us-east-1:000000000000:events', { takesProgress: true });
    await publishEvents({ ...dependencies, sinks: [all] }, [progress]);
    expect(published().map(({ MessageAttributes }) => MessageAttributes?.type?.StringValue)).toEqual([
      'job.progress',
    ]);
  });

  test('a look at a job is no event: no sink receives it', async () => {
    const send = jest.fn<EventSink['send']>(async () => ({ failed: [], refused: [] }));
    const look = change({ watchedUntil: Date.parse('2026-01-01T00:02:00Z') });
    await publishEvents({ ...dependencies, sinks: [{ name: 'any', send }] }, [look, progress]);
    expect(send.mock.calls.map(([events]) => events.map(({ event }) => event.id))).toEqual([['job-0.3']]);
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

describe('the shard goes on', () => {
  const seven = Array.from({ length: 7 }, (_, index) => record(index));
  const ids = (events: readonly unknown[]) => events.map((each) => (each as QueuedEvent).event.id);
  const refusal = (name: string, httpStatusCode: number) =>
    Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });

  test('past an event that SNS does not take now: it waits in the queue', async () => {
    sns
      .on(PublishBatchCommand)
      .resolves({ Failed: [{ Id: '4', Code: 'InternalError', SenderFault: false }] });
    expect(await publishEvents(dependencies, seven)).toEqual({ batchItemFailures: [] });
    expect(ids(queued)).toEqual(['job-4.1']);
    expect(queued[0]).toMatchObject({ sink: 'topic', job: { jobId: 'job-4', owner: 'alice' } });
  });

  test('past an event that SNS names as the fault of its sender: it is a dead letter', async () => {
    sns.on(PublishBatchCommand).resolves({
      Failed: [{ Id: '2', Code: 'InvalidParameter', SenderFault: true }],
    });
    expect(await publishEvents(dependencies, seven)).toEqual({ batchItemFailures: [] });
    expect([ids(queued), ids(dead)]).toEqual([[], ['job-2.1']]);
  });

  test('past the one event for which SNS refuses the whole call', async () => {
    sns.on(PublishBatchCommand).callsFake(({ PublishBatchRequestEntries: entries }) => {
      const isPoison = entries.some(({ Message }: { Message: string }) => Message.includes('job-3'));
      if (isPoison) throw refusal('InvalidParameterException', 400);
      return { Failed: [] };
    });
    expect(await publishEvents(dependencies, seven)).toEqual({ batchItemFailures: [] });
    expect([ids(queued), ids(dead)]).toEqual([[], ['job-3.1']]);
    expect(new Set(published().map(({ Message }) => JSON.parse(Message ?? '').id)).size).toBe(7);
  });

  test.each([
    ['SNS is throttled', refusal('ThrottlingException', 400)],
    ['SNS is not available', refusal('InternalErrorException', 500)],
    ['the role lacks a permission', refusal('AuthorizationErrorException', 403)],
    ['the network fails', new Error('connect ECONNREFUSED')],
  ])('while %s: after one call, all events wait in the queue', async (_what, error) => {
    sns.on(PublishBatchCommand).rejects(error);
    const records = Array.from({ length: 23 }, (_, index) => record(index));
    expect(await publishEvents(dependencies, records)).toEqual({ batchItemFailures: [] });
    expect([queued.length, dead.length]).toEqual([23, 0]);
    expect(sns.commandCalls(PublishBatchCommand)).toHaveLength(1);
  });

  test('for one sink while the other fails, and only the other gets its events again', async () => {
    sns.on(PublishBatchCommand).rejects(refusal('InternalErrorException', 500));
    const taken: string[] = [];
    const webhooks: EventSink = {
      name: 'webhooks',
      send: async (events) => {
        taken.push(...ids(events));
        return { failed: [], refused: [] };
      },
    };
    const both = { ...dependencies, sinks: [topic, webhooks] };
    expect(await publishEvents(both, seven)).toEqual({ batchItemFailures: [] });
    expect(taken).toHaveLength(7);
    expect(queued.map(({ sink }) => sink)).toEqual(Array(7).fill('topic'));
    sns.reset();
    sns.on(PublishBatchCommand).resolves({ Failed: [] });
    const messages = queued.map((event, index) => ({ messageId: String(index), body: messageText(event) }));
    expect(await retryEvents(both, messages)).toEqual({ batchItemFailures: [] });
    expect([published().length, taken.length]).toEqual([7, 7]);
  });

  test('past a sink that throws', async () => {
    sns.on(PublishBatchCommand).resolves({ Failed: [] });
    const broken: EventSink = { name: 'webhooks', send: () => Promise.reject(new Error('broken')) };
    const both = { ...dependencies, sinks: [broken, topic] };
    expect(await publishEvents(both, seven)).toEqual({ batchItemFailures: [] });
    expect([published().length, queued.length]).toEqual([7, 7]);
  });
});

test('the stream retries from the first event that the queue does not take either', async () => {
  sns.on(PublishBatchCommand).rejects(new Error('down'));
  const retryLater = async ({ job }: QueuedEvent) => {
    if (job.jobId !== 'job-0') throw new Error('SQS is down.');
  };
  const records = [0, 1, 2].map((index) => record(index));
  expect(await publishEvents({ ...dependencies, retryLater }, records)).toEqual({
    batchItemFailures: [{ itemIdentifier: '1' }],
  });
});

test('a record that the stream delivers again counts once in the metrics', async () => {
  sns.on(PublishBatchCommand).rejects(new Error('down'));
  const retryLater = async ({ job }: QueuedEvent) => {
    if (job.jobId === 'job-4') throw new Error('SQS is down.');
  };
  const records = Array.from({ length: 7 }, (_, index) => record(index));
  const first = await metricDocumentsOf(() => publishEvents({ ...dependencies, retryLater }, records));
  expect(sumsOf(first)).toEqual({ JobsCreated: 4, 'JobsCreated build': 4 });
  sns.reset();
  sns.on(PublishBatchCommand).resolves({ Failed: [] });
  const again = await metricDocumentsOf(() => publishEvents(dependencies, records.slice(4)));
  expect(sumsOf(again)).toEqual({ JobsCreated: 3, 'JobsCreated build': 3 });
});

test('a queued event that fails again stays in the queue; one that is refused is a dead letter', async () => {
  const queuedAs = (id: string) => ({
    messageId: id,
    body: JSON.stringify({ sink: 'topic', event: { id, data: {} }, job: {} }),
  });
  sns.on(PublishBatchCommand).callsFake(({ PublishBatchRequestEntries: [entry] }) => ({
    Failed: [{ Id: '0', SenderFault: entry.Message.includes('bad') }],
  }));
  const messages = [queuedAs('bad'), queuedAs('later'), { messageId: 'odd', body: '{"Records":[]}' }];
  expect(await retryEvents(dependencies, messages)).toEqual({
    batchItemFailures: [{ itemIdentifier: 'later' }, { itemIdentifier: 'odd' }],
  });
  expect(dead).toMatchObject([{ event: { id: 'bad' } }]);
});

test.each([
  ['a result', { result: 'x'.repeat(300_000) }],
  ['a message', { message: 'x'.repeat(300_000) }],
  ['a message of quotes', { message: '"\\'.repeat(150_000) }],
  [
    'an error message',
    { status: 'failed', error: { code: 'X', message: 'x'.repeat(300_000), retryable: false } },
  ],
  [
    'details',
    {
      status: 'failed',
      error: { code: 'X', message: '', retryable: false, details: { a: 'ü'.repeat(200_000) } },
    },
  ],
  [
    'many details',
    {
      status: 'failed',
      error: {
        code: 'X',
        message: '',
        retryable: false,
        details: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`key${i}`, i])),
      },
    },
  ],
  ['a log tail', { status: 'failed', logTail: Array(20_000).fill('x'.repeat(200)) }],
  [
    'a code and a step',
    { step: 'x'.repeat(300_000), error: { code: 'X'.repeat(300_000), message: '', retryable: false } },
  ],
])('an event stays below the limit of SNS with %s that is too large', async (_what, changes) => {
  sns.on(PublishBatchCommand).resolves({ Failed: [] });
  await publishEvents(dependencies, [record(0, changes)]);
  expect(Buffer.byteLength(JSON.stringify(published()))).toBeLessThan(262_144);
});

test('a result that is too large for an event is replaced by its resource', async () => {
  sns.on(PublishBatchCommand).resolves({ Failed: [] });
  await publishEvents(dependencies, [record(0, { status: 'completed', result: 'x'.repeat(300_000) })]);
  expect(JSON.parse(published()[0]?.Message ?? '').data).toMatchObject({
    job_id: 'job-0',
    result: null,
    result_uri: 'job://job-0/result',
  });
});

test('characters that SQS rejects are escaped', () => {
  expect(messageText({ a: '\uffff\ufffe' })).toBe('{"a":"\\uffff\\ufffe"}');
});

test.each([
  ['is no job', { version: undefined }],
  ['cannot be read', { input: undefined, status: null }],
])('a record that %s becomes a dead letter and blocks no other', async (_what, broken) => {
  sns.on(PublishBatchCommand).resolves({ Failed: [] });
  const result = await publishEvents(dependencies, [record(0), record(1, broken), record(2)]);
  expect(result).toEqual({ batchItemFailures: [] });
  expect(published()).toHaveLength(2);
  expect(dead).toMatchObject([{ dynamodb: { SequenceNumber: '1' } }]);
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
