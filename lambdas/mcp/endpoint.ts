/** Serves every protocol revision at one URL: passes requests of 2025 and of 2026 to their own transport. */
import {
  createMcpHandler,
  isLegacyRequest,
  localhostAllowedOrigins,
  originValidationResponse,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { Caller } from '../shared/caller.ts';
import { inRequestTrace } from '../shared/observability/tracing.ts';
import { errorResponse } from './event-stream.ts';
import type { ProtocolMethod } from './protocol-method.ts';
import { type ReadRequest, readRequest, refuseValues, refuseVersion } from './read-request.ts';
import { createServer, ProtocolEra, type ServerFeatures } from './server.ts';
import { elicitsOf, SESSION_HEADER, sessionIdFor } from './session.ts';
import { readElicitationAnswer, recordElicitationAnswer } from './tasks/elicitation-answer.ts';
import { listen, readListenRequest } from './tasks/listen.ts';
import { readLastEventId, readResultRequest, resumeResult, streamResult } from './tasks/stream-result.ts';

/** 4 MiB. Lambda accepts 6 MB, and the event holds the body escaped. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** @param endsAtMs epoch milliseconds; a streamed response ends before then */
export type Endpoint = (request: Request, caller: Caller, endsAtMs: number) => Promise<Response>;

export function createEndpoint(features: ServerFeatures): Endpoint {
  const modern = createMcpHandler(
    ({ authInfo }) =>
      createServer(
        features,
        { owner: authInfo?.clientId ?? '', scopes: authInfo?.scopes ?? [] },
        ProtocolEra.modern,
        authInfo?.extra?.acceptsStream === true,
      ),
    { legacy: 'reject', maxRequestBodySize: MAX_BODY_BYTES },
  );
  return async (original, caller, endsAtMs) => {
    const foreignPage = originValidationResponse(original, ownHosts(new URL(original.url)));
    if (foreignPage) return foreignPage;
    const read = await readRequest(original, MAX_BODY_BYTES);
    if (read.hasManyValues) return refuseValues();
    return inRequestTrace(traceCarriers(read), spanOf(read), () => handle(read, caller, endsAtMs));
  };

  async function handle(read: ReadRequest, caller: Caller, endsAtMs: number): Promise<Response> {
    const { request, body, acceptsStream } = read;
    const unsupported = refuseVersion(read);
    if (unsupported) return unsupported;
    if (await isLegacyRequest(request, body, { maxRequestBodySize: MAX_BODY_BYTES })) {
      return handleLegacy(features, read, caller, endsAtMs);
    }
    const { owner, scopes } = caller;
    const response = await modern.fetch(request, {
      authInfo: { token: '', clientId: owner, scopes: [...scopes], extra: { acceptsStream } },
      parsedBody: body,
    });
    if (!isStream(response)) return openStream(response, read, features.methods.modern, caller, endsAtMs);
    if (!acceptsStream) {
      await response.body?.cancel();
      return refuseToStream(body);
    }
    // The SDK has validated the request, but it does not support task subscriptions.
    const subscription = readListenRequest(body);
    if (!subscription) return response;
    await response.body?.cancel();
    return listen(subscription, { tasks: features.tasks, waits: features.waits, caller, endsAtMs });
  }
}

/** A trace in `_meta` is that of the message (SEP-414); one in the headers that of the connection. */
function traceCarriers({ request: { headers }, body }: ReadRequest) {
  const ofRequest = { traceparent: headers.get('traceparent'), tracestate: headers.get('tracestate') };
  return [Object(Object(Object(body).params)._meta), ofRequest];
}

/** Methods and tools whose names a span may have: others are a caller's text. */
const NAME = /^[\w/.-]{1,64}$/;

/** Returns the span of a request, named by OpenTelemetry's conventions for MCP: `tools/call start_build`. */
function spanOf({ body }: ReadRequest) {
  const { method, params } = Object(body);
  const [safeMethod, tool] = [method, method === 'tools/call' ? Object(params).name : ''].map((name) =>
    typeof name === 'string' && NAME.test(name) ? name : '',
  );
  return {
    name: [safeMethod || 'mcp', tool].filter(Boolean).join(' '),
    attributes: {
      ...(safeMethod && { 'mcp.method.name': safeMethod }),
      ...(tool && { 'gen_ai.tool.name': tool }),
    },
  };
}

/**
 * Replaces the result of a method that streams. Any other response stays, such as a refusal, or the empty one to a notification.
 */
async function openStream(
  response: Response,
  { body, acceptsStream }: ReadRequest,
  methods: readonly ProtocolMethod[],
  caller: Caller,
  endsAtMs: number,
): Promise<Response> {
  const { id, method: name, params } = Object(body);
  const method = methods.find(({ method }) => method === name);
  if (!method?.openStream || id === undefined || response.status !== 200 || isStream(response))
    return response;
  const { result } = (await response.clone().json()) as { readonly result?: object };
  if (!result) return response;
  if (!acceptsStream) return refuseToStream(body);
  return method.openStream({ id, params: method.params.parse(params), endsAtMs }, caller);
}

/** Methods whose response is a stream, and what clients without streams call. */
const POLLS: Readonly<Record<string, string>> = {
  'events/stream': 'events/poll',
  'subscriptions/listen': 'tasks/get',
};

/** Returns the response to a client that does not accept the stream it requests (RFC 9110, section 15.5.7). */
function refuseToStream(body: unknown): Response {
  const { id, method } = Object(body);
  const message = `The response to ${method} is a stream. Name text/event-stream in Accept, or call ${POLLS[method]}.`;
  return errorResponse(id, { code: -32000, message }, 406);
}

function isStream(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
}

/** The only origins that may call: browser pages of other sites are rejected, whatever the browser attaches. */
function ownHosts({ hostname }: URL): string[] {
  const local = localhostAllowedOrigins();
  return local.includes(hostname) ? local : [hostname];
}

/** Handles the revisions of 2025: without sessions, and in JSON where the client does not wait. */
async function handleLegacy(
  features: ServerFeatures,
  read: ReadRequest,
  caller: Caller,
  endsAtMs: number,
): Promise<Response> {
  const { request, body, acceptsStream } = read;
  const { headers, method } = request;
  const { tasks, waits } = features;
  const elicits = elicitsOf(headers.get(SESSION_HEADER));
  const version = headers.get('mcp-protocol-version');
  const context = { tasks, waits, caller, elicits, version, endsAtMs };
  const last = method === 'GET' && readLastEventId(headers.get('last-event-id'));
  if (last) return resumeResult(last, context);
  if (method !== 'POST') {
    const message = `${method} is not supported, because this server has no sessions. Use POST.`;
    const error = { code: -32000, message };
    const init = { status: 405, headers: { allow: 'POST' } };
    // RFC 9110, section 9.3.2: a response to HEAD has no content.
    if (method === 'HEAD') return new Response(null, init);
    return Response.json({ jsonrpc: '2.0', error, id: null }, init);
  }
  const answer = readElicitationAnswer(body);
  if (answer) return recordElicitationAnswer(tasks, answer, caller);
  const taskResult = acceptsStream && readResultRequest(body);
  if (taskResult) return streamResult(taskResult, context);

  const server = createServer(features, caller, ProtocolEra.legacy, acceptsStream);
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: !(acceptsStream && wantsProgress(body)),
    maxRequestBodySize: MAX_BODY_BYTES,
  });
  await server.connect(transport);
  const response = await transport.handleRequest(request, { parsedBody: body });
  // The transport ends with its stream.
  if (!isStream(response)) await server.close();
  const sessionId = sessionIdFor(body);
  if (sessionId !== undefined && response.ok) response.headers.set(SESSION_HEADER, sessionId);
  return openStream(response, read, features.methods.legacy, caller, endsAtMs);
}

/** Whether a call asks for notifications, which only a stream can carry. */
function wantsProgress(body: unknown): boolean {
  const { method, params } = Object(body);
  return method === 'tools/call' && Object(Object(params)._meta).progressToken !== undefined;
}
