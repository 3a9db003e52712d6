/** Writes the response of a Lambda proxy integration, as a whole or as a stream. */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { OnChunk } from '../lambda/function-instance.ts';

interface Metadata {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string | number | boolean>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly (string | number | boolean)[]>>;
  readonly cookies?: readonly string[];
}

/** Headers of a function that API Gateway reserves: the client gets them under another name. */
const REMAPPED = /^(authorization|connection|content-md5|date|host|server|user-agent|www-authenticate)$/i;

/** @throws Error when the function's result is not a proxy response. */
export function writeBuffered(response: ServerResponse, result: string): void {
  const { body, ...metadata } = JSON.parse(result) as Metadata & { readonly body?: string };
  writeHead(response, metadata);
  response.end(body);
}

/** Between the JSON metadata and the body of a streamed response. */
const DELIMITER = Buffer.alloc(8);

/**
 * Writes the chunks of a streamed response. Sends the head as soon as the prelude is complete.
 * @throws Error (from the callback) when the prelude is not JSON metadata
 */
export function writeStreamed(response: ServerResponse): OnChunk {
  let prelude: Buffer | undefined = Buffer.alloc(0);
  return async (chunk) => {
    let body = chunk;
    if (prelude) {
      prelude = Buffer.concat([prelude, chunk]);
      const end = prelude.indexOf(DELIMITER);
      if (end < 0) return;
      writeHead(response, JSON.parse(prelude.toString('utf8', 0, end)));
      response.flushHeaders();
      body = prelude.subarray(end + DELIMITER.length);
      prelude = undefined;
    }
    // A client that has disconnected receives nothing. The function still runs to its end, as on AWS.
    const isConnected = !response.destroyed && !response.writableEnded;
    if (body.length > 0 && isConnected && !response.write(body)) await drained(response);
  };
}

function writeHead(response: ServerResponse, metadata: Metadata): void {
  const { statusCode, headers = {}, multiValueHeaders = {}, cookies = [] } = metadata;
  if (!Number.isInteger(statusCode)) throw new Error('Malformed Lambda proxy response');
  const outgoing: OutgoingHttpHeaders = {};
  for (const [name, value] of [...Object.entries(headers), ...Object.entries(multiValueHeaders)]) {
    outgoing[REMAPPED.test(name) ? `x-amzn-Remapped-${name}` : name] = Array.isArray(value)
      ? value.map(String)
      : String(value);
  }
  if (cookies.length > 0) outgoing['Set-Cookie'] = [...cookies];
  response.writeHead(statusCode, outgoing);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
