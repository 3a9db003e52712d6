/** Describes the routes with which clients find the server. */
import { ErrorCode } from '../../shared/errors.ts';
import type { OwnerRouteName } from '../routes.ts';
import { cacheControl, fileTag, ifNoneMatch } from './headers.ts';
import type { RouteDescription } from './route-description.ts';

const headers = { ETag: fileTag, 'Cache-Control': cacheControl };
const PUBLIC =
  'Anyone may read it, and a credential changes nothing. `HEAD` returns the headers alone. `OPTIONS` lets pages of any site read it.';

function document(
  operationId: string,
  summary: string,
  description: string,
  contentType: string,
): RouteDescription {
  return {
    operationId,
    tags: ['Discovery'],
    summary,
    description: `${description} ${PUBLIC}`,
    parameters: [ifNoneMatch],
    anyQuery: true,
    responses: {
      200: { description: 'The document, in JSON.', headers, text: [contentType] },
      304: { description: 'The caller has this version of the document.', headers },
    },
    errors: { [ErrorCode.resourceNotFound]: 'The operator publishes no server card.' },
  };
}

export const discoveryRouteDescriptions = {
  'GET /mcp/server-card': document(
    'getServerCard',
    'Read the server card',
    'The server card (SEP-2127) has the name of the server, its URL and its protocol versions. It has no tools: clients list those at the endpoint.',
    'application/mcp-server-card+json',
  ),
  'GET /.well-known/ai-catalog.json': document(
    'getAiCatalog',
    'Read the AI Catalog',
    'The AI Catalog of this API has one entry, the server card. Without a custom domain its path starts with the stage.',
    'application/ai-catalog+json',
  ),
  'GET /.well-known/ard.json': document(
    'getArdManifest',
    'Read the manifest of Agentic Resource Discovery (ARD)',
    'The document of `/.well-known/ai-catalog.json`, at the path that ARD v0.91 names.',
    'application/json',
  ),
} satisfies Partial<Record<OwnerRouteName, RouteDescription>>;
