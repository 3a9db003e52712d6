/** Creates the management API: connects each route to its handler. */
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { requireScopes } from '../shared/caller.ts';
import { answerLinkRoutes } from './answer-links.ts';
import { consoleRoutes } from './console.ts';
import { deliveryRoutes } from './deliveries.ts';
import type { ApiDependencies, RouteHandler } from './dependencies.ts';
import { endpointRoutes } from './endpoints.ts';
import { jobInputRoutes } from './job-input.ts';
import { jobLogRoutes } from './job-log.ts';
import { jobRoutes } from './jobs.ts';
import { operationRoutes } from './operations.ts';
import { operatorRoutes } from './operator/operator.ts';
import { ApiRequest } from './request.ts';
import { errorResponse, toProxyResult } from './response.ts';
import { type RouteName, routes } from './routes.ts';
import { secretRoutes } from './secrets.ts';

/** @returns a function that handles a gateway event; errors become responses */
export function createApi(dependencies: ApiDependencies) {
  const handlers: Readonly<Record<RouteName, RouteHandler>> = {
    ...jobRoutes(dependencies),
    ...jobLogRoutes(dependencies),
    ...endpointRoutes(dependencies),
    ...secretRoutes(dependencies),
    ...deliveryRoutes(dependencies),
    ...answerLinkRoutes(dependencies),
    ...jobInputRoutes(dependencies),
    ...operationRoutes(dependencies),
    ...consoleRoutes(dependencies),
    ...operatorRoutes(dependencies),
  };
  const route = httpRouter(
    routes.map(({ method, path, ...access }) => {
      const name = `${method} ${path}` as RouteName;
      const handler = (event: APIGatewayProxyEvent, context: Context) =>
        respond(name, new ApiRequest(event, context), async (request) => {
          if ('scopes' in access) requireScopes(request.caller, access.scopes);
          return handlers[name](request);
        });
      return { method, path, handler };
    }),
  );
  return (event: APIGatewayProxyEvent, context: Context, options: { readonly signal: AbortSignal }) =>
    // Routes by the gateway's resource: with a custom domain, the path may begin with a base path.
    route({ ...event, path: event.resource }, context, options);
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
