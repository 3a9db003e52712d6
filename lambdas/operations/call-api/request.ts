/** Runs the step of `call_api`. Each attempt reads the outcome of the previous call, and then makes the next one or ends. */
import { OperationError } from 'mcp-async-operations/operation';
import type { ApiRequest, Step } from 'mcp-async-operations/steps';
import { acceptApiPath } from './accept-api-path.ts';
import { describeOutcome, failed, invalid, mayRetry } from './failures.ts';
import { type Memory, nextProgress, secondsUntil } from './next-poll.ts';
import type { CallApiInput, CallApiOutput } from './operation.ts';
import { type ApiResponse, readOutcome } from './read-outcome.ts';

/** Root URLs without a trailing slash, by API name. */
export type ApiRoots = Readonly<Record<string, string>>;

/** After 1, 2 and 4 s, or as `Retry-After` says. */
const MAX_RETRIES = 3;
const FIRST_RETRY_SECONDS = 1;
const FIRST_POLL_SECONDS = 2;
const WITH_BODY: readonly string[] = ['POST', 'PUT', 'PATCH'];
/** Headers that callers can use. Others, such as cookies, are private to the API and the operator. */
const HEADERS = ['content-type', 'etag', 'last-modified', 'link', 'location', 'x-request-id'] as const;

export const request =
  (roots: ApiRoots): Step<CallApiInput> =>
  async ({ input, apis }): Promise<CallApiOutput> => {
    const { connection } = input;
    const root = rootOf(roots, connection);
    const { last } = apis;
    if (!last) {
      const message = `Calling ${connection}.`;
      const memory: Memory = { failures: 0, polls: 0, isStatus: false };
      return apis.call({ request: requestOf(input), seconds: 0, message, memory });
    }
    const sent = last.request;
    const memory = last.memory as Memory;
    const outcome = readOutcome(last);
    if (mayRetry(sent, outcome) && memory.failures < MAX_RETRIES) {
      const { failures } = memory;
      const seconds = secondsUntil(outcome, failures, FIRST_RETRY_SECONDS);
      const message = `${connection} ${describeOutcome(outcome)}; next attempt in ${seconds} s.`;
      return apis.call({ request: sent, seconds, message, memory: { ...memory, failures: failures + 1 } });
    }
    if (outcome.kind === 'none' || outcome.status >= 300) throw failed(sent, outcome);
    if (outcome.invalid) throw invalid(sent, outcome, outcome.invalid);
    const progress = nextProgress(outcome, root, sent, memory);
    switch (progress.kind) {
      case 'done':
        return resultOf(outcome);
      case 'failed':
        throw failed(sent, outcome);
      case 'invalid':
        throw invalid(sent, outcome, progress.reason);
      case 'poll': {
        const seconds = secondsUntil(outcome, memory.polls, FIRST_POLL_SECONDS);
        return apis.call({
          request: progress.request,
          seconds,
          message: `Waiting for ${connection}: ${pollsSoFar(memory.polls)}, next in ${seconds} s.`,
          memory: { failures: 0, polls: memory.polls + 1, isStatus: progress.isStatus },
        });
      }
    }
  };

function rootOf(roots: ApiRoots, connection: string): string {
  const root = Object.hasOwn(roots, connection) ? roots[connection] : undefined;
  if (root !== undefined) return root;
  const names = Object.keys(roots);
  const others = names.length > 0 ? `Allowed: ${names.join(', ')}.` : 'No API is allowed.';
  throw new OperationError(
    'API_NOT_ALLOWED',
    `connection: "${connection}" is not allowed. ${others} Ask the operator to allow it at deploy: -c apiConnections=…`,
  );
}

function requestOf({ connection, method, path: given, body }: CallApiInput): ApiRequest {
  const accepted = acceptApiPath(given);
  if ('refused' in accepted) {
    throw new OperationError('INVALID_ARGUMENTS', `path: "${given}" ${accepted.refused}.`);
  }
  const hasBody = body !== undefined;
  if (hasBody && !WITH_BODY.includes(method)) {
    throw new OperationError(
      'INVALID_ARGUMENTS',
      `body: ${method} requests have no body. Leave it out, or use one of ${WITH_BODY.join(', ')}.`,
    );
  }
  return { connection, method, ...accepted, hasBody };
}

function pollsSoFar(count: number): string {
  return `${count} ${count === 1 ? 'poll' : 'polls'} so far`;
}

function resultOf({ status, headers, body }: ApiResponse): CallApiOutput {
  const kept = HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]));
  return { status, headers: Object.fromEntries(kept), body: body as CallApiOutput['body'] };
}
