/** An HTTP server that only programs of this machine, and no web page, can talk to. */
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
  /** @default 0: a free one */
  readonly port?: number;
  /** A server without a request listener of its own. @default a new one */
  readonly server?: Server;
}

/** Longer than clients keep an idle connection: one that the server closes fails the request that is just being sent. */
const KEEP_ALIVE_MS = 60_000;

/**
 * Listens on 127.0.0.1. The handler may be still to come, so that addresses can be known before what serves them.
 * @throws Error with code `EADDRINUSE` when the port is taken.
 */
export async function listenOnLoopback(
  handler: Handler | Promise<Handler>,
  { port = 0, server = createServer() }: LoopbackServerOptions = {},
): Promise<LoopbackServer> {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    // A client that goes away is no error of ours; without a listener it would end the process.
    request.on('error', () => {});
    response.on('error', () => {});
    const refusal = refuseForeigner(request.headers);
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
 * Why a request is refused, if it is. Any page in a browser can post to loopback, and a page whose name is rebound to
 * 127.0.0.1 can also read the answer; builds can be started here, so both `Host` and `Origin` must be loopback.
 */
export function refuseForeigner({ host, origin }: IncomingHttpHeaders): string | undefined {
  if (!isLoopback(`http://${host ?? ''}`)) {
    return `Host "${host ?? ''}" is refused: the local cloud answers only to 127.0.0.1, localhost and [::1].`;
  }
  if (origin !== undefined && !isLoopback(origin)) {
    return `Origin "${origin}" is refused: the local cloud answers only to pages of this machine.`;
  }
  return undefined;
}

/** Whether an absolute URL is of this machine. */
export function isLoopback(url: string): boolean {
  return URL.canParse(url) && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
}

/** The whole body, or undefined when it has more than `maxBytes`: then the rest is read and dropped. */
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
