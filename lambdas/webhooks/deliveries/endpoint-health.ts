/** Maps the newest deliveries of an endpoint to its health. Costs no write: an attempt already records its outcome. */
import { type Delivery, type DeliveryAttempt, DeliveryStatus } from './delivery.ts';

/** How many of the newest deliveries count: one batch read. */
export const HEALTH_DELIVERIES = 100;

/** Times are ISO 8601. */
export interface EndpointHealthView {
  /** How many of the newest deliveries these numbers count, at most a hundred. */
  readonly deliveries: number;
  /** When the oldest of them was created. */
  readonly since?: string;
  readonly delivered: number;
  readonly failed: number;
  /** Deliveries that wait for an attempt, first or next. */
  readonly pending: number;
  readonly cancelled: number;
  /** Delivered of those that were delivered or failed, 0..1; absent while there are none. */
  readonly success_rate?: number;
  /** The last attempt that the receiver accepted. */
  readonly last_success_at?: string;
  /** The last attempt that failed. */
  readonly last_failure?: { readonly at: string; readonly http_status?: number; readonly error?: string };
}

/** @param deliveries newest first */
export function viewHealth(deliveries: readonly Delivery[]): EndpointHealthView {
  const count = (wanted: DeliveryStatus) => deliveries.filter(({ status }) => status === wanted).length;
  const [delivered, failed] = [count(DeliveryStatus.delivered), count(DeliveryStatus.failed)];
  const attempts = deliveries
    .flatMap((delivery) => delivery.attempts)
    .sort((a, b) => b.at.localeCompare(a.at));
  const lastSuccess = attempts.find(isSuccess);
  const lastFailure = attempts.find((attempt) => !isSuccess(attempt));
  const oldest = deliveries.at(-1);
  return {
    deliveries: deliveries.length,
    ...(oldest && { since: oldest.createdAt }),
    delivered,
    failed,
    pending: count(DeliveryStatus.pending),
    cancelled: count(DeliveryStatus.cancelled),
    ...(delivered + failed > 0 && { success_rate: delivered / (delivered + failed) }),
    ...(lastSuccess && { last_success_at: lastSuccess.at }),
    ...(lastFailure && { last_failure: viewFailure(lastFailure) }),
  };
}

function isSuccess({ status = 0 }: DeliveryAttempt): boolean {
  return status >= 200 && status < 300;
}

function viewFailure({ at, status, error }: DeliveryAttempt) {
  return {
    at,
    ...(status !== undefined && { http_status: status }),
    ...(error !== undefined && { error }),
  };
}
