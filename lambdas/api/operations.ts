/** Handles `/operations`: lists what the deployment can run, for the console. */
import type { ApiDependencies, RouteHandler } from './dependencies.ts';

export function operationRoutes({ operations }: Pick<ApiDependencies, 'operations'>) {
  return {
    'GET /operations': async (request) => {
      request.expectNoParameters();
      return {
        status: 200,
        body: {
          operations: operations.map(({ name, title, subject }) => ({
            name,
            title,
            ...(subject !== undefined && { subject }),
          })),
        },
      };
    },
  } satisfies Record<string, RouteHandler>;
}
