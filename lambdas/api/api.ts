/** The management API: each route of the list with the function that answers it. */
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import type { JobStore } from '../jobs/job-store.ts';
import type { Observer } from '../executions/execution-progress.ts';
import type { Pace } from '../shared/rate-limiter.ts';
import type { PollIntervals } from '../jobs/poll-intervals.ts';
import type { WorkspaceLinks } from '../workspace/workspace-links.ts';
import type { OperationDefinition } from '../definition/define-operation.ts';
import { requireScope } from '../shared/caller.ts';
import type { AddressPolicy } from '../shared/http/address-guard.ts';
import type { DeliveryQueue } from '../webhooks/deliveries/delivery-queue.ts';
import type { DeliveryStore } from '../webhooks/deliveries/delivery-store.ts';
import type { EndpointStore } from '../webhooks/endpoints/endpoint-store.ts';
import type { SecretSeal } from '../webhooks/endpoints/secret-seal.ts';
import type { SigningKeys } from '../webhooks/signing/signing-keys.ts';
import { type Answer, answerError, toProxyResult } from './response.ts';
import { answerLinkRoutes } from './answer-links.ts';
import { deliveryRoutes } from './deliveries.ts';
import { endpointRoutes } from './endpoints.ts';
import { jobRoutes } from './jobs.ts';
import { ApiRequest } from './request.ts';
import { type RouteName, routes } from './routes.ts';
import { secretRoutes } from './secrets.ts';

export interface ApiDependencies {
  readonly operations: readonly OperationDefinition[];
  readonly jobs: JobStore;
  readonly observer: Observer;
  readonly pace: Pace;
  readonly polls: PollIntervals;
  readonly workspace: WorkspaceLinks;
  readonly endpoints: EndpointStore;
  readonly deliveries: DeliveryStore;
  readonly queue: DeliveryQueue;
  readonly signingKeys: SigningKeys;
  readonly seal: SecretSeal;
  readonly addressPolicy: AddressPolicy;
}

/** @throws AppError; everything else is a bug. */
export type RouteHandler = (request: ApiRequest) => Promise<Answer>;

export function createApi(dependencies: ApiDependencies) {
  const handlers: Readonly<Record<RouteName, RouteHandler>> = {
    ...jobRoutes(dependencies),
    ...endpointRoutes(dependencies),
    ...secretRoutes(dependencies),
    ...deliveryRoutes(dependencies),
    ...answerLinkRoutes(dependencies),
  };
  const route = httpRouter(
    routes.map(({ method, path, ...access }) => {
      const name = `${method} ${path}` as RouteName;
      const handler = (event: APIGatewayProxyEvent, context: Context) =>
        answer(name, new ApiRequest(event, context), async (request) => {
          if ('scope' in access) requireScope(request.caller, access.scope);
          return handlers[name](request);
        });
      return { method, path, handler };
    }),
  );
  return (event: APIGatewayProxyEvent, context: Context, options: { readonly signal: AbortSignal }) =>
    // By the resource that the gateway has matched: a path may begin with what a domain of one's own maps here.
    route({ ...event, path: event.resource }, context, options);
}

async function answer(
  name: RouteName,
  request: ApiRequest,
  handler: RouteHandler,
): Promise<APIGatewayProxyResult> {
  try {
    return toProxyResult(await handler(request));
  } catch (error) {
    return toProxyResult(answerError(error, name));
  }
}
