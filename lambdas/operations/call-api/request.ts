/** The step: each attempt looks at what came back of the call before it, and has the next one made, or is done. */
import { OperationError } from 'mcp-async-operations/operation';
import type { ApiRequest, Step } from 'mcp-async-operations/steps';
import { acceptApiPath } from './accept-api-path.ts';
import { failed, invalid, mayBeRepeated, told } from './failures.ts';
import { type Memory, progressOf, secondsUntil } from './next-poll.ts';
import type { CallApiInput, CallApiOutput } from './operation.ts';
import { type Answer, readOutcome } from './read-outcome.ts';

/** Roots without a slash at the end, by the operator's name for the API. */
export type ApiRoots = Readonly<Record<string, string>>;

/** After 1, 2 and 4 s, or as the API asks. */
const MAX_RETRIES = 3;
const FIRST_RETRY_SECONDS = 1;
const FIRST_POLL_SECONDS = 2;
const WITH_BODY: readonly string[] = ['POST', 'PUT', 'PATCH'];
/** What a caller can use; cookies and the like are the API's and the operator's. */
const HEADERS = ['content-type', 'etag', 'last-modified', 'link', 'location', 'x-request-id'] as const;

export const request =
  (roots: ApiRoots): Step<CallApiInput> =>
  async ({ input, apis }): Promise<CallApiOutput> => {
    const { connection } = input;
    const root = rootOf(roots, connection);
    const { last } = apis;
    if (!last) {
      const message = `Calls ${connection}.`;
      const memory: Memory = { failures: 0, polls: 0, isStatus: false };
      return apis.call({ request: requestOf(input), seconds: 0, message, memory });
    }
    const made = last.request;
    const memory = last.memory as Memory;
    const outcome = readOutcome(last);
    if (mayBeRepeated(made, outcome) && memory.failures < MAX_RETRIES) {
      const { failures } = memory;
      const seconds = secondsUntil(outcome, failures, FIRST_RETRY_SECONDS);
      const message = `${connection} ${told(outcome)}; it is called again in ${seconds} s.`;
      return apis.call({ request: made, seconds, message, memory: { ...memory, failures: failures + 1 } });
    }
    if (outcome.kind === 'silence' || outcome.status >= 300) throw failed(made, outcome);
    if (outcome.invalid) throw invalid(made, outcome, outcome.invalid);
    const progress = progressOf(outcome, root, made, memory);
    switch (progress.kind) {
      case 'done':
        return resultOf(outcome);
      case 'failed':
        throw failed(made, outcome);
      case 'invalid':
        throw invalid(made, outcome, progress.reason);
      case 'poll': {
        const seconds = secondsUntil(outcome, memory.polls, FIRST_POLL_SECONDS);
        const asked = memory.polls === 0 ? 'it is asked' : `asked ${timesOf(memory.polls)}, and again`;
        return apis.call({
          request: progress.request,
          seconds,
          message: `${connection} works on it; ${asked} in ${seconds} s.`,
          memory: { failures: 0, polls: memory.polls + 1, isStatus: progress.isStatus },
        });
      }
    }
  };

function rootOf(roots: ApiRoots, connection: string): string {
  const root = Object.hasOwn(roots, connection) ? roots[connection] : undefined;
  if (root !== undefined) return root;
  const names = Object.keys(roots);
  const others = names.length > 0 ? `Allowed: ${names.join(', ')}.` : 'None is.';
  throw new OperationError(
    'API_NOT_ALLOWED',
    `connection: "${connection}" is not allowed. ${others} The operator allows APIs at deploy: -c apiConnections=…`,
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
      `body: a ${method} has none here. Leave it out, or use one of ${WITH_BODY.join(', ')}.`,
    );
  }
  return { connection, method, ...accepted, hasBody };
}

function timesOf(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

function resultOf({ status, headers, body }: Answer): CallApiOutput {
  const kept = HEADERS.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]));
  return { status, headers: Object.fromEntries(kept), body: body as CallApiOutput['body'] };
}
