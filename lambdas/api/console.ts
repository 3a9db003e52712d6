/** Handles `/console`: serves the console, a page that signs in by itself and then calls this API. */
import { createHash } from 'node:crypto';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { ApiDependencies, RouteHandler } from './dependencies.ts';
import { matches } from './etag.ts';
import type { ApiRequest } from './request.ts';
import type { ApiResponse } from './response.ts';

export function consoleRoutes({ console: page }: Pick<ApiDependencies, 'console'>) {
  async function send(name: string, request: ApiRequest): Promise<ApiResponse> {
    const file = await page.file(name);
    if (!file) {
      throw new AppError(
        ErrorCode.resourceNotFound,
        'The console has no such file. Open the console at /console.',
      );
    }
    const policy = contentSecurityPolicy(await page.authorizationServer());
    const etag = `"${createHash('sha256').update(policy).update(file.text).digest('base64url')}"`;
    const headers = {
      etag,
      // Browsers ask each time, and a deploy shows at the next load.
      'cache-control': 'public, no-cache',
      'x-content-type-options': 'nosniff',
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
    };
    if (matches(request.header('if-none-match'), etag)) return { status: 304, headers };
    return { status: 200, headers: { ...headers, 'content-type': file.contentType }, body: file.text };
  }

  return {
    // The identity provider returns to this address with parameters of its own, so any are allowed.
    'GET /console': async (request) =>
      // The page refers to its files and to the API by relative URLs.
      request.path.endsWith('/')
        ? { status: 308, headers: { location: '../console' } }
        : send('index.html', request),

    'GET /console/config': async (request) => {
      request.expectNoParameters();
      const server = await page.authorizationServer();
      return {
        status: 200,
        // A provider that was unavailable may be available at the next reload.
        headers: {
          'cache-control': page.signIn.mode === 'oidc' && !server ? 'no-store' : 'public, max-age=60',
        },
        body: { ...page.signIn, ...(server && { authorization_server: server }) },
      };
    },

    'GET /console/{file}': async (request) => {
      request.expectNoParameters();
      return send(request.param('file'), request);
    },
  } satisfies Record<string, RouteHandler>;
}

/** Allows the page's own files and requests to this API and to the authorization server, and nothing else. */
function contentSecurityPolicy(server: Readonly<Record<string, unknown>> = {}): string {
  const origins = [server.token_endpoint, server.revocation_endpoint].flatMap(
    (url) => URL.parse(String(url))?.origin ?? [],
  );
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    ["connect-src 'self'", ...new Set(origins)].join(' '),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
