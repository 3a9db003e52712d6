/** Reads the outcome of an API call from the result of Step Functions. */
import type { Json } from 'mcp-async-operations/operation';
import type { LastCall } from 'mcp-async-operations/steps';

/** The outcome of a call. */
export type Outcome = ApiResponse | NoResponse;

/** A response of the API. */
export interface ApiResponse {
  readonly kind: 'response';
  readonly status: number;
  /** Headers by name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
  /** The reason why the response is unusable. */
  readonly invalid?: string;
}

/** The API did not respond within 60 seconds, or at all. The request may have reached it. */
export interface NoResponse {
  readonly kind: 'none';
  /** Error name of Step Functions. */
  readonly error: string;
  readonly cause: string;
  readonly headers: Readonly<Record<string, never>>;
}

const STATUS_ERROR = /^States\.Http\.StatusCode\.(\d{3})$/;

export function readOutcome({ response, caught }: Pick<LastCall, 'response' | 'caught'>): Outcome {
  if (response) return toResponse(response.StatusCode, response.Headers, response.ResponseBody);
  const { Error: error = 'none', Cause: cause = '' } = caught ?? {};
  const [, status] = STATUS_ERROR.exec(error) ?? [];
  if (status === undefined) return { kind: 'none', error, cause, headers: {} };
  // Step Functions cuts off a cause at 32,768 characters; it is then not JSON.
  const parsed = parse(cause);
  const { Headers = {}, ResponseBody = cause } = isObject(parsed) ? parsed : {};
  return toResponse(Number(status), isObject(Headers) ? Headers : {}, ResponseBody);
}

function toResponse(
  status: number,
  rawHeaders: Readonly<Record<string, unknown>>,
  rawBody: Json | undefined,
): ApiResponse {
  const headers = Object.fromEntries(
    Object.entries(rawHeaders).map(([name, value]) => [name.toLowerCase(), [value].flat().join(', ')]),
  );
  const response = {
    kind: 'response',
    status,
    headers,
    body: rawBody === '' ? null : (rawBody ?? null),
  } as const;
  if (status === 206 && isCut(headers['content-range'])) {
    return { ...response, invalid: 'is incomplete, and Step Functions cannot request the rest' };
  }
  if (typeof rawBody !== 'string' || !/[/+]json\b/.test(headers['content-type'] ?? '')) return response;
  const body = parse(rawBody);
  if (body !== undefined) return { ...response, body };
  // Step Functions has removed the quotes of a JSON string. So any text can be valid, except the start of an object or an array.
  return /^\s*[{[]/.test(rawBody)
    ? { ...response, invalid: 'is declared as JSON, but is not JSON' }
    : response;
}

/** Step Functions requests the first 262,145 bytes. An API that supports ranges sends no more. */
function isCut(contentRange = ''): boolean {
  const [, end, total] = /^bytes \d+-(\d+)\/(\d+)$/.exec(contentRange) ?? [];
  return end === undefined || Number(end) + 1 !== Number(total);
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
