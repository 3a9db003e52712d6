/** Sends one GET to a URL of a caller. It checks every address, redirects included, and sends no credentials. */
import type { IncomingHttpHeaders } from 'node:http';
import { CodedError, OperationError } from 'mcp-async-operations/operation';
import {
  type AddressPolicy,
  AddressRefused,
  checkUrl,
  guardedLookup,
  NameUnresolved,
} from 'mcp-async-operations/steps';
import { Client } from 'undici';

/** A response. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Fails when the body is truncated or stalls. */
  readonly body: AsyncIterable<Buffer>;
}

export interface GetOptions {
  readonly url: string;
  /** Such as `bytes=0-9`. @default the whole body */
  readonly range?: string;
  /** ETag for `If-Range`: the server sends the range of this version only, else the whole body. */
  readonly ifRange?: string;
  readonly policy: AddressPolicy;
  readonly signal: AbortSignal;
}

const MAX_REDIRECTS = 5;
/** Longest time without a byte; the step then retries. */
const STALL_MS = 30_000;

/**
 * @param use reads the body, which closes afterwards.
 * @throws OperationError URL_REFUSED, or DOWNLOAD_FAILED, retryable when a retry can help
 */
export async function get<T>(options: GetOptions, use: (response: HttpResponse) => Promise<T>): Promise<T> {
  const { range, ifRange, policy, signal } = options;
  let url = options.url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const { origin, pathname, search } = accept(url, policy);
    const client = new Client(origin, {
      allowH2: false,
      pipelining: 0,
      connect: { lookup: guardedLookup(policy), signal, timeout: STALL_MS, rejectUnauthorized: true },
      headersTimeout: STALL_MS,
      bodyTimeout: STALL_MS,
    });
    try {
      const { statusCode, headers, body } = await client.request({
        method: 'GET',
        path: pathname + search,
        headers: {
          'user-agent': 'mcp-async-operations',
          // Compression in transit would change the length.
          'accept-encoding': 'identity',
          ...(range && { range }),
          ...(ifRange && { 'if-range': ifRange }),
        },
        signal,
      });
      const location = [headers.location].flat()[0];
      if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) {
        return await use({ status: statusCode, headers, body });
      }
      url = URL.parse(location, url)?.href ?? '';
    } catch (error) {
      throw toDownloadError(error, signal);
    } finally {
      await client.destroy();
    }
  }
  throw new OperationError(
    'DOWNLOAD_FAILED',
    `url: it redirects more than ${MAX_REDIRECTS} times. Give the final URL.`,
  );
}

function accept(url: string, policy: AddressPolicy): URL {
  try {
    return checkUrl(url, policy);
  } catch (error) {
    throw toDownloadError(error, undefined);
  }
}

/** Hides the messages of network errors, which contain addresses. */
function toDownloadError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof CodedError) return error;
  if (error instanceof AddressRefused) return new OperationError('URL_REFUSED', `url: ${error.reason}`);
  const message =
    error instanceof NameUnresolved
      ? 'url: its host does not resolve. Check the host name, or try again later.'
      : 'url: the connection failed, stalled or closed early. Try again later.';
  return new OperationError('DOWNLOAD_FAILED', message, { retryable: true, cause: error });
}

/** @throws OperationError DOWNLOAD_FAILED for any other status; retryable for 429 and 5xx */
export function expectStatus({ status }: HttpResponse, ...expected: readonly number[]): void {
  if (expected.includes(status)) return;
  throw new OperationError(
    'DOWNLOAD_FAILED',
    `url: the server responded with status ${status}. Check the URL.`,
    {
      retryable: status === 429 || status >= 500,
      details: { http_status: status },
    },
  );
}
