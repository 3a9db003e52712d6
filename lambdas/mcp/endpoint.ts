/** One URL for clients of every revision: requests of 2026 and of 2025 each to the transport that speaks theirs. */
import {
  createMcpHandler,
  isLegacyRequest,
  localhostAllowedOrigins,
  originValidationResponse,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { Caller } from '../shared/caller.ts';
import { createServer, Era, type Offer } from './server.ts';
import { listen, readListenRequest } from './tasks/listen.ts';

/** 4 MiB: under the 6 MB that a function takes, once the body is escaped inside the event. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const EVENT_STREAM = 'text/event-stream';

/** @param endsAtMs epoch milliseconds by which an answer that is a stream has ended */
export type Endpoint = (request: Request, caller: Caller, endsAtMs: number) => Promise<Response>;

export function createEndpoint(offer: Offer): Endpoint {
  const modern = createMcpHandler(
    ({ authInfo }) =>
      createServer(offer, { owner: authInfo?.clientId ?? '', scopes: authInfo?.scopes ?? [] }, Era.modern),
    { legacy: 'reject', maxRequestBodySize: MAX_BODY_BYTES },
  );
  return async (request, caller, endsAtMs) => {
    const refusal = originValidationResponse(request, ownHosts(new URL(request.url)));
    if (refusal) return refusal;
    if (await isLegacyRequest(request, undefined, { maxRequestBodySize: MAX_BODY_BYTES })) {
      return answerLegacy(offer, request, caller);
    }
    const { owner, scopes } = caller;
    const subscription = await readListenRequest(request);
    const response = await modern.fetch(request, {
      authInfo: { token: '', clientId: owner, scopes: [...scopes] },
    });
    // The SDK knows no subscriptions to tasks. What else there is to a request it has checked by now.
    if (!subscription || !response.headers.get('content-type')?.startsWith(EVENT_STREAM)) return response;
    await response.body?.cancel();
    return listen(subscription, { tasks: offer.tasks, caller, endsAtMs });
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
  const server = createServer(offer, caller, Era.legacy);
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
