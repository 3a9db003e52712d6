/** Adds what fauxqs has no options for: loopback only, size limits of S3 and SNS, IAM, and notifications of calls and objects. */
import type { IncomingHttpHeaders } from 'node:http';
import { withConditions } from '../dynamodb/conditional-writes.ts';
import { type CreatedObject, withObjectEvents } from '../eventbridge/object-events.ts';
import type { Faults } from '../faults.ts';
import type { Iam } from '../iam/iam.ts';
import {
  type ErrorResponse,
  refuseMissingObject,
  refuseStorageCall,
  storageCall,
} from '../iam/storage-guard.ts';
import { refuseNonLoopback } from '../shared/loopback-server.ts';
import { refuseLargeBatch } from './batch-limit.ts';
import { createObjectRoutes, type Route, withEmptyObjects } from './object-routes.ts';
import { storageFault } from './storage-faults.ts';
import type { TopicDeliveries } from './topic-deliveries.ts';

/** @param action for S3, the HTTP method of the request */
export type OnStorageCall = (service: 's3' | 'sns' | 'sqs', action: string) => void;

/** S3's limit for one PutObject. */
const MAX_OBJECT_BYTES = 5 * 1024 ** 3;

export interface Fastify {
  listen(options: { port: number; host: string }): Promise<string>;
  addHook(name: 'onRoute', hook: (route: Route & { bodyLimit?: number }) => void): void;
  addHook(
    name: 'onRequest' | 'preHandler',
    hook: (request: FastifyRequest, reply: FastifyReply) => Promise<void>,
  ): void;
  addHook(
    name: 'onError',
    hook: (request: FastifyRequest, reply: FastifyReply, error: NodeJS.ErrnoException) => Promise<void>,
  ): void;
  addHook(
    name: 'onSend',
    hook: (request: FastifyRequest, reply: FastifyReply, payload: unknown) => Promise<unknown>,
  ): void;
}
interface FastifyRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** fauxqs parses it before `preHandler`. */
  readonly body: unknown;
}
interface FastifyReply {
  readonly statusCode: number;
  code(status: number): FastifyReply;
  headers(values: Readonly<Record<string, string>>): FastifyReply;
  send(body: unknown): Promise<void>;
}

/**
 * Changes a Fastify server before fauxqs adds its routes. fauxqs listens on every interface and accepts bodies up to 11 MiB,
 * and has no options for either.
 */
export function hookFauxqs(
  fastify: Fastify,
  onCall: OnStorageCall,
  onObject: (object: CreatedObject) => void,
  iam: Promise<Iam>,
  { topics, faults }: { readonly topics?: TopicDeliveries; readonly faults?: Faults } = {},
): void {
  const listen = fastify.listen.bind(fastify);
  fastify.listen = (options) => listen({ ...options, host: '127.0.0.1' });
  const withEvents = withObjectEvents(onObject);
  const wrapObjectRoute = createObjectRoutes({
    PUT: (put, head) => withConditions(withEvents(withEmptyObjects(put), head), head),
    POST: withEvents,
  });
  fastify.addHook('onRoute', (route) => {
    wrapObjectRoute(route);
    route.bodyLimit = MAX_OBJECT_BYTES;
  });
  fastify.addHook('onRequest', async (request, reply) => {
    const refusal = refuseNonLoopback(request.headers);
    if (refusal) await reply.code(403).send({ message: refusal });
  });
  fastify.addHook('preHandler', async (request, reply) => {
    const { service, action } = storageCall(request);
    if (service !== 'sts') onCall(service, action);
    const refusal =
      (await refuseStorageCall(await iam, request)) ??
      refuseLargeBatch(action, request.body) ??
      (faults && storageFault(faults, action, request.body));
    if (refusal) await setResponse(reply, refusal).send(refusal.body);
    else if (action.startsWith('ChangeMessageVisibility')) avoidZeroTimeout(request.body);
  });
  fastify.addHook('onSend', async (request, reply, payload) => {
    if (topics && reply.statusCode === 200)
      topics.onCall(storageCall(request).action, request.body, String(payload));
    const refusal = reply.statusCode === 404 ? await refuseMissingObject(await iam, request) : undefined;
    if (!refusal) return payload;
    setResponse(reply, refusal);
    return payload && refusal.body;
  });
}

function setResponse(reply: FastifyReply, { status, headers }: ErrorResponse): FastifyReply {
  return reply.code(status).headers(headers);
}

interface VisibilityChanges {
  VisibilityTimeout?: number;
  readonly Entries?: readonly { VisibilityTimeout?: number }[];
}

/** With a data directory, fauxqs loses messages at a visibility timeout of 0. A timeout of one millisecond works. */
function avoidZeroTimeout(body: unknown): void {
  const { Entries = [] } = Object(body) as VisibilityChanges;
  for (const change of [Object(body) as VisibilityChanges, ...Entries]) {
    if (change.VisibilityTimeout === 0) change.VisibilityTimeout = 0.001;
  }
}
