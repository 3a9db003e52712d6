/** Creates a webhook receiver: verifies each request, handles each event once, and responds before it handles the event. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Webhook } from 'standardwebhooks';

/** The body of a webhook. `data` is the job as `check_job` returns it with `include: ["details"]`. */
export interface ReceivedEvent {
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly job_id: string; readonly status: string; readonly result: unknown };
}

/** An event contains at most 64 KiB of the result, or the location of a larger result in the bucket. */
const MAX_BODY_BYTES = 256 * 1024;

/**
 * @param secret `whsec_…`, which the management API returns only once
 * @param onEvent receives each event once, although an event may arrive several times
 */
export function createReceiver(secret: string, onEvent: (id: string, event: ReceivedEvent) => void): Server {
  const webhook = new Webhook(secret);
  // In production, store these ids: an event may arrive again for three days, also after a restart.
  const seen = new Set<string>();
  return createServer(async (request, response) => {
    const body = await read(request).catch(() => undefined);
    if (body === undefined) return void response.writeHead(413).end();
    try {
      // Throws unless the signature is valid and the timestamp is within five minutes.
      webhook.verify(body, request.headers as Record<string, string>);
    } catch {
      // The sender retries any status but 2xx, for three days.
      return void response.writeHead(400).end('The signature is invalid. Check WEBHOOK_SECRET.');
    }
    const id = String(request.headers['webhook-id']);
    response.writeHead(204).end();
    if (seen.has(id)) return;
    seen.add(id);
    try {
      onEvent(id, JSON.parse(body) as ReceivedEvent);
    } catch (error) {
      // The sender does not retry after 204: from here on, the receiver must retry.
      console.error(`Event ${id} could not be handled:`, error);
    }
  });
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new Error(
        `The body has more than ${MAX_BODY_BYTES} bytes. Send at most ${MAX_BODY_BYTES} bytes.`,
      );
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
