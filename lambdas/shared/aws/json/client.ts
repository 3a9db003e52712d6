/**
 * Replaces the AWS SDK's clients of services with a JSON protocol in the engine's functions. Their requests and responses are the
 * inputs and outputs of the commands as JSON, and the SDK's schemas, endpoint rules and middleware are 150 KB of each bundle.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { endpointOverride, regionalHost } from '../endpoints.ts';
import { signHeaders } from './sign.ts';

/** A service with the protocol AWS JSON 1.0. */
export interface JsonService {
  /** The name in endpoints and credential scopes. */
  readonly name: string;
  /** Prefix of `X-Amz-Target`. */
  readonly target: string;
  /** Errors that callers recognize by their class. */
  readonly errors: Readonly<Record<string, typeof ServiceException>>;
  /** Returns the endpoint for an input. @default that of the environment, else of the region */
  endpointOf?(input: object): string;
}

/** The options of the SDK's clients that these support. */
export interface JsonClientOptions {
  /** @default 3 */
  readonly maxAttempts?: number;
  /** Milliseconds until a connection, and without a byte. @default no limit, and 300,000 */
  readonly requestHandler?: { readonly connectionTimeout?: number; readonly socketTimeout?: number };
}

/** A call of one action. */
export interface JsonCommand {
  readonly action: string;
  readonly input: object;
  /** Changes an output to the types of the SDK. */
  read?(output: Record<string, unknown>): unknown;
}

/** An error response, with the properties of the SDK's exceptions. */
export class ServiceException extends Error {
  readonly $fault: 'client' | 'server';
  readonly $metadata: { readonly httpStatusCode: number; readonly requestId?: string };

  constructor(name: string, fields: object, status: number, requestId?: string) {
    const { message, Message } = fields as { readonly message?: string; readonly Message?: string };
    super(message ?? Message ?? `The service responded with status ${status}.`);
    Object.assign(this, fields);
    this.name = name;
    this.$fault = status >= 500 ? 'server' : 'client';
    this.$metadata = { httpStatusCode: status, ...(requestId !== undefined && { requestId }) };
  }
}

const MAX_ATTEMPTS = 3;
const SOCKET_TIMEOUT_MS = 300_000;
/** The pauses of the SDK's standard mode: a random part of these, doubled for each attempt. */
const PAUSE_MS = 100;
const THROTTLED_PAUSE_MS = 500;
const MAX_PAUSE_MS = 20_000;

/** Names of errors that the SDK repeats. */
const THROTTLED =
  /Throttl|ThroughputExceeded|^RequestLimitExceeded|^LimitExceededException|^TooManyRequests|^SlowDown|^TransactionInProgress|^BandwidthLimitExceeded|^PriorRequestNotComplete/;
const TRANSIENT = /^(TimeoutError|RequestTimeout(Exception)?)$/;
const TRANSIENT_STATUSES: readonly number[] = [429, 500, 502, 503, 504];
const NETWORK_CODES: ReadonlySet<unknown> = new Set([
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

const agents = { 'http:': new HttpAgent({ keepAlive: true }), 'https:': new HttpsAgent({ keepAlive: true }) };

export class JsonClient {
  readonly #service: JsonService;
  readonly #options: JsonClientOptions;

  /** @throws Error for an option that only the SDK's client has */
  constructor(service: JsonService, options: JsonClientOptions) {
    const { maxAttempts: _, requestHandler: __, ...others } = options;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) {
      throw new Error(
        `The client of ${service.name} in this bundle has no option "${unknown}": remove it, or set \`wholeSdk\` of the function.`,
      );
    }
    this.#service = service;
    this.#options = options;
  }

  /** @throws ServiceException, the signal's AbortError, or the error of the network */
  async send<Output = unknown>(
    command: JsonCommand,
    { abortSignal }: { readonly abortSignal?: AbortSignal } = {},
  ): Promise<Output> {
    const { maxAttempts = MAX_ATTEMPTS } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        const output = await this.#call(command, abortSignal);
        return (command.read?.(output) ?? output) as Output;
      } catch (error) {
        const pauseMs = pauseAfter(error);
        if (attempt >= maxAttempts || pauseMs === undefined || abortSignal?.aborted) throw error;
        const ms = Math.random() * Math.min(MAX_PAUSE_MS, pauseMs * 2 ** (attempt - 1));
        await delay(ms, undefined, { signal: abortSignal });
      }
    }
  }

  /** Exists for callers of the SDK's client. Idle connections keep no process alive. */
  destroy(): void {}

  async #call({ action, input }: JsonCommand, signal?: AbortSignal): Promise<Record<string, unknown>> {
    const { name, target, endpointOf } = this.#service;
    const endpoint = endpointOf?.(input) ?? endpointOverride(name) ?? `https://${regionalHost(name)}`;
    const url = new URL(`${endpoint}/`);
    const body = JSON.stringify(input, refuseBinary);
    const trace = process.env._X_AMZN_TRACE_ID;
    const headers = {
      'content-type': 'application/x-amz-json-1.0',
      'content-length': String(Buffer.byteLength(body)),
      'x-amz-target': `${target}.${action}`,
      // As AWS SDKs do: X-Ray's trace of this invocation continues in the service.
      ...(trace && { 'x-amzn-trace-id': trace }),
    };
    const response = await this.#post(
      url,
      signHeaders({ url, service: name, headers, body }, Date.now()),
      body,
      signal,
    );
    const content = await text(response);
    const { statusCode = 0, headers: received } = response;
    if (statusCode === 200) return JSON.parse(content || '{}');
    const fields = parse(content);
    const type = String(received['x-amzn-errortype'] ?? fields.__type ?? fields.code ?? 'UnknownError');
    // `com.amazonaws.dynamodb.v20120810#ResourceNotFoundException`, or with a URL after a colon
    const error = type.split('#').at(-1)?.split(':')[0] ?? type;
    const requestId = received['x-amzn-requestid'] ?? received['x-amz-request-id'];
    const { [error]: Exception = ServiceException } = this.#service.errors;
    throw new Exception(error, fields, statusCode, requestId?.toString());
  }

  #post(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    const { connectionTimeout, socketTimeout = SOCKET_TIMEOUT_MS } = this.#options.requestHandler ?? {};
    const isSecure = url.protocol === 'https:';
    const agent = isSecure ? agents['https:'] : agents['http:'];
    return new Promise((resolve, reject) => {
      const request = (isSecure ? httpsRequest : httpRequest)(url, {
        method: 'POST',
        headers,
        agent,
        signal,
      });
      const giveUp = (what: string) => {
        const error = new Error(`${url.host} ${what}.`);
        request.destroy(Object.assign(error, { name: 'TimeoutError' }));
      };
      request.setTimeout(socketTimeout, () => giveUp(`sent nothing for ${socketTimeout} ms`));
      if (connectionTimeout !== undefined) {
        request.on('socket', (socket) => {
          if (!socket.connecting) return;
          const limit = setTimeout(
            () => giveUp(`accepted no connection in ${connectionTimeout} ms`),
            connectionTimeout,
          );
          socket.once('connect', () => clearTimeout(limit));
          request.once('close', () => clearTimeout(limit));
        });
      }
      request.on('response', resolve).on('error', reject).end(body);
    });
  }
}

/** @returns the first pause before another attempt, in milliseconds; undefined when the error would come again */
function pauseAfter(error: unknown): number | undefined {
  const { name, code, $metadata } = error as ServiceException & { readonly code?: unknown };
  const status = $metadata?.httpStatusCode ?? 0;
  if (THROTTLED.test(name) || status === 429) return THROTTLED_PAUSE_MS;
  const isTransient = TRANSIENT.test(name) || TRANSIENT_STATUSES.includes(status);
  return isTransient || (status === 0 && NETWORK_CODES.has(code)) ? PAUSE_MS : undefined;
}

/** The SDK sends bytes as Base64. Here, JSON would make an object of them. @throws Error */
function refuseBinary(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  if (!ArrayBuffer.isView(this[key])) return value;
  throw new Error(`The client in this bundle sends no bytes ("${key}"): set \`wholeSdk\` of the function.`);
}

function parse(content: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(content));
  } catch {
    // A proxy between here and the service responds with something else.
    return {};
  }
}
