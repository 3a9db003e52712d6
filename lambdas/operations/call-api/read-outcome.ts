/** What came of a call, read from what Step Functions makes of it. */
import type { Json } from 'mcp-async-operations/operation';
import type { LastCall } from 'mcp-async-operations/steps';

export type Outcome = Answer | Silence;

export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Json;
  /** Why it cannot be taken as what the API has said. */
  readonly invalid?: string;
}

/** The API has not answered in 60 seconds, or at all. Whether it was reached is not known. */
export interface Silence {
  readonly kind: 'silence';
  /** Step Functions' name for it. */
  readonly error: string;
  readonly cause: string;
  readonly headers: Readonly<Record<string, never>>;
}

const STATUS_ERROR = /^States\.Http\.StatusCode\.(\d{3})$/;

export function readOutcome({ answer, caught }: Pick<LastCall, 'answer' | 'caught'>): Outcome {
  if (answer) return readAnswer(answer.StatusCode, answer.Headers, answer.ResponseBody);
  const { Error: error = 'none', Cause: cause = '' } = caught ?? {};
  const [, status] = STATUS_ERROR.exec(error) ?? [];
  if (status === undefined) return { kind: 'silence', error, cause, headers: {} };
  // A cause is cut off at 32,768 characters, and then no JSON any more.
  const told = parse(cause);
  const { Headers = {}, ResponseBody = cause } = isObject(told) ? told : {};
  return readAnswer(Number(status), isObject(Headers) ? Headers : {}, ResponseBody);
}

function readAnswer(
  status: number,
  rawHeaders: Readonly<Record<string, unknown>>,
  rawBody: Json | undefined,
): Answer {
  const headers = Object.fromEntries(
    Object.entries(rawHeaders).map(([name, value]) => [name.toLowerCase(), [value].flat().join(', ')]),
  );
  const answer = {
    kind: 'answer',
    status,
    headers,
    body: rawBody === '' ? null : (rawBody ?? null),
  } as const;
  if (status === 206 && isCut(headers['content-range'])) {
    return { ...answer, invalid: 'is a part of the whole, and no more can be asked for' };
  }
  if (typeof rawBody !== 'string' || !/[/+]json\b/.test(headers['content-type'] ?? '')) return answer;
  const body = parse(rawBody);
  if (body !== undefined) return { ...answer, body };
  // JSON that is a text has lost its quotes by now: it looks like any text, but not like the beginning of something else.
  return /^\s*[{[]/.test(rawBody) ? { ...answer, invalid: 'says that it is JSON, and is not' } : answer;
}

/** Step Functions asks every API for the first 262,145 bytes: one that takes ranges sends no more. */
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
