/** The management API: each route of the list with the function that answers it. */
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import type { JobStore } from '../jobs/job-store.ts';
import type { AddressPolicy } from '../webhooks/address-guard.ts';
import type { DeliveryQueue } from '../webhooks/delivery-queue.ts';
import type { DeliveryStore } from '../webhooks/delivery-store.ts';
import type { EndpointStore } from '../webhooks/endpoint-store.ts';
import type { SigningKeys } from '../webhooks/signing-keys.ts';
import { type Answer, answerError, toProxyResult } from './answer.ts';
import { deliveryRoutes } from './deliveries.ts';
import { endpointRoutes } from './endpoints.ts';
import { jobRoutes } from './jobs.ts';
import { ApiRequest } from './request.ts';
import { type RouteName, routes } from './routes.ts';
import { secretRoutes } from './secrets.ts';

export interface ApiDependencies {
  /** The names of the operations that there are. */
  readonly operations: readonly string[];
  readonly jobs: JobStore;
  readonly endpoints: EndpointStore;
  readonly deliveries: DeliveryStore;
  readonly queue: DeliveryQueue;
  readonly signingKeys: SigningKeys;
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
  };
  const route = httpRouter(
    routes.map(({ method, path }) => {
      const name = `${method} ${path}` as RouteName;
      const handler = (event: APIGatewayProxyEvent, context: Context) =>
        answer(name, handlers[name], new ApiRequest(event, context));
      return { method, path, handler };
    }),
  );
  return (event: APIGatewayProxyEvent, context: Context, options: { readonly signal: AbortSignal }) =>
    // By the resource that the gateway has matched: a path may begin with what a domain of one's own maps here.
    route({ ...event, path: event.resource }, context, options);
}

async function answer(
  name: RouteName,
  handler: RouteHandler,
  request: ApiRequest,
): Promise<APIGatewayProxyResult> {
  try {
    return toProxyResult(await handler(request));
  } catch (error) {
    return toProxyResult(answerError(error, name));
  }
}
