/** An endpoint as its owner sees it. Its secrets are nowhere in it: each is told once, by the call that makes it. */

import type { EventType } from '../events/event.ts';
import type { DisabledReason, Endpoint } from '../webhooks/endpoints/endpoint.ts';

/** Times are ISO 8601. */
export interface EndpointView {
  readonly endpoint_id: string;
  readonly url: string;
  readonly description?: string;
  readonly events: readonly EventType[];
  /** Null: jobs of all operations. */
  readonly operations: readonly string[] | null;
  /** What jobs ask is sent with a link that answers it. */
  readonly answer_links: boolean;
  readonly enabled: boolean;
  /** Since when nothing is sent, and why: its owner wants it so, or the receiver answered that it is gone. */
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
