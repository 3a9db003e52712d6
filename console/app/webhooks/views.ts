/** Names what the webhooks pages read from the management API, and every status and event in words. */
import type { EndpointView } from '../../../lambdas/api/endpoint-view.ts';
import type { EventType } from '../../../lambdas/events/event.ts';
import type { DeliveryStatus } from '../../../lambdas/webhooks/deliveries/delivery.ts';
import type { AttemptView, DeliveryView } from '../../../lambdas/webhooks/deliveries/delivery-view.ts';
import type { EndpointHealthView } from '../../../lambdas/webhooks/deliveries/endpoint-health.ts';
import type { RequestView } from '../../../lambdas/webhooks/sending/webhook-request.ts';

export type { AttemptView, DeliveryStatus, DeliveryView, EndpointHealthView, EndpointView, EventType };

/** A delivery that is read alone. */
export type DeliveryDetails = DeliveryView & { readonly request?: RequestView };

export interface DeliveryPage {
  readonly deliveries: readonly DeliveryView[];
  readonly next_cursor?: string;
}

export const STATUSES: Readonly<Record<DeliveryStatus, string>> = {
  pending: 'Waiting',
  delivered: 'Delivered',
  failed: 'Failed',
  cancelled: 'Cancelled',
  held: 'Held for polling',
};

export const EVENTS: Readonly<Record<EventType, string>> = {
  'job.created': 'A job is created',
  'job.started': 'A job starts',
  'job.progress': 'A job makes progress, at most once a second',
  'job.input_required': 'A job needs an answer',
  'job.completed': 'A job completes',
  'job.failed': 'A job fails',
  'job.cancelled': 'A job is cancelled',
};

/** The events of an endpoint that names none. */
export const DEFAULT_EVENTS: readonly EventType[] = [
  'job.input_required',
  'job.completed',
  'job.failed',
  'job.cancelled',
];

/** Returns the outcome of an attempt in a few words: `HTTP 503` or `TIMED_OUT`. */
export function outcomeOf({
  http_status: status,
  error,
}: Pick<AttemptView, 'http_status' | 'error'>): string {
  return status === undefined ? (error ?? 'No response') : `HTTP ${status}`;
}

/** The id of callbacks: what goes to the `callback_url` of jobs has no endpoint of its own. */
const CALLBACKS = 'callbacks';

/** Returns the id of the endpoint that has a page; undefined for callbacks and subscriptions. */
export function endpointPageOf({ endpoint_id: id }: Pick<DeliveryView, 'endpoint_id'>): string | undefined {
  return /^ep_[0-9a-f]{32}$/.test(id) ? id : undefined;
}

/** Returns where a delivery goes, in words. */
export function targetOf({ endpoint_id: id, url }: Pick<DeliveryView, 'endpoint_id' | 'url'>): string {
  if (id === CALLBACKS) return `callback_url ${url ?? ''}`.trim();
  return endpointPageOf({ endpoint_id: id }) ? `endpoint ${id}` : `MCP subscription ${id}`;
}
