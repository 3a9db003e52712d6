/** Reads a request once, and completes headers that clients leave out or send in other forms. */
import {
  PROTOCOL_VERSION_META_KEY,
  SUPPORTED_PROTOCOL_VERSIONS,
  UnsupportedProtocolVersionError,
} from '@modelcontextprotocol/server';
import { acceptedTypes } from '../shared/http/accepted-types.ts';
import { errorResponse } from './event-stream.ts';
import { hasManyValues, MAX_VALUES } from './has-many-values.ts';

const MODERN_VERSIONS = ['2026-07-28'];
const VERSIONS = [...MODERN_VERSIONS, ...SUPPORTED_PROTOCOL_VERSIONS];

const JSON_TYPE = 'application/json';
const EVENT_STREAM = 'text/event-stream';

/** The fields of a body that `Mcp-Name` repeats, by the first part of the method. */
const NAME_FIELDS: Readonly<Record<string, string>> = {
  prompts: 'name',
  resources: 'uri',
  tasks: 'taskId',
};
/** Values that a header can hold unchanged. */
const TOKEN = /^[\w./-]+$/;

export interface ReadRequest {
  /** The request as the SDK accepts it. */
  readonly request: Request;
  /** The parsed body; undefined when it is not JSON, is too large, or has too many values. */
  readonly body: unknown;
  /** Refuse the request: the SDK would parse it. */
  readonly hasManyValues: boolean;
  /** The client names `text/event-stream` as a type that it accepts. */
  readonly acceptsStream: boolean;
}

/** @param maxBytes a longer body is not parsed */
export async function readRequest(original: Request, maxBytes: number): Promise<ReadRequest> {
  const text = original.method === 'POST' ? await original.text() : undefined;
  const isShort = text !== undefined && Buffer.byteLength(text) <= maxBytes;
  const tooMany = isShort && hasManyValues(text);
  const body = isShort && !tooMany ? parse(text) : undefined;
  const headers = new Headers(original.headers);
  const accepts = acceptedTypes(headers.get('accept'));
  // The SDK accepts no other header for POST. Which of the two types it sends depends on what follows.
  if (accepts(JSON_TYPE) || accepts(EVENT_STREAM)) headers.set('accept', `${JSON_TYPE}, ${EVENT_STREAM}`);
  if (headers.get('mcp-protocol-version') === '') headers.delete('mcp-protocol-version');
  if (body !== undefined) completeHeaders(headers, body);
  return {
    request: new Request(original.url, { method: original.method, headers, body: text }),
    body,
    hasManyValues: tooMany,
    acceptsStream: accepts.names(EVENT_STREAM),
  };
}

/**
 * Completes the headers that repeat the body. A header that contradicts the body stays, and the SDK refuses the request. The
 * official conformance suite requires a refusal of `tools/…` without `Mcp-Method` or `Mcp-Name`: nothing has begun then. Later
 * requests about a task or a resource are served without them.
 */
function completeHeaders(headers: Headers, body: unknown): void {
  const { method, params, version } = fieldsOf(body);
  const named = headers.get('mcp-protocol-version');
  if (version === undefined) {
    // Before the handshake, the version in the body counts.
    const isStray = named === Object(params).protocolVersion || !VERSIONS.includes(named ?? '');
    if (method === 'initialize' && isStray) headers.delete('mcp-protocol-version');
    return;
  }
  const complete = (name: string, value: string) => {
    if (!headers.has(name)) headers.set(name, value);
  };
  if (TOKEN.test(version)) complete('mcp-protocol-version', version);
  if (!TOKEN.test(method) || method.startsWith('tools/')) return;
  complete('mcp-method', method);
  const name = Object(params)[NAME_FIELDS[method.split('/', 1)[0] ?? ''] ?? ''];
  if (typeof name === 'string') {
    complete('mcp-name', `=?base64?${Buffer.from(name).toString('base64')}?=`);
  }
}

/** Returns the response for a body with too many values. */
export function refuseValues(): Response {
  const message = `The body has more than ${MAX_VALUES} values. Put large data into one text, or into a file.`;
  return errorResponse(null, { code: -32000, message }, 413);
}

/**
 * Returns the response for a version that this server does not support; undefined for a supported one. The SDK answers
 * requests of 2026, which name their version in the body.
 */
export function refuseVersion({ request, body }: ReadRequest): Response | undefined {
  const requested = request.headers.get('mcp-protocol-version');
  if (request.method !== 'POST' || requested === null || VERSIONS.includes(requested)) return undefined;
  const { id, version } = fieldsOf(body);
  if (version !== undefined) return undefined;
  const { code, data } = new UnsupportedProtocolVersionError({ supported: VERSIONS, requested });
  const message = `Unsupported protocol version: ${requested}. Use one of: ${VERSIONS.join(', ')}.`;
  return Response.json({ jsonrpc: '2.0', id, error: { code, message, data } }, { status: 400 });
}

/** @returns `version`: that of the envelope, which requests of 2026 have */
function fieldsOf(body: unknown) {
  const { id, method, params } = Object(body);
  const version = Object(Object(params)._meta)[PROTOCOL_VERSION_META_KEY];
  return {
    id: typeof id === 'string' || typeof id === 'number' ? id : null,
    method: typeof method === 'string' ? method : '',
    params,
    version: typeof version === 'string' ? version : undefined,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
