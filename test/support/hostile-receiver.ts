/** Receives connections on loopback, misbehaves as configured, and records what it received. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Certificate } from './certificates.ts';

export interface Behaviour {
  /** Called for each new connection. */
  readonly onConnection?: (socket: Socket) => void;
  /** Called for each complete request. */
  readonly onRequest?: (socket: Socket) => void;
  /** Serves TLS with this certificate. */
  readonly certificate?: Certificate;
}

const running = new Set<Receiver>();

export class Receiver {
  readonly port: number;
  /** Every request, unparsed: head and body. */
  readonly requests: string[] = [];
  connections = 0;
  /** Number of bytes that the network accepted. */
  bytesWritten = 0;
  /** Resolves when the first connection is closed. */
  readonly closed: Promise<void>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(server: Server, { onConnection, onRequest, certificate }: Behaviour) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.bytesWritten += socket.bytesWritten;
        resolve();
      });
      onConnection?.(socket);
    });
    server.on('tlsClientError', () => {});
    server.on(certificate ? 'secureConnection' : 'connection', (socket: Socket) => {
      let text = '';
      socket.on('error', () => {});
      socket.on('data', (chunk) => {
        text += chunk;
        const [head = '', ...body] = text.split('\r\n\r\n');
        const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? Number.NaN);
        if (Buffer.byteLength(body.join('\r\n\r\n')) !== length) return;
        this.requests.push(text);
        onRequest?.(socket);
      });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    if (this.#server.listening) await once(this.#server, 'close');
  }
}

export async function startReceiver(behaviour: Behaviour = {}): Promise<Receiver> {
  const { certificate } = behaviour;
  // Offers HTTP/2 first, without support for it.
  const server = certificate
    ? createTlsServer({ ...certificate, ALPNProtocols: ['h2', 'http/1.1'] })
    : createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver = new Receiver(server, behaviour);
  running.add(receiver);
  return receiver;
}

/** For `afterEach`. */
export async function closeReceivers(): Promise<void> {
  await Promise.all([...running].map((receiver) => receiver.close()));
  running.clear();
}

/** Responds to every request with a status, headers and a body, then ends the connection. */
export function answering(status: string, headers: readonly string[] = [], body: string | Buffer = '') {
  return (socket: Socket): void => {
    const length = `content-length: ${Buffer.byteLength(body)}`;
    socket.write(`${[`HTTP/1.1 ${status}`, ...headers, length].join('\r\n')}\r\n\r\n`);
    socket.end(body);
  };
}

/** Sends one byte every few milliseconds until the connection closes. */
export function dripping(head: string) {
  return (socket: Socket): void => {
    socket.write(head);
    const timer = setInterval(() => socket.write('x'), 5);
    socket.on('close', () => clearInterval(timer));
  };
}

/** Sends as fast as the client reads, at most 1 GiB. */
export function flooding(socket: Socket): void {
  const bytes = 1024 ** 3;
  const chunk = Buffer.alloc(64 * 1024, 'x');
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes}\r\n\r\n`);
  const send = () => {
    while (!socket.destroyed && socket.bytesWritten < bytes) if (!socket.write(chunk)) return;
  };
  socket.on('drain', send);
  send();
}
