/** Sends one HTTP/1.1 request to an untrusted server, on a connection of its own, without redirects, proxy or decompression. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { type AddressPolicy, guardedLookup, type Resolve } from './address-guard.ts';

/** A request to send. */
export interface OutgoingRequest {
  readonly method: 'GET' | 'POST';
  /** The return value of `checkUrl`. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** @default no body */
  readonly body?: string;
  /** The addresses that the host may have. */
  readonly policy: AddressPolicy;
  /** @default the system's resolver */
  readonly resolve?: Resolve;
  /** PEM; replaces the system's certificate authorities. Certificates are always checked. */
  readonly ca?: string;
  /** Ends the request in any state, the response's body included. */
  readonly signal: AbortSignal;
}

/**
 * Skips interim responses (RFC 9110, 15.2: a client must, even if it expects none), which `fetch` and undici do not.
 * @returns the response, as soon as its status and headers are there. Read its body or destroy it.
 * @throws AddressRefused, NameUnresolved, the signal's AbortError, or the error of the network or the parser
 * @example
 * ```ts
 * const url = checkUrl('https://example.org/file', PUBLIC_ADDRESSES);
 * const response = await sendRequest({ method: 'GET', url, headers: {}, policy: PUBLIC_ADDRESSES, signal });
 * ```
 */
export function sendRequest(outgoing: OutgoingRequest): Promise<IncomingMessage> {
  const { method, url, headers, body, policy, resolve, ca, signal } = outgoing;
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolved, rejected) => {
    const request = send(url, {
      method,
      headers,
      signal,
      // A new connection; no variable of the environment adds a proxy to it, or turns the check of certificates off.
      agent: false,
      lookup: guardedLookup(policy, resolve),
      rejectUnauthorized: true,
      ...(ca !== undefined && { ca }),
    });
    // An error after the response also reaches the reader of its body.
    request.on('error', rejected);
    const changed = (end: { destroy(): unknown }) => {
      end.destroy();
      rejected(new Error('The server changed the protocol without a request for it.'));
    };
    request.on('upgrade', (_response, socket) => changed(socket));
    // Without the header `Connection: upgrade`, 101 counts as a response.
    request.on('response', (response) =>
      response.statusCode === 101 ? changed(response) : resolved(response),
    );
    request.end(body);
  });
}
