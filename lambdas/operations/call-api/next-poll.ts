/** Where an API that answered 202 says that the outcome will be, and when to ask for it. */

import { type ApiRequest, retryAfterMs } from 'mcp-async-operations/steps';
import { acceptApiPath } from './accept-api-path.ts';
import { type Answer, isObject } from './read-outcome.ts';

/** What is remembered from one call to the next. */
export type Memory = {
  /** In a row, so far. */
  readonly failures: number;
  /** Times that the outcome has been asked for. */
  readonly polls: number;
  /** The outcome has a `status` of its own (`Operation-Location`), which says whether it is there. */
  readonly isStatus: boolean;
};

export type Progress =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'poll'; readonly request: ApiRequest; readonly isStatus: boolean }
  | { readonly kind: 'invalid'; readonly reason: string };

const MIN_WAIT_SECONDS = 1;
const MAX_WAIT_SECONDS = 300;
/** 2, 4, 8 … 120 s: in a day some 700 calls. */
const MAX_BACKOFF_SECONDS = 120;

/** As Microsoft's guidelines for long-running operations have them, with both spellings of one. */
const SUCCESS = 'succeeded';
const FAILURES: readonly string[] = ['failed', 'canceled', 'cancelled'];

/** @param root of the API, as the operator gave it */
export function progressOf(answer: Answer, root: string, request: ApiRequest, memory: Memory): Progress {
  const { status, headers, body } = answer;
  const again = { ...request, method: 'GET', hasBody: false };
  if (status !== 202) {
    const said = memory.isStatus && isObject(body) ? body.status : undefined;
    if (typeof said !== 'string' || said.toLowerCase() === SUCCESS) return { kind: 'done' };
    if (FAILURES.includes(said.toLowerCase())) return { kind: 'failed' };
    return { kind: 'poll', request: again, isStatus: true };
  }
  const statusLocation = headers['operation-location'] ?? headers['azure-asyncoperation'];
  const location = statusLocation ?? headers.location;
  if (location === undefined) {
    // Of the outcome itself: still where it was.
    if (memory.polls > 0) return { kind: 'poll', request: again, isStatus: memory.isStatus };
    return {
      kind: 'invalid',
      reason: 'has no Location and no Operation-Location: where the outcome will be',
    };
  }
  const next = below(root, request, location);
  if ('refused' in next) return { kind: 'invalid', reason: `leads to "${location}", which ${next.refused}` };
  return { kind: 'poll', request: { ...again, ...next }, isStatus: statusLocation !== undefined };
}

/** Seconds, as the API wants it or ever longer. */
export function secondsUntil(
  { headers }: Pick<Answer, 'headers'>,
  times: number,
  firstSeconds: number,
): number {
  const asked = retryAfterMs(headers['retry-after'], Date.now());
  if (asked === undefined) return Math.min(MAX_BACKOFF_SECONDS, firstSeconds * 2 ** Math.min(times, 10));
  return Math.max(MIN_WAIT_SECONDS, Math.min(MAX_WAIT_SECONDS, Math.ceil(asked / 1_000)));
}

/** What an API says goes to that API: its credentials follow no address that it gives. */
function below(root: string, { path }: ApiRequest, location: string) {
  if (!URL.canParse(location, `${root}${path}`)) return { refused: 'is no URL' };
  const { href, hash, username, password } = new URL(location, `${root}${path}`);
  if (hash || username || password) return { refused: 'has a fragment or credentials' };
  if (!href.startsWith(`${root}/`)) return { refused: `is not below ${root}` };
  return acceptApiPath(href.slice(root.length));
}
