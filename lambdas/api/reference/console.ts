/** Describes the routes of the console. */
import { ErrorCode } from '../../shared/errors.ts';
import type { OwnerRouteName } from '../routes.ts';
import { cacheControl, fileTag, ifNoneMatch } from './headers.ts';
import type { RouteDescription } from './route-description.ts';
import { consoleConfig } from './schemas/console.ts';

const headers = { ETag: fileTag, 'Cache-Control': cacheControl };

const unchanged = { description: 'The caller has this version of the file.', headers };

export const consoleRouteDescriptions = {
  'GET /console': {
    operationId: 'openConsole',
    tags: ['Console'],
    summary: 'Open the console',
    description:
      'A page for browsers. It signs in by itself and then calls this API. The identity provider returns to this address with query parameters of its own.',
    parameters: [ifNoneMatch],
    anyQuery: true,
    responses: {
      200: { description: 'The page.', headers, text: ['text/html'] },
      304: unchanged,
      308: {
        description: 'The path ended with a slash.',
        headers: {
          Location: {
            description: 'The path without the slash.',
            required: true,
            schema: { type: 'string', format: 'uri-reference' },
          },
        },
      },
    },
  },

  'GET /console/config': {
    operationId: 'getConsoleConfig',
    tags: ['Console'],
    summary: 'Read how a browser signs in',
    responses: {
      200: {
        description: 'The authorization of this deployment.',
        headers: { 'Cache-Control': cacheControl },
        schema: consoleConfig,
        examples: {
          oidc: {
            value: {
              mode: 'oidc',
              issuer: 'https://id.example.com',
              client_id: 'console',
              scopes: ['jobs:read', 'jobs:write', 'webhooks:manage'],
              operator_scope: 'jobs:operate',
              resource: 'https://jobs.example.com/mcp',
              authorization_server: {
                issuer: 'https://id.example.com',
                authorization_endpoint: 'https://id.example.com/authorize',
                token_endpoint: 'https://id.example.com/token',
              },
            },
          },
        },
      },
    },
  },

  'GET /console/{file}': {
    operationId: 'getConsoleFile',
    tags: ['Console'],
    summary: 'Read a script or a style sheet of the console',
    parameters: [ifNoneMatch],
    responses: {
      200: { description: 'The file.', headers, text: ['text/javascript', 'text/css', 'text/html'] },
      304: unchanged,
    },
    errors: { [ErrorCode.resourceNotFound]: 'The console has no such file.' },
  },
} satisfies Partial<Record<OwnerRouteName, RouteDescription>>;
