/** A webhook receiver: verifies what arrives, takes each event once, and answers before the work on it begins. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Webhook } from 'standardwebhooks';

/** What a webhook says: `data` is the job as `check_job` shows it. */
export interface ReceivedEvent {
  readonly type: string;
  readonly timestamp: string;
  readonly data: { readonly job_id: string; readonly status: string; readonly result: unknown };
}

/** An event carries at most 64 KiB of result; a larger one by its place in the bucket. */
const MAX_BODY_BYTES = 256 * 1024;

/**
 * @param secret `whsec_…`, as the management API has shown it once
 * @param onEvent is called once for each event; the same event may arrive more often
 */
export function createReceiver(secret: string, onEvent: (id: string, event: ReceivedEvent) => void): Server {
  const webhook = new Webhook(secret);
  // Keep these where they outlive the process: an event may come again for three days.
  const seen = new Set<string>();
  return createServer(async (request, response) => {
    const body = await read(request).catch(() => undefined);
    if (body === undefined) return void response.writeHead(413).end();
    try {
      // Throws unless the signature is right and the timestamp within five minutes.
      webhook.verify(body, request.headers as Record<string, string>);
    } catch {
      // Anything but 2xx is tried again, for three days.
      return void response.writeHead(400).end('The signature is wrong.');
    }
    const id = String(request.headers['webhook-id']);
    response.writeHead(204).end();
    if (seen.has(id)) return;
    seen.add(id);
    try {
      onEvent(id, JSON.parse(body) as ReceivedEvent);
    } catch (error) {
      // It has been taken: what fails from here on is the receiver's own to repeat.
      console.error(`Event ${id} was not dealt with:`, error);
    }
  });
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new Error(`The body has more than ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
