/** Handles the documents with which clients find the server: its card, and the catalogs that lead to the card. */
import { createHash } from 'node:crypto';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { CardIdentity } from '../shared/server-identity.ts';
import type { ApiDependencies, RouteHandler } from './dependencies.ts';
import { matches } from './etag.ts';
import type { ApiRequest } from './request.ts';
import type { ApiResponse } from './response.ts';
import { CARD_TYPE, serverCard, serverCatalog } from './server-card.ts';

/** SEP-2127, discovery.md, "CORS Requirements". The documents have public facts only, so any page may read them. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': 'Content-Type, If-None-Match',
  'access-control-expose-headers': 'ETag',
};
/** SEP-2127, discovery.md, "Caching". After a deployment, clients may have the earlier document for that long. */
const CACHE_CONTROL = 'public, max-age=3600';

/** The documents are the same for every request, whatever its credential, parameters and `Accept` header. */
export function discoveryRoutes({ serverCard: identity }: Pick<ApiDependencies, 'serverCard'>) {
  function document(type: string, contentOf: (known: CardIdentity, url: string) => object): RouteHandler {
    return async (request) => {
      if (identity) return send(request, type, contentOf(identity, `${request.baseUrl}/mcp`));
      throw new AppError(
        ErrorCode.resourceNotFound,
        'The operator publishes no server card. Ask the operator for the URL of the MCP endpoint.',
      );
    };
  }
  return {
    'GET /mcp/server-card': document(CARD_TYPE, serverCard),
    // AI Catalog, "Media Type".
    'GET /.well-known/ai-catalog.json': document('application/ai-catalog+json', serverCatalog),
    // ARD v0.91, section 5.1: a JSON document with `entries`. ARD ignores the other members.
    'GET /.well-known/ard.json': document('application/json', serverCatalog),
  } satisfies Record<string, RouteHandler>;
}

function send(request: ApiRequest, type: string, content: object): ApiResponse {
  // `If-None-Match` of a page needs a preflight request.
  if (request.method === 'OPTIONS') return { status: 204, headers: CORS };
  const text = JSON.stringify(content);
  const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
  const headers = { ...CORS, 'cache-control': CACHE_CONTROL, etag };
  if (matches(request.header('if-none-match'), etag)) return { status: 304, headers };
  const body = request.method === 'HEAD' ? undefined : text;
  return { status: 200, headers: { ...headers, 'content-type': type }, body };
}
