/** Runs HTTP tasks of Step Functions: calls an API with the credentials of a connection, and uses AWS's error names. */
import { httpTaskCalls } from '../iam/http-calls.ts';
import { Refusal } from '../iam/refusal.ts';
import type { Call } from '../iam/statements.ts';
import { DataLimitExceeded, MAX_OUTPUT_BYTES, named, StatesRuntime } from './task-errors.ts';

/** An EventBridge connection. Templates do not contain its credentials, so options of the local cloud provide them. */
export interface LocalConnection {
  /** Headers of each request, with the credentials. */
  readonly headers: Readonly<Record<string, string>>;
  /** Replaces the API's host, for tests: `http://127.0.0.1:PORT`. @default the API's host, over https */
  readonly standIn?: string;
}

/** Connections by ARN. */
export type LocalConnections = Readonly<Record<string, LocalConnection>>;

export const HTTP_INVOKE = 'arn:aws:states:::http:invoke';

interface Parameters {
  readonly ApiEndpoint: string;
  readonly Method: string;
  readonly Authentication: { readonly ConnectionArn: string };
  readonly QueryParameters?: Readonly<Record<string, string>>;
  readonly RequestBody?: unknown;
}

/** AWS's timeout of a request. */
const LIMIT_MS = 60_000;
/** Content types that an HTTP task cannot read. */
const BINARY = /^(application\/octet-stream|image\/|video\/|audio\/)/;

/**
 * @param machineArn of the state machine that runs the tasks
 * @param authorize throws a Refusal when the state machine lacks the permission
 */
export function createHttpTask(
  machineArn: string,
  connections: LocalConnections,
  authorize: (call: Call) => void,
  limitMs = LIMIT_MS,
) {
  return async (input: unknown): Promise<unknown> => {
    const { ApiEndpoint, Method, Authentication, QueryParameters = {}, RequestBody } = input as Parameters;
    const { ConnectionArn } = Authentication;
    for (const call of httpTaskCalls(machineArn, ApiEndpoint, ConnectionArn))
      authorizing(() => authorize(call));
    const connection = connections[ConnectionArn];
    if (!connection) throw named('Events.ConnectionResource.ResourceNotFound', `Not found: ${ConnectionArn}`);
    const url = addressOf(ApiEndpoint, connection);
    for (const [name, value] of Object.entries(QueryParameters)) url.searchParams.set(name, value);

    const signal = AbortSignal.timeout(limitMs);
    const response = await orSocketError(
      fetch(url, {
        method: Method,
        headers: {
          'user-agent': 'Amazon|StepFunctions|HttpInvoke|us-east-1',
          range: `bytes=0-${MAX_OUTPUT_BYTES}`,
          ...(RequestBody !== undefined && { 'content-type': 'application/json; charset=UTF-8' }),
          ...connection.headers,
        },
        body: RequestBody === undefined ? undefined : JSON.stringify(RequestBody),
        // AWS's documentation does not mention redirects.
        redirect: 'manual',
        signal,
      }),
    );
    const result = await read(response);
    if (response.ok) return result;
    throw named(`States.Http.StatusCode.${response.status}`, JSON.stringify(result));
  };
}

function addressOf(endpoint: string, { standIn }: LocalConnection): URL {
  const url = new URL(endpoint);
  if (url.protocol !== 'https:')
    throw new StatesRuntime(`ApiEndpoint ${endpoint} is not https: use an https URL.`);
  return standIn === undefined ? url : new URL(url.pathname, standIn);
}

async function read(response: Response) {
  const type = response.headers.get('content-type') ?? '';
  if (BINARY.test(type))
    throw new StatesRuntime(`The response has the content type ${type}, which an HTTP task cannot read.`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = (await orSocketError(reader?.read() ?? Promise.resolve(undefined))) ?? {
      done: true,
    };
    if (done || !value) break;
    chunks.push(value);
    size += value.length;
    if (size > MAX_OUTPUT_BYTES) {
      await reader?.cancel();
      throw new DataLimitExceeded('The response');
    }
  }
  return {
    StatusCode: response.status,
    StatusText: response.statusText,
    Headers: Object.fromEntries([...response.headers].map(([name, value]) => [name, [value]])),
    ResponseBody: bodyOf(type, Buffer.concat(chunks)),
  };
}

function bodyOf(type: string, bytes: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new StatesRuntime('The response is not valid UTF-8.');
  }
  try {
    return /[/+]json\b/.test(type) ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}

async function orSocketError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw named('States.Http.Socket', String((error as Error).cause ?? error));
  }
}

function authorizing(authorize: () => void): void {
  try {
    authorize();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const isEndpointDenied = error.message.includes('states:InvokeHTTPEndpoint');
    throw named(
      isEndpointDenied ? 'States.Permissions' : 'Events.ConnectionResource.AccessDenied',
      error.message,
    );
  }
}
