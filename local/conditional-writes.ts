/** S3's conditional writes, which fauxqs does not know: `If-Match` and `If-None-Match: *` of PutObject. */
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

interface Request {
  readonly headers: IncomingHttpHeaders;
}
interface Reply {
  header(name: string, value: unknown): unknown;
  status(code: number): Reply;
  send(body?: unknown): unknown;
}
type RouteHandler = (request: Request, reply: Reply) => Promise<unknown>;

export interface Route {
  readonly method: string | readonly string[];
  readonly url: string;
  handler: RouteHandler;
}

const OBJECT_URL = '/:bucket/*';

/**
 * To be called with each route of fauxqs as it is added. Its handlers do all they do before they first wait: so nothing
 * comes between looking at an object and replacing it.
 */
export function createConditionalWrites(): (route: Route) => void {
  let head: RouteHandler | undefined;
  return (route) => {
    if (route.url !== OBJECT_URL) return;
    const methods = [route.method].flat();
    if (methods.includes('HEAD')) head = route.handler;
    if (!methods.includes('PUT')) return;
    const put = route.handler;
    route.handler = async (request, reply) => {
      const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = request.headers;
      const etag = ifMatch || ifNoneMatch ? etagOf(head, request) : undefined;
      if (ifMatch !== undefined && etag === undefined) return refuse(reply, 404, 'NoSuchKey');
      const holds =
        (ifMatch === undefined || etag === ifMatch) && (ifNoneMatch !== '*' || etag === undefined);
      return holds ? put(request, reply) : refuse(reply, 412, 'PreconditionFailed');
    };
  };
}

/** @returns undefined when there is no such object */
function etagOf(head: RouteHandler | undefined, request: Request): string | undefined {
  let etag: string | undefined;
  const reply: Reply = {
    header(name, value) {
      if (name === 'etag') etag = String(value);
    },
    status: () => reply,
    send() {},
  };
  void head?.(request, reply);
  return etag;
}

function refuse(reply: Reply, status: number, code: string): void {
  reply.header('content-type', 'application/xml');
  reply
    .status(status)
    .send(
      `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>The condition does not hold.</Message><RequestId>${randomUUID()}</RequestId></Error>`,
    );
}
