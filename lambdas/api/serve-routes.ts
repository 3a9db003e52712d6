/** Connects the routes of the management API to their handlers, and turns errors into responses. */
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { requireScopes } from '../shared/caller.ts';
import type { RouteHandler } from './dependencies.ts';
import { ApiRequest } from './request.ts';
import { errorResponse, toProxyResult } from './response.ts';
import { type RouteName, routes } from './routes.ts';

/** @returns a function that handles a gateway event of a route that has a handler */
export function serveRoutes(handlers: Readonly<Partial<Record<RouteName, RouteHandler>>>) {
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
      return [{ method, path, handler }];
    }),
    notFoundResponse: () => toProxyResult(NOT_FOUND),
  });
  return (event: APIGatewayProxyEvent, context: Context, options: { readonly signal: AbortSignal }) =>
    // Routes by the gateway's resource: with a custom domain, the path may begin with a base path.
    route({ ...event, path: pathOf(event) }, context, options);
}

/** The gateway's own response to an unknown path, for paths below a resource that accepts all. */
const NOT_FOUND = {
  status: 404,
  body: {
    error: {
      code: 'NOT_FOUND',
      message: 'This path or method does not exist. Check both.',
      retryable: false,
    },
  },
};

function pathOf({ resource, pathParameters }: APIGatewayProxyEvent): string {
  return resource.replace('{proxy+}', () => pathParameters?.proxy ?? '');
}

async function respond(
  name: RouteName,
  request: ApiRequest,
  handler: RouteHandler,
): Promise<APIGatewayProxyResult> {
  try {
    return toProxyResult(await handler(request));
  } catch (error) {
    return toProxyResult(errorResponse(error, name));
  }
}
