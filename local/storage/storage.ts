/** Runs S3, SQS and SNS with fauxqs, and creates the buckets, queues and topics of the template. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { startFauxqs } from 'fauxqs';
import type { QueueState } from '../cloudwatch/service-metrics.ts';
import type { Environment } from '../environment.ts';
import type { CreatedObject } from '../eventbridge/object-events.ts';
import type { Faults } from '../faults.ts';
import type { Iam } from '../iam/iam.ts';
import { notWritten, type OnFailure } from '../shared/data-files.ts';
import type { Template } from '../template/assembly.ts';
import type { Resolve } from '../template/intrinsics.ts';
import { resourcesOf } from '../template/stack-resources.ts';
import { checkStorage } from './check-storage.ts';
import { type Fastify, hookFauxqs, type OnStorageCall } from './fauxqs-hooks.ts';
import { slowPollTimers } from './poll-interval.ts';
import { type OnTopicDelivery, TopicDeliveries } from './topic-deliveries.ts';

export interface StorageServer {
  readonly url: string;
  createBucket(name: string): void;
  /** @returns false for a queue of an earlier start. It keeps its attributes and messages */
  createQueue(name: string, attributes: Readonly<Record<string, string>>): boolean;
  createTopic(name: string): void;
  /** Returns the number and age of the messages of a queue; undefined for a queue that does not exist. */
  queueState(name: string): QueueState | undefined;
  /** @throws Error for a queue that does not exist */
  sendMessage(queueName: string, body: string): void;
  /** @throws Error for a topic that does not exist */
  publish(topicName: string, message: string): void;
  close(): Promise<void>;
}

/** For drills. */
interface DrillOptions {
  readonly faults?: Faults;
  readonly onTopicDelivery?: OnTopicDelivery;
}

/**
 * @param directory for objects (as files), queues and topics; undefined keeps them in memory
 * @param onCall receives each request
 * @param onObject receives each object that is put, copied or uploaded in parts
 * @param iam authorizes each request; requests wait until it resolves
 * @param onFailure receives the error when a file cannot be written
 * @param options.faults of topics and queues @default none
 * @param options.onTopicDelivery receives each delivery of a topic @default not called
 * @throws Error naming a damaged file and the remedy
 */
export async function startStorageServer(
  directory: string | undefined,
  onCall: OnStorageCall,
  onObject: (object: CreatedObject) => void,
  iam: Promise<Iam>,
  onFailure: OnFailure,
  { faults, onTopicDelivery }: DrillOptions = {},
): Promise<StorageServer> {
  if (directory) {
    await mkdir(directory, { recursive: true });
    checkStorage(directory);
  }
  const topics =
    onTopicDelivery &&
    new TopicDeliveries((name) => server.inspectQueue(name) !== undefined, onTopicDelivery);
  const hook = (message: unknown) => {
    const { fastify } = message as { fastify: Fastify };
    hookFauxqs(fastify, onCall, onObject, iam, { topics, faults });
    fastify.addHook('onError', async (_request, _reply, error) => {
      if (directory && isDiskError(error)) onFailure(notWritten(directory, error));
    });
  };
  await slowPollTimers();
  subscribe('fastify.initialization', hook);
  const server = await startFauxqs({
    port: 0,
    logger: false,
    ...(directory && { dataDir: directory, s3StorageDir: join(directory, 'objects') }),
  }).finally(() => unsubscribe('fastify.initialization', hook));
  return {
    url: `http://127.0.0.1:${server.port}`,
    createBucket: (name) => void server.createBucket(name),
    createQueue: (name, attributes) => {
      // Creating an existing queue would drop its messages.
      if (server.inspectQueue(name)) return false;
      server.createQueue(name, { attributes: { ...attributes } });
      return true;
    },
    createTopic: (name) => void server.createTopic(name),
    queueState: (name) => {
      const { ready, delayed, inflight } = server.inspectQueue(name)?.messages ?? {};
      if (!ready || !delayed || !inflight) return undefined;
      // A message that was received more than three times no longer counts for the age: SQS moves it back.
      const counted = [...ready, ...delayed, ...inflight.map(({ message }) => message)].filter(
        ({ approximateReceiveCount }) => approximateReceiveCount <= MAX_COUNTED_RECEIVES,
      );
      return {
        visible: ready.length,
        inFlight: inflight.length,
        delayed: delayed.length,
        oldestSentMs: counted.map(({ sentTimestamp }) => sentTimestamp).sort((a, b) => a - b)[0],
      };
    },
    sendMessage: (queueName, body) => void server.sendMessage(queueName, body),
    publish: (topicName, message) => void server.publish(topicName, message),
    close: () => server.stop(),
  };
}

/** SQS Developer Guide, "Available CloudWatch metrics for Amazon SQS": ApproximateAgeOfOldestMessage. */
const MAX_COUNTED_RECEIVES = 3;

/** SQS takes more in most regions, but no region and no older queue takes less. */
const MAX_MESSAGE_BYTES = 262_144;

/** Returns whether an error is one of the file system or of SQLite, and not one of a request. */
function isDiskError(error: NodeJS.ErrnoException): boolean {
  return error.syscall !== undefined || error.code === 'ERR_SQLITE_ERROR';
}

/** Properties of `AWS::SQS::Queue` that fauxqs accepts as attributes of the same names. */
const QUEUE_ATTRIBUTES = [
  'DelaySeconds',
  'FifoQueue',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'RedrivePolicy',
  'VisibilityTimeout',
] as const;
type QueueProperties = Partial<Record<(typeof QUEUE_ATTRIBUTES)[number], unknown>>;

/**
 * Creates the buckets, queues and topics of the template that do not exist yet. Updates the attributes of existing queues to
 * those of the template.
 */
export async function createStorageResources(
  template: Template,
  resolve: Resolve,
  storage: StorageServer,
  environment: Environment,
): Promise<void> {
  for (const [bucket] of resourcesOf(template, resolve, ['AWS::S3::Bucket'], []))
    storage.createBucket(bucket);
  for (const [topicArn] of resourcesOf(template, resolve, ['AWS::SNS::Topic'], [])) {
    storage.createTopic(topicArn.split(':').at(-1) ?? '');
  }
  const queues = resourcesOf<QueueProperties>(template, resolve, ['AWS::SQS::Queue'], QUEUE_ATTRIBUTES);
  const sqs = new SQSClient(environment.clientOptions('SQS'));
  for (const [QueueUrl, properties] of queues) {
    const Attributes: Record<string, string> = { MaximumMessageSize: String(MAX_MESSAGE_BYTES) };
    for (const [name, value] of Object.entries(properties)) {
      if (value !== undefined) {
        Attributes[name] = typeof value === 'object' ? JSON.stringify(value) : String(value);
      }
    }
    if (!storage.createQueue(QueueUrl.split('/').at(-1) ?? '', Attributes)) {
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
    }
  }
  sqs.destroy();
}
