/** Decides where and when to poll an API that responded with 202. */

import { type ApiRequest, retryAfterMs } from 'mcp-async-operations/steps';
import { acceptApiPath } from './accept-api-path.ts';
import { type ApiResponse, isObject } from './read-outcome.ts';

/** State that passes from one call to the next. */
export type Memory = {
  /** Consecutive failures so far. */
  readonly failures: number;
  /** Polls so far. */
  readonly polls: number;
  /** Whether the polled URL is a status resource (`Operation-Location`) with a `status` in its body. */
  readonly isStatus: boolean;
};

/** The progress of a long-running API operation. */
export type Progress =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'poll'; readonly request: ApiRequest; readonly isStatus: boolean }
  | { readonly kind: 'invalid'; readonly reason: string };

const MIN_WAIT_SECONDS = 1;
const MAX_WAIT_SECONDS = 300;
/** 2, 4, 8 … 120 s: about 700 calls in a day. */
const MAX_BACKOFF_SECONDS = 120;

/** Statuses of Microsoft's guidelines for long-running operations, with both spellings of cancelled. */
const SUCCESS = 'succeeded';
const FAILURES: readonly string[] = ['failed', 'canceled', 'cancelled'];

/** @param root root URL of the API, from the operator */
export function nextProgress(
  response: ApiResponse,
  root: string,
  request: ApiRequest,
  memory: Memory,
): Progress {
  const { status, headers, body } = response;
  const again = { ...request, method: 'GET', hasBody: false };
  if (status !== 202) {
    const reported = memory.isStatus && isObject(body) ? body.status : undefined;
    if (typeof reported !== 'string' || reported.toLowerCase() === SUCCESS) return { kind: 'done' };
    if (FAILURES.includes(reported.toLowerCase())) return { kind: 'failed' };
    return { kind: 'poll', request: again, isStatus: true };
  }
  const statusLocation = headers['operation-location'] ?? headers['azure-asyncoperation'];
  const location = statusLocation ?? headers.location;
  if (location === undefined) {
    // A poll without a new location: keep the current one.
    if (memory.polls > 0) return { kind: 'poll', request: again, isStatus: memory.isStatus };
    return {
      kind: 'invalid',
      reason: 'has no Location and no Operation-Location header to poll',
    };
  }
  const next = resolveLocation(root, request, location);
  if ('refused' in next)
    return { kind: 'invalid', reason: `names the location "${location}", which ${next.refused}` };
  return { kind: 'poll', request: { ...again, ...next }, isStatus: statusLocation !== undefined };
}

/** @returns seconds until the next call: from `Retry-After`, else with exponential backoff */
export function secondsUntil(
  { headers }: Pick<ApiResponse, 'headers'>,
  attempts: number,
  firstSeconds: number,
): number {
  const requestedMs = retryAfterMs(headers['retry-after'], Date.now());
  if (requestedMs === undefined)
    return Math.min(MAX_BACKOFF_SECONDS, firstSeconds * 2 ** Math.min(attempts, 10));
  return Math.max(MIN_WAIT_SECONDS, Math.min(MAX_WAIT_SECONDS, Math.ceil(requestedMs / 1_000)));
}

/** Resolves a location below the root of the API only, so that its credentials go to no other server. */
function resolveLocation(root: string, { path }: ApiRequest, location: string) {
  if (!URL.canParse(location, `${root}${path}`)) return { refused: 'is not a URL' };
  const { href, hash, username, password } = new URL(location, `${root}${path}`);
  if (hash || username || password) return { refused: 'contains a fragment or credentials' };
  if (!href.startsWith(`${root}/`)) return { refused: `is not below ${root}` };
  return acceptApiPath(href.slice(root.length));
}
