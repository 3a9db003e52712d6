/** Writes JSON-RPC messages as server-sent events. */

/** API Gateway ends an idle stream after five minutes, or after thirty seconds at an edge-optimized endpoint. */
const KEEP_ALIVE_MS = 15_000;
const KEEP_ALIVE = ': keepalive\n\n';

/** Returns an event with a message. @param id what the client sends as `Last-Event-ID` when it resumes the stream */
export function eventOf(message: object, id?: string): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `event: message\n${idLine}data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`;
}

/** Returns an event without a message: from then on, the client resumes a stream that ends without a response. */
export function resumeEvent(id: string, retryMs: number): string {
  return `id: ${id}\nretry: ${retryMs}\ndata: \n\n`;
}

/**
 * Returns a streamed response.
 * @param events an empty one stands for a pause: a comment keeps the connection open when it has been idle
 * @param end runs after the last event, also when the client leaves
 */
export function streamEvents(events: AsyncIterable<string>, end: () => Promise<void>): Response {
  return new Response(ReadableStream.from(keepAlive(events, end)).pipeThrough(new TextEncoderStream()), {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' },
  });
}

async function* keepAlive(events: AsyncIterable<string>, end: () => Promise<void>): AsyncGenerator<string> {
  let sentAtMs = Date.now();
  try {
    for await (const event of events) {
      const text = event || (Date.now() - sentAtMs >= KEEP_ALIVE_MS ? KEEP_ALIVE : '');
      if (!text) continue;
      sentAtMs = Date.now();
      yield text;
    }
  } finally {
    await end();
  }
}

/** Returns a JSON-RPC error as a whole response. */
export function errorResponse(
  id: string | number | null,
  { code, message, data }: { readonly code: number; readonly message: string; readonly data?: unknown },
  status = 200,
): Response {
  return Response.json({ jsonrpc: '2.0', id, error: { code, message, data } }, { status });
}
