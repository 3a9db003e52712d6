/** Connects the routes of the management API to their handlers, and turns errors into responses. */
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { requireScopes, type Scope } from '../shared/caller.ts';
import { inRequestTrace } from '../shared/observability/tracing.ts';
import type { RouteHandler } from './dependencies.ts';
import { ApiRequest } from './request.ts';
import { errorResponse, toProxyResult } from './response.ts';
import { OPEN_RESOURCES, type RouteName, routes, UNKNOWN_ROUTE } from './routes.ts';

const DOCUMENT_METHODS = ['GET', 'HEAD', 'OPTIONS'] as const;

/**
 * @param options.scopes what a caller needs to learn that a path does not exist. @default none
 * @returns a function that handles a gateway event of a route that has a handler
 */
export function serveRoutes(
  handlers: Readonly<Partial<Record<RouteName, RouteHandler>>>,
  { scopes = [] }: { readonly scopes?: readonly Scope[] } = {},
) {
  const route = httpRouter({
    routes: routes.flatMap(({ method, path, ...access }) => {
      const name = `${method} ${path}` as RouteName;
      const handle = handlers[name];
      if (!handle) return [];
      const handler = (event: APIGatewayProxyEvent, context: Context) =>
        respond(name, new ApiRequest(event, context), async (request) => {
          if ('scopes' in access) requireScopes(request.caller, access.scopes);
          return handle(request);
        });
      const methods = 'isDocument' in access ? DOCUMENT_METHODS : ([method] as const);
      return methods.map((each) => ({ method: each, path, handler }));
    }),
    notFoundResponse: () => undefined,
  });
  return async (event: APIGatewayProxyEvent, context: Context, options: { readonly signal: AbortSignal }) => {
    // Routes by the gateway's resource: with a custom domain, the path may begin with a base path.
    const result = await route({ ...event, path: pathOf(event) }, context, options);
    if (result) return result;
    return respond(event.resource, new ApiRequest(event, context), async (request) => {
      if (!OPEN_RESOURCES.has(event.resource)) requireScopes(request.caller, scopes);
      // The resource accepts all paths below it, so the gateway does not refuse them.
      return { status: 404, body: { error: UNKNOWN_ROUTE } };
    });
  };
}

/** Returns the path without the stage and without repeated slashes, which count as one for the gateway too. */
function pathOf({ resource, pathParameters }: APIGatewayProxyEvent): string {
  return resource.replace('{proxy+}', () => pathParameters?.proxy ?? '').replaceAll(/\/{2,}/g, '/');
}

async function respond(
  route: string,
  request: ApiRequest,
  handler: RouteHandler,
): Promise<APIGatewayProxyResult> {
  const carrier = { traceparent: request.header('traceparent'), tracestate: request.header('tracestate') };
  return inRequestTrace([carrier], { name: route, attributes: { 'http.route': route } }, async () => {
    try {
      return toProxyResult(await handler(request));
    } catch (error) {
      return toProxyResult(errorResponse(error, route));
    }
  });
}
