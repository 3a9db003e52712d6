/** Creates the management API of owners, with a handler for each of their routes. */
import { answerLinkRoutes } from './answer-links.ts';
import { consoleRoutes } from './console.ts';
import { deliveryRoutes } from './deliveries.ts';
import type { ApiDependencies, RouteHandler } from './dependencies.ts';
import { discoveryRoutes } from './discovery.ts';
import { endpointRoutes } from './endpoints.ts';
import { jobInputRoutes } from './job-input.ts';
import { jobLogRoutes } from './job-log.ts';
import { jobRoutes } from './jobs.ts';
import { operationRoutes } from './operations.ts';
import type { OwnerRouteName } from './routes.ts';
import { secretRoutes } from './secrets.ts';
import { serveRoutes } from './serve-routes.ts';

/** @returns a function that handles a gateway event; errors become responses */
export function createApi(dependencies: ApiDependencies) {
  const handlers: Readonly<Record<OwnerRouteName, RouteHandler>> = {
    ...jobRoutes(dependencies),
    ...jobLogRoutes(dependencies),
    ...endpointRoutes(dependencies),
    ...secretRoutes(dependencies),
    ...deliveryRoutes(dependencies),
    ...answerLinkRoutes(dependencies),
    ...jobInputRoutes(dependencies),
    ...operationRoutes(dependencies),
    ...consoleRoutes(dependencies),
    ...discoveryRoutes(dependencies),
  };
  return serveRoutes(handlers);
}
