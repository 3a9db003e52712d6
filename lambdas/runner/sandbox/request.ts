/**
 * Sends HTTP requests over connections that stay open for a few seconds. The package undici would be two thirds of a sandbox's
 * bundle, and `fetch` decodes what it reads and sends streams without their length.
 */
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface SandboxRequest {
  /** @default GET */
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  /** A stream needs the header `content-length`. @default no body */
  readonly body?: string | Readable;
  /** Ends the request in any state, the body of its response included. @default never */
  readonly signal?: AbortSignal;
}

/**
 * Follows no redirects.
 * @returns the response, as soon as its status and headers are there. Read its body, `resume` or destroy it.
 * @throws the signal's AbortError, or the error of the network or of the body's stream
 */
export async function request(url: string, options: SandboxRequest = {}): Promise<IncomingMessage> {
  const first = open(url, options);
  try {
    return await responseTo(first, options.body);
  } catch (error) {
    // The server closed the connection while it was idle: between two requests, or while Lambda froze this instance.
    const isStale = first.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
    if (!isStale || typeof options.body === 'object') throw error;
    return responseTo(open(url, options), options.body);
  }
}

function open(url: string, { method = 'GET', headers = {}, signal }: SandboxRequest): ClientRequest {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return send(url, { method, headers, signal });
}

function responseTo(sent: ClientRequest, body: SandboxRequest['body']): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on('response', resolve).on('error', reject);
    if (typeof body === 'object') pipeline(body, sent).catch(reject);
    else sent.end(body);
  });
}
