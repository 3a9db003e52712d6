/** One URL for clients of every revision: requests of 2026 and of 2025 each to the transport that speaks theirs. */
import {
  createMcpHandler,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import type { EventMethod } from './events/event-method.ts';
import { createServer } from './server.ts';
import type { Tool } from './tool.ts';

/** 4 MiB: under the 6 MB that a function takes, once the body is escaped inside the event. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;

export type Endpoint = (request: Request, owner: string) => Promise<Response>;

/** @param eventMethods for clients of 2026 alone: those of 2025 know no extensions. */
export function createEndpoint(tools: readonly Tool[], eventMethods: readonly EventMethod[]): Endpoint {
  const modern = createMcpHandler(
    ({ authInfo }) => createServer(tools, authInfo?.clientId ?? '', eventMethods),
    { legacy: 'reject', maxRequestBodySize: MAX_BODY_BYTES },
  );
  return async (request, owner) => {
    if (await isLegacyRequest(request, undefined, { maxRequestBodySize: MAX_BODY_BYTES })) {
      return answerLegacy(tools, request, owner);
    }
    return modern.fetch(request, { authInfo: { token: '', clientId: owner, scopes: [] } });
  };
}

/** The revisions of 2025, without sessions, and with JSON bodies where the SDK's own fallback would frame one as a stream. */
async function answerLegacy(tools: readonly Tool[], request: Request, owner: string): Promise<Response> {
  if (request.method !== 'POST') {
    const error = {
      code: -32000,
      message: `${request.method} is not offered: there are no sessions. Use POST.`,
    };
    return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 405, headers: { allow: 'POST' } });
  }
  const server = createServer(tools, owner);
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
