/** What fauxqs has no options for: it is held to loopback, S3's own size limit and IAM, and tells of calls and objects. */
import type { IncomingHttpHeaders } from 'node:http';
import { withConditions } from '../dynamodb/conditional-writes.ts';
import { type CreatedObject, tellingOfObjects } from '../eventbridge/object-events.ts';
import type { Iam } from '../iam/iam.ts';
import { type Answer, refuse, refuseAbsent, storageCall } from '../iam/storage-guard.ts';
import { refuseForeigner } from '../shared/loopback-server.ts';
import { createObjectRoutes, type Route, withEmptyObjects } from './object-routes.ts';

/** @param action the HTTP method of a request to S3. */
export type OnStorageCall = (service: 's3' | 'sns' | 'sqs', action: string) => void;

/** S3's limit of one PutObject. */
const MAX_OBJECT_BYTES = 5 * 1024 ** 3;

export interface Fastify {
  listen(options: { port: number; host: string }): Promise<string>;
  addHook(name: 'onRoute', hook: (route: Route & { bodyLimit?: number }) => void): void;
  addHook(
    name: 'onRequest' | 'preHandler',
    hook: (request: FastifyRequest, reply: FastifyReply) => Promise<void>,
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
  /** Parsed by fauxqs, before `preHandler`. */
  readonly body: unknown;
}
interface FastifyReply {
  readonly statusCode: number;
  code(status: number): FastifyReply;
  headers(values: Readonly<Record<string, string>>): FastifyReply;
  send(body: unknown): Promise<void>;
}

/**
 * fauxqs listens on every interface and takes bodies up to 11 MiB; neither is an option of it. Fastify announces each
 * server that it makes before the routes are added, which is where both can still be changed.
 */
export function hookFauxqs(
  fastify: Fastify,
  onCall: OnStorageCall,
  onObject: (object: CreatedObject) => void,
  iam: Promise<Iam>,
): void {
  const listen = fastify.listen.bind(fastify);
  fastify.listen = (options) => listen({ ...options, host: '127.0.0.1' });
  const tell = tellingOfObjects(onObject);
  const wrapObjectRoute = createObjectRoutes({
    PUT: (put, head) => withConditions(tell(withEmptyObjects(put), head), head),
    POST: tell,
  });
  fastify.addHook('onRoute', (route) => {
    wrapObjectRoute(route);
    route.bodyLimit = MAX_OBJECT_BYTES;
  });
  fastify.addHook('onRequest', async (request, reply) => {
    const refusal = refuseForeigner(request.headers);
    if (refusal) await reply.code(403).send({ message: refusal });
  });
  fastify.addHook('preHandler', async (request, reply) => {
    const { service, action } = storageCall(request);
    if (service !== 'sts') onCall(service, action);
    const refusal = await refuse(await iam, request);
    if (refusal) await answer(reply, refusal).send(refusal.body);
    else if (action.startsWith('ChangeMessageVisibility')) keepWhatIsMadeVisible(request.body);
  });
  fastify.addHook('onSend', async (request, reply, payload) => {
    const refusal = reply.statusCode === 404 ? await refuseAbsent(await iam, request) : undefined;
    if (!refusal) return payload;
    answer(reply, refusal);
    return payload && refusal.body;
  });
}

function answer(reply: FastifyReply, { status, headers }: Answer): FastifyReply {
  return reply.code(status).headers(headers);
}

interface ChangesOfVisibility {
  VisibilityTimeout?: number;
  readonly Entries?: readonly { VisibilityTimeout?: number }[];
}

/** A timeout of 0 lets fauxqs lose the message when it has a data directory; it takes a millisecond without harm. */
function keepWhatIsMadeVisible(body: unknown): void {
  const { Entries = [] } = Object(body) as ChangesOfVisibility;
  for (const change of [Object(body) as ChangesOfVisibility, ...Entries]) {
    if (change.VisibilityTimeout === 0) change.VisibilityTimeout = 0.001;
  }
}
