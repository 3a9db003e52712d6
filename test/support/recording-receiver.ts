/** Receives webhooks on loopback: records every request and responds with a configured status. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface ReceivedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are checked field by field
  readonly json: any;
}

export interface RecordingReceiver {
  readonly url: string;
  readonly requests: ReceivedRequest[];
  /** The status of all later responses. @default 204 */
  status: number;
  /** All later responses wait for it. @default none */
  held?: Promise<void>;
  /** The most requests that were without a response at once. */
  mostWaiting: number;
  /** Waits for the first matching request. @throws Error after the limit, in milliseconds */
  find(fits: (request: ReceivedRequest) => boolean, limitMs?: number): Promise<ReceivedRequest>;
  close(): void;
}

export async function startRecordingReceiver(): Promise<RecordingReceiver> {
  const requests: ReceivedRequest[] = [];
  let waiting = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    requests.push({ headers: request.headers as Record<string, string>, body, json: JSON.parse(body) });
    waiting++;
    response.once('close', () => void waiting--);
    receiver.mostWaiting = Math.max(receiver.mostWaiting, waiting);
    await receiver.held;
    response.writeHead(receiver.status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: RecordingReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    requests,
    status: 204,
    mostWaiting: 0,
    async find(fits, limitMs = 20_000) {
      const giveUpAt = Date.now() + limitMs;
      while (Date.now() < giveUpAt) {
        const found = requests.find(fits);
        if (found) return found;
        await delay(20);
      }
      const seen = requests.map(({ json }) => `${json.type} ${json.data?.job_id}`).join(', ');
      throw new Error(`No matching request arrived within ${limitMs} ms; received: ${seen || 'nothing'}.`);
    },
    close: () => void server.close(),
  };
  return receiver;
}
