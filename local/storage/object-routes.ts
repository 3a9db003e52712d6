/** Wraps the handlers of fauxqs's object routes, when Fastify adds them. */
import type { IncomingHttpHeaders } from 'node:http';

export interface Request {
  readonly headers: IncomingHttpHeaders;
  readonly params: { readonly bucket: string; readonly '*': string };
  readonly query: Readonly<Record<string, string>>;
  body?: unknown;
}
export interface Reply {
  readonly statusCode: number;
  header(name: string, value: unknown): unknown;
  status(code: number): Reply;
  send(body?: unknown): unknown;
}
export type RouteHandler = (request: Request, reply: Reply) => Promise<unknown>;

export interface Route {
  readonly method: string | readonly string[];
  readonly url: string;
  handler: RouteHandler;
}

/** Wraps a handler of fauxqs. */
export type Wrap = (handler: RouteHandler, head: Head) => RouteHandler;
/** Returns the HEAD headers of an object, by lower-case name; undefined when the object does not exist. */
export type Head = (bucket: string, key: string) => ReadonlyMap<string, string> | undefined;

const OBJECT_URL = '/:bucket/*';

/**
 * Returns a function to call with each route of fauxqs as it is added.
 * @param wraps wrappers by HTTP method
 */
export function createObjectRoutes(wraps: Readonly<Record<string, Wrap>>): (route: Route) => void {
  let headHandler: RouteHandler | undefined;
  const head: Head = (bucket, key) => headHandler && headersOf(headHandler, bucket, key);
  return (route) => {
    if (route.url !== OBJECT_URL) return;
    for (const method of [route.method].flat()) {
      if (method === 'HEAD') headHandler = route.handler;
      const wrap = wraps[method];
      if (wrap) route.handler = wrap(route.handler, head);
    }
  };
}

/** Supports empty objects: fauxqs gets no body for them and would fail. */
export function withEmptyObjects(put: RouteHandler): RouteHandler {
  return (request, reply) => {
    request.body ??= Buffer.alloc(0);
    return put(request, reply);
  };
}

/** fauxqs's handlers finish before their first await, so the headers are set when the call returns. */
function headersOf(handler: RouteHandler, bucket: string, key: string): ReturnType<Head> {
  const headers = new Map<string, string>();
  const reply: Reply = {
    statusCode: 200,
    header: (name, value) => headers.set(name, String(value)),
    status: () => reply,
    send() {},
  };
  void handler({ headers: {}, params: { bucket, '*': key }, query: {} }, reply);
  return headers.has('etag') ? headers : undefined;
}
