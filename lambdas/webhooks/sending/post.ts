/** One POST to a receiver that may do anything: it ends in time, reads little, and goes nowhere else. */
import { Client } from 'undici';
import {
  type AddressPolicy,
  AddressRefused,
  checkUrl,
  guardedLookup,
  NameUnresolved,
  type Resolve,
} from '../../shared/http/address-guard.ts';

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
  /** For all of it, from the name to the status. @default 15_000 */
  readonly timeoutMs?: number;
  /** @default the system's */
  readonly resolve?: Resolve;
  /** Authorities to trust in place of the system's; PEM. Certificates are always checked. */
  readonly ca?: string;
}

/** A receiver's answer, whatever its status. */
export interface PostAnswer {
  readonly status: number;
  /** From the start to the status. */
  readonly latencyMs: number;
  /** The first 1 KiB of the body as text that is safe to show: no control characters but \n and \t. */
  readonly answer: string;
  /** The first 64 KiB of the body as it came; compressed when the receiver compressed it. */
  readonly body: Buffer;
  /** The header as it came. */
  readonly retryAfter?: string;
}

/** No status came. */
export interface PostFailure {
  readonly error: PostError;
  readonly latencyMs: number;
  /** A sentence for the receiver's owner. */
  readonly message: string;
}

export type PostOutcome = PostAnswer | PostFailure;

const TIMEOUT_MS = 15_000;
const MAX_BODY_BYTES = 64 * 1024;
/** How long a body may take after its status. */
const BODY_MS = 2_000;
const MAX_ANSWER_BYTES = 1024;

/**
 * Posts once: HTTP/1.1, a connection of its own, no redirect followed, no proxy, nothing decompressed.
 *
 * The status counts as soon as it is here, although the body may never end: by then the receiver has decided, and a
 * second delivery would tell it what it knows. So the body has two seconds, or what is left of the deadline, and ends
 * at 64 KiB; what came is the answer.
 * @returns what the receiver or the network did; nothing of that throws.
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
  // It ends the request and its socket in whatever state they are: resolving, connecting, shaking hands, reading.
  const end = new AbortController();
  const timers = [setTimeout(() => end.abort(), timeoutMs)];
  let client: Client | undefined;
  try {
    const { origin, pathname, search } = checkUrl(url, policy);
    client = new Client(origin, {
      allowH2: false,
      // No keep-alive.
      pipelining: 0,
      connect: {
        lookup: guardedLookup(policy, resolve),
        signal: end.signal,
        // Ours is the only clock.
        timeout: 0,
        ca,
        // Not even NODE_TLS_REJECT_UNAUTHORIZED turns it off.
        rejectUnauthorized: true,
      },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const response = await client.request({
      method: 'POST',
      path: pathname + search,
      headers,
      body,
      signal: end.signal,
    });
    const latencyMs = elapsedMs();
    timers.push(setTimeout(() => end.abort(), BODY_MS));
    const read = await readStart(response.body);
    const retryAfter = [response.headers['retry-after']].flat()[0];
    return {
      status: response.statusCode,
      latencyMs,
      answer: safeText(read),
      body: read,
      ...(retryAfter !== undefined && { retryAfter }),
    };
  } catch (error) {
    return { ...(end.signal.aborted ? TIMED_OUT : explain(error)), latencyMs: elapsedMs() };
  } finally {
    for (const timer of timers) clearTimeout(timer);
    await client?.destroy();
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
    // The status is here; the rest of the body is not needed.
  }
  return Buffer.concat(chunks, Math.min(bytes, MAX_BODY_BYTES));
}

/**
 * Invalid UTF-8, control and invisible characters (`Cf`: what turns text around or hides it) become U+FFFD, of three
 * bytes, so 1 KiB may grow to 3. As a stream, the decoder leaves out a last character that the limit cut.
 */
function safeText(body: Buffer): string {
  return new TextDecoder()
    .decode(body.subarray(0, MAX_ANSWER_BYTES), { stream: true })
    .replace(/\r\n?/g, '\n')
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, '\u{fffd}');
}

type Explained = Omit<PostFailure, 'latencyMs'>;

const TIMED_OUT: Explained = { error: PostError.timedOut, message: 'The receiver did not answer in time.' };
const REFUSED: Explained = {
  error: PostError.connectionRefused,
  message: 'The receiver accepts no connection.',
};

/** What the system and undici call it. Nothing of an error's own text is told: it has addresses in it. */
const FAILURES: Readonly<Record<string, Explained>> = {
  ECONNREFUSED: REFUSED,
  EHOSTDOWN: REFUSED,
  EHOSTUNREACH: REFUSED,
  ENETUNREACH: REFUSED,
  ETIMEDOUT: TIMED_OUT,
};

/** Node's names of what can go wrong in TLS, and OpenSSL's of what can be wrong with a certificate (`x509_vfy.h`). */
const TLS_CODE = /^ERR_(TLS|SSL|OSSL)|^EPROTO$|CERT|CRL|^UNABLE_TO_|^INVALID_|^PATH_LENGTH_|^HOSTNAME_/;

/** @throws the error when it is ours: a request that cannot be sent as it is. */
function explain(error: unknown): Explained {
  if (error instanceof AddressRefused) return { error: PostError.addressRefused, message: error.reason };
  if (error instanceof NameUnresolved) return { error: PostError.dnsFailed, message: error.message };
  const code = String((error as { readonly code?: unknown }).code);
  if (code === 'UND_ERR_INVALID_ARG') throw error;
  if (TLS_CODE.test(code)) {
    return { error: PostError.tlsError, message: `TLS with the receiver failed: ${code}.` };
  }
  if (/^HPE_|^UND_ERR_HEADERS_OVERFLOW$/.test(code)) {
    return { error: PostError.connectionLost, message: 'The receiver did not answer with HTTP/1.1.' };
  }
  return (
    FAILURES[code] ?? {
      error: PostError.connectionLost,
      message: 'The receiver closed the connection before it answered.',
    }
  );
}
