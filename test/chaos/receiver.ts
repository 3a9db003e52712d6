/** Receives webhooks of all owners, checks their signatures, and fails a share of them. Also receives what the steps have done. */
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface ReceiverOptions {
  /** The share of requests that fail, 0..1. */
  readonly failing: number;
  readonly random: () => number;
  /** The owner whose receiver is slow, and for how many requests. @default nobody */
  readonly slow?: { readonly owner: string; readonly requests: number };
}

export interface Wait {
  readonly owner: string;
  readonly delayMs: number;
}

interface Received {
  readonly owner: string;
  readonly request: IncomingMessage;
  readonly body: string;
  /** Epoch milliseconds. */
  readonly arrivedMs: number;
}

/** A delivery has ten attempts: the receiver accepts one of them. */
const MOST_FAILURES = 8;
/** Of a slow response. In a burst, they hold all slots of their owner. */
const SLOW_MS = 1_000;
/** Of an attempt in a sandbox, a tenth of a second each. */
const TICKS = 3;

export class ChaosReceiver {
  /** Secrets by owner. */
  readonly secrets = new Map<string, string>();
  /** When the first request of each event arrived, in milliseconds after it happened; by id. */
  readonly arrived = new Map<string, Wait>();
  /** When each event was first accepted, in milliseconds after it happened; by id. */
  readonly accepted = new Map<string, Wait>();
  /** Ends of the work of steps: how often, by job (in a sandbox: by key), step and attempt. */
  readonly work = new Map<string, number>();
  /** Requests that must not come. */
  readonly broken: string[] = [];
  requests = 0;
  failed = 0;
  repeated = 0;
  #slowed = 0;
  readonly #options: ReceiverOptions;
  readonly #hashes = new Map<string, string>();
  readonly #ticks = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #server = createServer((request, response) => void this.#receive(request, response));

  private constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  static async start(options: ReceiverOptions): Promise<ChaosReceiver> {
    const receiver = new ChaosReceiver(options);
    receiver.#server.keepAliveTimeout = 60_000;
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  /** @param path the name of an owner, `work`, or `ticks/` and the key of a job in a sandbox */
  url(path: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${path}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      // The function was killed while it sent.
      return;
    }
    const body = Buffer.concat(chunks).toString();
    const path = request.url?.slice(1) ?? '';
    if (path === 'work') {
      const { jobId, step, attempt } = JSON.parse(body);
      this.#worked(`${jobId} ${step} ${attempt}`);
      response.writeHead(204).end();
      return;
    }
    if (path.startsWith('ticks/')) {
      this.#tick(path, response);
      return;
    }
    const arrivedMs = Date.now();
    if (this.#isSlow(path)) await delay(SLOW_MS);
    this.#event({ owner: path, request, body, arrivedMs }, response);
  }

  #isSlow(path: string): boolean {
    const { owner, requests = 0 } = this.#options.slow ?? {};
    if (path !== owner || this.#slowed >= requests) return false;
    this.#slowed += 1;
    return true;
  }

  #worked(key: string): void {
    this.work.set(key, (this.work.get(key) ?? 0) + 1);
  }

  /** Ends the work of an attempt at its third tick. One that runs twice ends twice. */
  #tick(path: string, response: ServerResponse): void {
    const { pathname, searchParams } = new URL(path, 'http://localhost');
    const key = `${pathname.split('/').at(-1)} act ${searchParams.get('attempt')}`;
    const ticks = (this.#ticks.get(key) ?? 0) + 1;
    this.#ticks.set(key, ticks);
    const isLast = ticks % TICKS === 0;
    if (isLast) this.#worked(key);
    response.writeHead(isLast ? 204 : 200).end();
  }

  #event({ owner, request, body, arrivedMs }: Received, response: ServerResponse): void {
    const id = String(request.headers['webhook-id']);
    this.requests += 1;
    if (!this.#isSigned(owner, request, body)) this.broken.push(`signature of ${id} for ${owner}`);
    const hash = createHash('sha1').update(body).digest('base64');
    const earlier = this.#hashes.get(id);
    if (earlier !== undefined && earlier !== hash) this.broken.push(`${id} came with two bodies`);
    this.#hashes.set(id, hash);
    const event = JSON.parse(body);
    const wait = { owner, delayMs: arrivedMs - Date.parse(event.timestamp) };
    if (!this.arrived.has(id)) this.arrived.set(id, wait);
    const failures = this.#failures.get(id) ?? 0;
    const { failing, random } = this.#options;
    if (random() < failing && failures < MOST_FAILURES) {
      this.#failures.set(id, failures + 1);
      this.failed += 1;
      if (random() < 0.5) request.socket.destroy();
      else response.writeHead(503).end('on purpose');
      return;
    }
    this.#failures.delete(id);
    if (this.accepted.has(id)) this.repeated += 1;
    else {
      if (event.id !== undefined && event.id !== id) this.broken.push(`${id} has the body of ${event.id}`);
      this.accepted.set(id, wait);
    }
    response.writeHead(204).end();
  }

  #isSigned(owner: string, { headers }: IncomingMessage, body: string): boolean {
    const key = Buffer.from(this.secrets.get(owner)?.replace('whsec_', '') ?? '', 'base64');
    const text = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const expected = `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
    return String(headers['webhook-signature']).split(' ').includes(expected);
  }
}
