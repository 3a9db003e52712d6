/** Collects the descriptions of all routes. A route without a description does not compile. */
import type { RouteName } from '../routes.ts';
import { consoleRouteDescriptions } from './console.ts';
import { discoveryRouteDescriptions } from './discovery.ts';
import { jobRouteDescriptions } from './jobs.ts';
import { operatorRouteDescriptions } from './operator.ts';
import type { RouteDescription } from './route-description.ts';
import { webhookRouteDescriptions } from './webhooks.ts';

export const routeDescriptions: Readonly<Record<RouteName, RouteDescription>> = {
  ...jobRouteDescriptions,
  ...webhookRouteDescriptions,
  ...operatorRouteDescriptions,
  ...consoleRouteDescriptions,
  ...discoveryRouteDescriptions,
};
