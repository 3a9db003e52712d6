/** One URL for clients of every revision: requests of 2026 and of 2025 each to the transport that speaks theirs. */
import {
  createMcpHandler,
  isLegacyRequest,
  localhostAllowedOrigins,
  originValidationResponse,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { Caller } from '../shared/caller.ts';
import { createServer, type Offer } from './server.ts';

/** 4 MiB: under the 6 MB that a function takes, once the body is escaped inside the event. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

export type Endpoint = (request: Request, caller: Caller) => Promise<Response>;

export function createEndpoint(offer: Offer): Endpoint {
  const modern = createMcpHandler(
    ({ authInfo }) =>
      createServer(offer, { owner: authInfo?.clientId ?? '', scopes: authInfo?.scopes ?? [] }),
    { legacy: 'reject', maxRequestBodySize: MAX_BODY_BYTES },
  );
  return async (request, caller) => {
    const refusal = originValidationResponse(request, ownHosts(new URL(request.url)));
    if (refusal) return refusal;
    if (await isLegacyRequest(request, undefined, { maxRequestBodySize: MAX_BODY_BYTES })) {
      return answerLegacy(offer, request, caller);
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
async function answerLegacy(offer: Offer, request: Request, caller: Caller): Promise<Response> {
  if (request.method !== 'POST') {
    const error = {
      code: -32000,
      message: `${request.method} is not offered: there are no sessions. Use POST.`,
    };
    return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 405, headers: { allow: 'POST' } });
  }
  // Events are for clients of 2026 alone: those of 2025 know no extensions.
  const server = createServer({ ...offer, eventMethods: [] }, caller);
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
