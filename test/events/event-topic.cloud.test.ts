/** Tests events from a job to a subscriber's queue, through the stream and the topic of the local cloud. */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Client } from '@modelcontextprotocol/client';
import { toItem } from '../../lambdas/jobs/job-item.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { awsClients, call, connect } from '../support/test-cloud.ts';

let cloud: LocalCloud;
let client: Client;
let sns: SNSClient;
let sqs: SQSClient;

beforeAll(async () => {
  cloud = await sharedCloud();
  client = await connect(cloud);
  ({ sns, sqs } = awsClients(cloud));
});
afterAll(async () => {
  sns.destroy();
  sqs.destroy();
  await client.close();
});

/** A queue that receives the events which pass the filter policy. */
async function subscribe(name: string, filter: Record<string, readonly string[]>): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  await sns.send(
    new SubscribeCommand({
      TopicArn: cloud.outputs.EventsTopicArn,
      Protocol: 'sqs',
      Endpoint: `arn:aws:sqs:us-east-1:000000000000:${name}`,
      Attributes: { FilterPolicy: JSON.stringify(filter), RawMessageDelivery: 'true' },
    }),
  );
  return QueueUrl;
}

/** The events in a queue, once `enough` says so. */
async function receive(QueueUrl: string, enough: (events: readonly Event[]) => boolean): Promise<Event[]> {
  const events: Event[] = [];
  while (!enough(events)) {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1, MaxNumberOfMessages: 10 }),
    );
    events.push(...Messages.map(({ Body }) => JSON.parse(Body ?? '') as Event));
    if (Messages.length > 0) {
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  }
  return events;
}

interface Event {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly job_id: string; readonly status: string; readonly result: unknown };
}

const hasEnded = (events: readonly Event[]) =>
  events.some(({ type }) => ['job.completed', 'job.failed', 'job.cancelled'].includes(type));

test('a subscriber gets all events of a job but its progress, in order, each with its own id', async () => {
  const queue = await subscribe('everything', { operation: ['four_steps'] });
  const { data } = await call(client, 'start_four_steps', { wait_seconds: 30 });
  const events = await receive(queue, hasEnded);
  expect(events.map(({ type }) => type)).toEqual(['job.created', 'job.started', 'job.completed']);
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  const versions = events.map(({ id }) => Number(id.split('.')[1]));
  expect(versions).toEqual([...versions].sort((a, b) => a - b));
  expect(events.at(-1)?.data).toMatchObject({
    job_id: data.job_id,
    status: 'completed',
    result: { count: 4 },
  });
});

test('a filter policy passes only matching events', async () => {
  const failures = await subscribe('failures', { type: ['job.failed'], operation: ['probe'] });
  await call(client, 'start_echo', { text: 'x', wait_seconds: 30 });
  await call(client, 'start_probe', { behaviour: 'crash_once', wait_seconds: 20 });
  const { data } = await call(client, 'start_probe', { behaviour: 'fail', wait_seconds: 20 });
  const events = await receive(failures, hasEnded);
  expect(events.map(({ type, data: job }) => [type, job.job_id])).toEqual([['job.failed', data.job_id]]);
});

test('records that are too large or unreadable hold no other event', async () => {
  const queue = await subscribe('sizes', { type: ['job.created'] });
  const { dynamodb } = awsClients(cloud);
  // As a version of the service without bounds could have written it.
  const put = (item: Record<string, unknown>) =>
    dynamodb.send(
      new PutItemCommand({
        TableName: cloud.outputs.JobsTableName,
        Item: toItem({
          jobId: 'large',
          owner: 'bob',
          operation: 'echo',
          status: 'completed',
          version: 1,
          progress: 1,
          createdAt: '2026-01-01T00:00:00.000Z',
          updatedAt: '2026-01-01T00:00:00.000Z',
          expiresAt: 2_000_000_000,
          ...item,
        }),
      }),
    );
  await put({ result: 'x'.repeat(300_000) });
  await put({ jobId: 'message', message: 'x'.repeat(300_000) });
  await put({ jobId: 'odd', version: 'none' });
  dynamodb.destroy();
  const { data } = await call(client, 'start_echo', { text: 'x', wait_seconds: 30 });
  const events = await receive(queue, (got) => got.some(({ data: job }) => job.job_id === data.job_id));
  expect(events.map(({ data: job }) => job.job_id)).toEqual(['large', 'message', data.job_id]);
  expect(events[0]?.data).toMatchObject({ result: null, result_uri: 'job://large/result' });
});

test('a cancelled job sends an event', async () => {
  const queue = await subscribe('cancelled', { type: ['job.cancelled'] });
  const { data } = await call(client, 'start_probe', { behaviour: 'wait' });
  await call(client, 'cancel_job', { job_id: data.job_id });
  expect(await receive(queue, hasEnded)).toMatchObject([
    { data: { job_id: data.job_id, status: 'cancelled' } },
  ]);
});
