/** One URL for clients of every revision: requests of 2026 and of 2025 each to the transport that speaks theirs. */
import {
  createMcpHandler,
  isLegacyRequest,
  localhostAllowedOrigins,
  originValidationResponse,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { Caller } from '../shared/caller.ts';
import type { EventMethod } from './events/event-method.ts';
import { createServer } from './server.ts';
import type { Tool } from './tool.ts';

/** 4 MiB: under the 6 MB that a function takes, once the body is escaped inside the event. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

export type Endpoint = (request: Request, caller: Caller) => Promise<Response>;

/** @param eventMethods for clients of 2026 alone: those of 2025 know no extensions. */
export function createEndpoint(tools: readonly Tool[], eventMethods: readonly EventMethod[]): Endpoint {
  const modern = createMcpHandler(
    ({ authInfo }) =>
      createServer(tools, { owner: authInfo?.clientId ?? '', scopes: authInfo?.scopes ?? [] }, eventMethods),
    { legacy: 'reject', maxRequestBodySize: MAX_BODY_BYTES },
  );
  return async (request, caller) => {
    const refusal = originValidationResponse(request, ownHosts(new URL(request.url)));
    if (refusal) return refusal;
    if (await isLegacyRequest(request, undefined, { maxRequestBodySize: MAX_BODY_BYTES })) {
      return answerLegacy(tools, request, caller);
    }
    const { owner, scopes } = caller;
    return modern.fetch(request, { authInfo: { token: '', clientId: owner, scopes: [...scopes] } });
  };
}

/** Pages of other sites have no business here, whatever a browser would send with their requests. */
function ownHosts({ hostname }: URL): string[] {
  const local = localhostAllowedOrigins();
  return local.includes(hostname) ? local : [hostname];
}

/** The revisions of 2025, without sessions, and with JSON bodies where the SDK's own fallback would frame one as a stream. */
async function answerLegacy(tools: readonly Tool[], request: Request, caller: Caller): Promise<Response> {
  if (request.method !== 'POST') {
    const error = {
      code: -32000,
      message: `${request.method} is not offered: there are no sessions. Use POST.`,
    };
    return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 405, headers: { allow: 'POST' } });
  }
  const server = createServer(tools, caller);
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: true,
    maxRequestBodySize: MAX_BODY_BYTES,
  });
  await server.connect(transport);
  try {
    return await transport.handleRequest(request);
  } finally {
    await server.close();
  }
}
