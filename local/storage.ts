/** S3, SQS and SNS: fauxqs, held to loopback and to S3's own size limit, with what the template creates in it. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdir } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { join } from 'node:path';
import { startFauxqs } from 'fauxqs';
import type { Template } from './assembly.ts';
import type { Resolve } from './intrinsics.ts';
import { refuseForeigner } from './loopback-server.ts';
import { resourcesOf } from './stack-resources.ts';

export interface StorageServer {
  readonly url: string;
  createBucket(name: string): void;
  createQueue(name: string, attributes: Readonly<Record<string, string>>): void;
  createTopic(name: string): void;
  /** @throws Error for a queue that does not exist */
  sendMessage(queueName: string, body: string): void;
  /** @throws Error for a topic that does not exist */
  publish(topicName: string, message: string): void;
  close(): Promise<void>;
}

/**
 * @param directory where objects (as files), queues and topics are kept; without one they live in memory.
 * @param onS3Call is told the HTTP method of each request to S3.
 */
export async function startStorageServer(
  directory: string | undefined,
  onS3Call: (method: string) => void,
): Promise<StorageServer> {
  if (directory) await mkdir(directory, { recursive: true });
  const confine = (message: unknown) => confineServer((message as { fastify: Fastify }).fastify, onS3Call);
  subscribe('fastify.initialization', confine);
  const server = await startFauxqs({
    port: 0,
    logger: false,
    ...(directory && { dataDir: directory, s3StorageDir: join(directory, 'objects') }),
  }).finally(() => unsubscribe('fastify.initialization', confine));
  return {
    url: `http://127.0.0.1:${server.port}`,
    createBucket: (name) => void server.createBucket(name),
    createQueue: (name, attributes) => {
      // Creating a queue anew would forget the messages that an earlier start left in it.
      if (!server.inspectQueue(name)) server.createQueue(name, { attributes: { ...attributes } });
    },
    createTopic: (name) => void server.createTopic(name),
    sendMessage: (queueName, body) => void server.sendMessage(queueName, body),
    publish: (topicName, message) => void server.publish(topicName, message),
    close: () => server.stop(),
  };
}

/** Properties of `AWS::SQS::Queue` that fauxqs takes as attributes of the same names. */
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

/** Creates the buckets, queues and topics of the template that do not exist yet. */
export function createStored(template: Template, resolve: Resolve, storage: StorageServer): void {
  for (const [bucket] of resourcesOf(template, resolve, ['AWS::S3::Bucket'], []))
    storage.createBucket(bucket);
  for (const [topicArn] of resourcesOf(template, resolve, ['AWS::SNS::Topic'], [])) {
    storage.createTopic(topicArn.split(':').at(-1) ?? '');
  }
  for (const [url, properties] of resourcesOf<QueueProperties>(
    template,
    resolve,
    ['AWS::SQS::Queue'],
    QUEUE_ATTRIBUTES,
  )) {
    const attributes = Object.entries(properties).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, typeof value === 'object' ? JSON.stringify(value) : String(value)]],
    );
    storage.createQueue(url.split('/').at(-1) ?? '', Object.fromEntries(attributes));
  }
}

/** S3's limit of one PutObject. */
const MAX_OBJECT_BYTES = 5 * 1024 ** 3;

interface Fastify {
  listen(options: { port: number; host: string }): Promise<string>;
  addHook(name: 'onRoute', hook: (route: { bodyLimit?: number }) => void): void;
  addHook(name: 'onRequest', hook: (request: FastifyRequest, reply: FastifyReply) => Promise<void>): void;
}
interface FastifyRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}
interface FastifyReply {
  code(status: number): { send(body: unknown): Promise<void> };
}

/**
 * fauxqs listens on every interface and takes bodies up to 11 MiB; neither is an option of it. Fastify announces each
 * server that it makes before the routes are added, which is where both can still be changed.
 */
function confineServer(fastify: Fastify, onS3Call: (method: string) => void): void {
  const listen = fastify.listen.bind(fastify);
  fastify.listen = (options) => listen({ ...options, host: '127.0.0.1' });
  fastify.addHook('onRoute', (route) => {
    route.bodyLimit = MAX_OBJECT_BYTES;
  });
  fastify.addHook('onRequest', async (request, reply) => {
    const refusal = refuseForeigner(request.headers);
    if (refusal) await reply.code(403).send({ message: refusal });
    // SQS and SNS are spoken to at the root.
    else if (request.url !== '/') onS3Call(request.method);
  });
}
