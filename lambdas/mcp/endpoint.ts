/** Serves every protocol revision at one URL: passes requests of 2025 and of 2026 to their own transport. */
import {
  createMcpHandler,
  isLegacyRequest,
  localhostAllowedOrigins,
  originValidationResponse,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { Caller } from '../shared/caller.ts';
import { createServer, ProtocolEra, type ServerFeatures } from './server.ts';
import { listen, readListenRequest } from './tasks/listen.ts';

/** 4 MiB. Lambda accepts 6 MB, and the event holds the body escaped. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const EVENT_STREAM = 'text/event-stream';

/** @param endsAtMs epoch milliseconds; a streamed response ends before then */
export type Endpoint = (request: Request, caller: Caller, endsAtMs: number) => Promise<Response>;

export function createEndpoint(features: ServerFeatures): Endpoint {
  const modern = createMcpHandler(
    ({ authInfo }) =>
      createServer(
        features,
        { owner: authInfo?.clientId ?? '', scopes: authInfo?.scopes ?? [] },
        ProtocolEra.modern,
      ),
    { legacy: 'reject', maxRequestBodySize: MAX_BODY_BYTES },
  );
  return async (request, caller, endsAtMs) => {
    const refusal = originValidationResponse(request, ownHosts(new URL(request.url)));
    if (refusal) return refusal;
    if (await isLegacyRequest(request, undefined, { maxRequestBodySize: MAX_BODY_BYTES })) {
      return handleLegacy(features, request, caller);
    }
    const { owner, scopes } = caller;
    const subscription = await readListenRequest(request);
    const response = await modern.fetch(request, {
      authInfo: { token: '', clientId: owner, scopes: [...scopes] },
    });
    // The SDK has validated the request, but it does not support task subscriptions.
    if (!subscription || !response.headers.get('content-type')?.startsWith(EVENT_STREAM)) return response;
    await response.body?.cancel();
    return listen(subscription, { tasks: features.tasks, waits: features.waits, caller, endsAtMs });
  };
}

/** The only origins that may call: browser pages of other sites are rejected, whatever the browser attaches. */
function ownHosts({ hostname }: URL): string[] {
  const local = localhostAllowedOrigins();
  return local.includes(hostname) ? local : [hostname];
}

/** Handles the revisions of 2025: no sessions, and JSON bodies, which the SDK's own fallback would send as a stream. */
async function handleLegacy(features: ServerFeatures, request: Request, caller: Caller): Promise<Response> {
  if (request.method !== 'POST') {
    const error = {
      code: -32000,
      message: `${request.method} is not supported, because this server has no sessions. Use POST.`,
    };
    return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 405, headers: { allow: 'POST' } });
  }
  const server = createServer(features, caller, ProtocolEra.legacy);
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
