/** The endpoint that a request names, if it is one of those that this API looks after. */
import { AppError, ErrorCode } from '../shared/errors.ts';
import { type Endpoint, EndpointKind, isActive } from '../webhooks/endpoints/endpoint.ts';
import type { EndpointStore } from '../webhooks/endpoints/endpoint-store.ts';
import type { ApiRequest } from './request.ts';

/** `ep_` and 32 hexadecimal digits. */
const ENDPOINT_ID = /^ep_[0-9a-f]{32}$/;

/** @throws AppError ENDPOINT_NOT_FOUND: also for what is no id, for other kinds and for somebody else's endpoint. */
export async function findEndpoint(endpoints: EndpointStore, request: ApiRequest): Promise<Endpoint> {
  const endpointId = request.param('endpoint_id');
  const endpoint = ENDPOINT_ID.test(endpointId) ? await endpoints.get(request.owner, endpointId) : undefined;
  if (endpoint?.kind !== EndpointKind.webhook) throw endpointNotFound();
  return endpoint;
}

export function endpointNotFound(): AppError {
  return new AppError(
    ErrorCode.endpointNotFound,
    'There is no such endpoint: the id is wrong, or it was deleted. GET /endpoints lists those there are.',
  );
}

/** @throws AppError ENDPOINT_INACTIVE for one that nothing is sent to, or that is not there any more. */
export function checkActive(endpoint: Endpoint | undefined): void {
  if (endpoint && isActive(endpoint, Date.now())) return;
  throw new AppError(
    ErrorCode.endpointInactive,
    'Nothing is sent to this endpoint: it is disabled or deleted, or its subscription has lapsed. Enable it first.',
  );
}
