/** Sends one GET to a URL of a caller. It checks every address, redirects included, and sends no credentials. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { CodedError, OperationError } from 'mcp-async-operations/operation';
import {
  type AddressPolicy,
  AddressRefused,
  checkUrl,
  NameUnresolved,
  redirectTarget,
  sendRequest,
} from 'mcp-async-operations/steps';

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

/** As `fetch`. */
const MAX_REDIRECTS = 20;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
/** Longest time without a byte; the step then retries. */
const STALL_MS = 30_000;

/**
 * @param use reads the body, which closes afterwards.
 * @throws OperationError URL_REFUSED, or DOWNLOAD_FAILED, retryable when a retry can help
 */
export async function get<T>(options: GetOptions, use: (response: HttpResponse) => Promise<T>): Promise<T> {
  const { range, ifRange, policy, signal } = options;
  const headers = {
    'user-agent': 'mcp-async-operations',
    accept: '*/*',
    // Compression in transit would change the length.
    'accept-encoding': 'identity',
    ...(range && { range }),
    ...(ifRange && { 'if-range': ifRange }),
  };
  let url = options.url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    let response: IncomingMessage | undefined;
    const stalled = new AbortController();
    const timer = setTimeout(() => stalled.abort(), STALL_MS);
    try {
      response = await sendRequest({
        method: 'GET',
        url: checkUrl(url, policy),
        headers,
        policy,
        signal: AbortSignal.any([signal, stalled.signal]),
      });
      const { statusCode: status = 0, headers: received } = response;
      const { location } = received;
      clearTimeout(timer);
      if (!REDIRECTS.includes(status) || location === undefined) {
        return await use({ status, headers: received, body: readUnstalled(response) });
      }
      url = redirectTarget(location, url) ?? '';
    } catch (error) {
      throw toDownloadError(error, signal, redirects > 0);
    } finally {
      clearTimeout(timer);
      response?.destroy();
    }
  }
  throw new OperationError(
    'DOWNLOAD_FAILED',
    `url: it redirects more than ${MAX_REDIRECTS} times. Give the final URL.`,
  );
}

/** Fails when the server sends nothing for a while. The time that the reader takes for a chunk does not count. */
async function* readUnstalled(response: IncomingMessage): AsyncGenerator<Buffer> {
  const watch = () => setTimeout(() => response.destroy(new Error('The body stalled.')), STALL_MS);
  let timer = watch();
  try {
    for await (const chunk of response) {
      clearTimeout(timer);
      yield chunk;
      timer = watch();
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Hides the messages of network errors, which contain addresses. */
function toDownloadError(error: unknown, signal: AbortSignal, isRedirected: boolean): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof CodedError) return error;
  if (error instanceof AddressRefused) {
    const what = isRedirected ? 'url: it redirects to an address that is refused.' : 'url:';
    return new OperationError('URL_REFUSED', `${what} ${error.reason}`);
  }
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
      retryable: isTransient(status),
      details: { http_status: status },
    },
  );
}

/** 501 and 505 say that the server cannot do it, now or later. */
export function isTransient(status: number): boolean {
  return status === 429 || (status >= 500 && status !== 501 && status !== 505);
}
