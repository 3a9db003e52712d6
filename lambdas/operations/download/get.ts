/** One GET of an address that a caller has given: each address on the way is checked, and nothing of ours goes along. */
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

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Fails when it ends before it should, or stalls. */
  readonly body: AsyncIterable<Buffer>;
}

export interface GetOptions {
  readonly url: string;
  /** `bytes=0-9`; without it all is asked for. */
  readonly range?: string;
  /** The range is answered of this version only, else all is. */
  readonly ifRange?: string;
  readonly policy: AddressPolicy;
  readonly signal: AbortSignal;
}

const MAX_REDIRECTS = 5;
/** Without a byte: then it is given up, and tried again. */
const STALL_MS = 30_000;

/**
 * @param use reads the body, which is closed after it.
 * @throws OperationError URL_REFUSED, or DOWNLOAD_FAILED with whether it may be tried again
 */
export async function get<T>(options: GetOptions, use: (answer: Answer) => Promise<T>): Promise<T> {
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
          // As it is: what is compressed on the way has another length.
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
      throw explained(error, signal);
    } finally {
      await client.destroy();
    }
  }
  throw new OperationError('DOWNLOAD_FAILED', `url: it redirects more than ${MAX_REDIRECTS} times.`);
}

function accept(url: string, policy: AddressPolicy): URL {
  try {
    return checkUrl(url, policy);
  } catch (error) {
    throw explained(error, undefined);
  }
}

/** Nothing of the network's own words is told: they have addresses in them. */
function explained(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (error instanceof CodedError) return error;
  if (error instanceof AddressRefused) return new OperationError('URL_REFUSED', `url: ${error.reason}`);
  const message =
    error instanceof NameUnresolved
      ? 'url: its host has no address now.'
      : 'url: the connection failed, stalled, or ended before everything was here.';
  return new OperationError('DOWNLOAD_FAILED', message, { retryable: true, cause: error });
}

/** @throws OperationError DOWNLOAD_FAILED for a status that is none of these; 429 and 5xx may pass */
export function expectStatus({ status }: Answer, ...expected: readonly number[]): void {
  if (expected.includes(status)) return;
  throw new OperationError('DOWNLOAD_FAILED', `url: it was answered with status ${status}.`, {
    retryable: status === 429 || status >= 500,
    details: { http_status: status },
  });
}
