/** Receives MCP events on loopback: returns a configured response to the challenge, and records the events. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';

export interface ReceivedMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies are checked field by field
  readonly json: any;
}

export interface EventReceiver {
  readonly url: string;
  /** The received challenges. */
  readonly verifications: ReceivedMessage[];
  readonly events: ReceivedMessage[];
  /** Waits for the first matching event. @throws Error after the limit, in milliseconds */
  find(fits: (message: ReceivedMessage) => boolean, limitMs?: number): Promise<ReceivedMessage>;
  close(): void;
}

/** The response to a challenge. @default its echo */
export interface ChallengeResponse {
  readonly status?: number;
  readonly body?: string;
}

export async function startEventReceiver(challengeResponse?: ChallengeResponse): Promise<EventReceiver> {
  const verifications: ReceivedMessage[] = [];
  const events: ReceivedMessage[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const json = JSON.parse(body);
    const message = { headers: request.headers as Record<string, string>, body, json };
    if (json.type !== 'verification') {
      events.push(message);
      response.writeHead(204).end();
      return;
    }
    verifications.push(message);
    response
      .writeHead(challengeResponse?.status ?? 200)
      .end(challengeResponse ? challengeResponse.body : JSON.stringify({ challenge: json.challenge }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`,
    verifications,
    events,
    async find(fits, limitMs = 20_000) {
      const giveUpAt = Date.now() + limitMs;
      while (Date.now() < giveUpAt) {
        const found = events.find(fits);
        if (found) return found;
        await delay(20);
      }
      const seen = events.map(({ json }) => `${json.name} ${json.data?.job_id}`).join(', ');
      throw new Error(`No matching event arrived within ${limitMs} ms; received: ${seen || 'nothing'}.`);
    },
    close: () => void server.close(),
  };
}

/** Whether a verifier of Standard Webhooks accepts the message with only this secret. */
export function isSignedWith(secret: string, { headers, body }: ReceivedMessage): boolean {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
}
