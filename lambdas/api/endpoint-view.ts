/** Maps an endpoint to the view of its owner, without secrets: the call that creates a secret returns it once. */

import type { EventType } from '../events/event.ts';
import type { DisabledReason, Endpoint } from '../webhooks/endpoints/endpoint.ts';

/** Times are ISO 8601. */
export interface EndpointView {
  readonly endpoint_id: string;
  readonly url: string;
  readonly description?: string;
  readonly events: readonly EventType[];
  /** Null means all operations. */
  readonly operations: readonly string[] | null;
  /** Questions of jobs include a link to answer them. */
  readonly answer_links: boolean;
  readonly enabled: boolean;
  /** When and why deliveries stopped: the owner disabled the endpoint, or the receiver responded 410. */
  readonly disabled?: { readonly at: string; readonly reason: DisabledReason };
  readonly created_at: string;
  readonly updated_at: string;
}

export function viewEndpoint(endpoint: Endpoint): EndpointView {
  const { endpointId, url = '', description, events, operations, disabled, createdAt, updatedAt } = endpoint;
  return {
    endpoint_id: endpointId,
    url,
    ...(description !== undefined && { description }),
    events,
    operations: operations ?? null,
    answer_links: endpoint.answerLinks === true,
    enabled: !disabled,
    ...(disabled && { disabled }),
    created_at: createdAt,
    updated_at: updatedAt,
  };
}
