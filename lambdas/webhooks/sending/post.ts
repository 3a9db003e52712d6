/** Sends one POST to an untrusted receiver, with a deadline, a limit on the response and no redirects. */
import type { IncomingMessage } from 'node:http';
import { cleanText } from '../../shared/clean-text.ts';
import {
  type AddressPolicy,
  AddressRefused,
  checkUrl,
  NameUnresolved,
  type Resolve,
} from '../../shared/http/address-guard.ts';
import { sendRequest } from '../../shared/http/send-request.ts';

export const PostError = {
  addressRefused: 'ADDRESS_REFUSED',
  connectionLost: 'CONNECTION_LOST',
  connectionRefused: 'CONNECTION_REFUSED',
  dnsFailed: 'DNS_FAILED',
  timedOut: 'TIMED_OUT',
  tlsError: 'TLS_ERROR',
} as const;
export type PostError = (typeof PostError)[keyof typeof PostError];

export interface PostRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly policy: AddressPolicy;
  /** Milliseconds from name resolution to the response status. @default 15_000 */
  readonly timeoutMs?: number;
  /** @default the system's resolver */
  readonly resolve?: Resolve;
  /** PEM; replaces the system's certificate authorities. Certificates are always checked. */
  readonly ca?: string;
}

/** The receiver's response, with any status. */
export interface PostResponse {
  readonly status: number;
  /** Milliseconds from the start to the status. */
  readonly latencyMs: number;
  /** The first 1 KiB of the body as clean text. */
  readonly text: string;
  /** The first 64 KiB of the body, not decompressed. */
  readonly body: Buffer;
  /** The unparsed header. */
  readonly retryAfter?: string;
}

/** The receiver sent no status. */
export interface PostFailure {
  readonly error: PostError;
  readonly latencyMs: number;
  /** A sentence for the receiver's owner. */
  readonly message: string;
}

export type PostOutcome = PostResponse | PostFailure;

const TIMEOUT_MS = 15_000;
const MAX_BODY_BYTES = 64 * 1024;
/** How long a body may take after the status. */
const BODY_MS = 2_000;
const MAX_TEXT_BYTES = 1024;

/**
 * Posts once: HTTP/1.1 on a new connection, without redirects, proxy or decompression.
 *
 * The status decides, even if the body never ends: the receiver has accepted or rejected the event by then, and a second
 * delivery would only repeat it. The body gets two seconds, or the rest of the deadline if that is less, and at most
 * 64 KiB. A shorter body counts as the response.
 * @returns the response, or the failure of the receiver or the network: neither throws
 * @throws Error for a request that cannot be sent, such as one with an invalid header
 */
export async function post({
  url,
  headers,
  body,
  policy,
  timeoutMs = TIMEOUT_MS,
  resolve,
  ca,
}: PostRequest): Promise<PostOutcome> {
  const startMs = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startMs);
  // Aborts the request and its socket in any state: name resolution, connection, TLS handshake, response.
  const end = new AbortController();
  const timers = [setTimeout(() => end.abort(), timeoutMs)];
  let response: IncomingMessage | undefined;
  try {
    response = await sendRequest({
      method: 'POST',
      url: checkUrl(url, policy),
      headers,
      body,
      policy,
      resolve,
      ca,
      signal: end.signal,
    });
    const latencyMs = elapsedMs();
    timers.push(setTimeout(() => end.abort(), BODY_MS));
    const read = await readStart(response);
    const retryAfter = response.headers['retry-after'];
    return {
      // A response of a client always has one.
      status: response.statusCode ?? 0,
      latencyMs,
      text: safeText(read),
      body: read,
      ...(retryAfter !== undefined && { retryAfter }),
    };
  } catch (error) {
    return { ...(end.signal.aborted ? TIMED_OUT : causeOf(error)), latencyMs: elapsedMs() };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    response?.destroy();
  }
}

/** Reads until the end, the limit, or the loss of the connection. */
async function readStart(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_BODY_BYTES) break;
    }
  } catch {
    // The status is known; the rest of the body is not needed.
  }
  return Buffer.concat(chunks, Math.min(bytes, MAX_BODY_BYTES));
}

/**
 * Cleans the text and replaces invalid UTF-8 with U+FFFD. That has three bytes, so 1 KiB may grow to 3. In stream mode the
 * decoder omits a last character that the limit cut.
 */
function safeText(body: Buffer): string {
  return cleanText(new TextDecoder().decode(body.subarray(0, MAX_TEXT_BYTES), { stream: true }));
}

type FailureCause = Omit<PostFailure, 'latencyMs'>;

const TIMED_OUT: FailureCause = {
  error: PostError.timedOut,
  message: 'The receiver did not respond in time.',
};
const REFUSED: FailureCause = {
  error: PostError.connectionRefused,
  message: 'The receiver cannot be reached, or refused the connection.',
};

/** By the error codes of the system. The error's own message is never shown: it contains addresses. */
const FAILURES: Readonly<Record<string, FailureCause>> = {
  ECONNREFUSED: REFUSED,
  EHOSTDOWN: REFUSED,
  EHOSTUNREACH: REFUSED,
  ENETUNREACH: REFUSED,
  ETIMEDOUT: TIMED_OUT,
};

/** Node's error codes for TLS, and OpenSSL's for certificates (`x509_vfy.h`). */
const TLS_CODE = /^ERR_(TLS|SSL|OSSL)|^EPROTO$|CERT|CRL|^UNABLE_TO_|^INVALID_|^PATH_LENGTH_|^HOSTNAME_/;

/** @throws the error when the caller made it: a request that cannot be sent */
function causeOf(error: unknown): FailureCause {
  if (error instanceof AddressRefused) return { error: PostError.addressRefused, message: error.reason };
  if (error instanceof NameUnresolved) return { error: PostError.dnsFailed, message: error.message };
  const code = String((error as { readonly code?: unknown }).code);
  if (/^ERR_(HTTP_INVALID|INVALID|UNESCAPED)_/.test(code)) throw error;
  if (TLS_CODE.test(code)) {
    return { error: PostError.tlsError, message: `TLS with the receiver failed: ${code}.` };
  }
  if (/^HPE_/.test(code)) {
    return { error: PostError.connectionLost, message: 'The receiver did not respond with HTTP/1.1.' };
  }
  return (
    FAILURES[code] ?? {
      error: PostError.connectionLost,
      message: 'The receiver closed the connection before it responded.',
    }
  );
}
