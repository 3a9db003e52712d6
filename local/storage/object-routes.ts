/** fauxqs's routes to objects, as Fastify announces them: where a handler can still be put around another. */
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

/** Puts a handler around one of fauxqs's own. */
export type Wrap = (handler: RouteHandler, head: Head) => RouteHandler;
/** The headers that HEAD would answer of an object, by name in lower case; undefined when there is none. */
export type Head = (bucket: string, key: string) => ReadonlyMap<string, string> | undefined;

const OBJECT_URL = '/:bucket/*';

/**
 * To be called with each route of fauxqs as it is added.
 * @param wraps by HTTP method
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

/** An object of no bytes: fauxqs, which is handed no body then, would stumble over it. */
export function withEmptyObjects(put: RouteHandler): RouteHandler {
  return (request, reply) => {
    request.body ??= Buffer.alloc(0);
    return put(request, reply);
  };
}

/** fauxqs's handlers do all they do before they first wait: so the answer is there when the call returns. */
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
