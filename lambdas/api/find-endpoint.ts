/** Finds the endpoint of a request among those that the management API handles. */
import { AppError, ErrorCode } from '../shared/errors.ts';
import { type Endpoint, EndpointKind, isActive } from '../webhooks/endpoints/endpoint.ts';
import type { EndpointStore } from '../webhooks/endpoints/endpoint-store.ts';
import type { ApiRequest } from './request.ts';

/** `ep_` and 32 hexadecimal digits. */
const ENDPOINT_ID = /^ep_[0-9a-f]{32}$/;

/** @throws AppError ENDPOINT_NOT_FOUND, also for a malformed id, for other kinds and for another owner's endpoint */
export async function findEndpoint(endpoints: EndpointStore, request: ApiRequest): Promise<Endpoint> {
  const endpointId = request.param('endpoint_id');
  const endpoint = ENDPOINT_ID.test(endpointId) ? await endpoints.get(request.owner, endpointId) : undefined;
  if (endpoint?.kind !== EndpointKind.webhook) throw endpointNotFound();
  return endpoint;
}

export function endpointNotFound(): AppError {
  return new AppError(
    ErrorCode.endpointNotFound,
    'No such endpoint: the id is wrong, or the endpoint was deleted. List your endpoints with GET /endpoints.',
  );
}

/** @throws AppError ENDPOINT_INACTIVE for an endpoint that is deleted, disabled or lapsed */
export function checkActive(endpoint: Endpoint | undefined): void {
  if (endpoint && isActive(endpoint, Date.now())) return;
  throw new AppError(
    ErrorCode.endpointInactive,
    'Nothing is sent to this endpoint: it is disabled or deleted, or its subscription has lapsed. Enable it first.',
  );
}
