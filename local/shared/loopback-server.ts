/** Starts HTTP servers that accept programs of this machine and reject web pages. */
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

export interface LoopbackServer {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  close(): Promise<void>;
}

export interface LoopbackServerOptions {
  /** Port on 127.0.0.1. @default 0: a free port */
  readonly port?: number;
  /** A server without a request listener. @default a new server */
  readonly server?: Server;
}

/** Longer than clients keep idle connections: a connection that the server closes fails the request in transit. */
const KEEP_ALIVE_MS = 60_000;

/**
 * Listens on 127.0.0.1. The handler may be a promise, so that URLs are known before their handlers exist.
 * @throws Error with code `EADDRINUSE` when the port is in use
 */
export async function listenOnLoopback(
  handler: Handler | Promise<Handler>,
  { port = 0, server = createServer() }: LoopbackServerOptions = {},
): Promise<LoopbackServer> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    // A client that disconnects is not an error. Without a listener it would end the process.
    request.on('error', () => {});
    response.on('error', () => {});
    const refusal = refuseNonLoopback(request.headers);
    if (refusal) return sendJson(response, 403, { message: refusal });
    try {
      await (await handler)(request, response);
    } catch {
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { message: 'Internal server error' });
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server.off('error', reject) && undefined));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

/**
 * Returns why a request is refused; undefined when it is not. Any web page can post to loopback. A page whose name is
 * rebound to 127.0.0.1 can also read the response. Requests can start builds, so `Host` and `Origin` must be loopback.
 */
export function refuseNonLoopback({ host, origin }: IncomingHttpHeaders): string | undefined {
  if (!isLoopback(`http://${host ?? ''}`)) {
    return `Host "${host ?? ''}" is refused: use 127.0.0.1, localhost or [::1].`;
  }
  if (origin !== undefined && !isLoopback(origin)) {
    return `Origin "${origin}" is refused: open a page of this machine.`;
  }
  return undefined;
}

/** Returns whether an absolute URL is on this machine. */
export function isLoopback(url: string): boolean {
  return URL.canParse(url) && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
}

/** Returns the body, or undefined when it has more than `maxBytes`. Reads and drops the rest then. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= maxBytes) chunks.push(chunk);
  }
  return size <= maxBytes ? Buffer.concat(chunks) : undefined;
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}
