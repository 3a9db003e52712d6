/** Maps a delivery to the view of its owner: event, endpoint, status, and attempts with the receiver's responses. */
import {
  type Delivery,
  type DeliveryAttempt,
  type DeliveryStatus,
  deliveryId,
  TEST_EVENT,
} from './delivery.ts';

/** Times are ISO 8601. */
export interface DeliveryView {
  readonly delivery_id: string;
  /** Absent for a test event, which has no job. */
  readonly job_id?: string;
  readonly endpoint_id: string;
  /** The event's id and type; only the webhook has its data. */
  readonly event: { readonly id: string; readonly type: Delivery['type'] };
  readonly status: DeliveryStatus;
  /** The job's `callback_url`; absent for endpoints, whose own record has the URL. */
  readonly url?: string;
  readonly attempts: readonly AttemptView[];
  /** Number of all attempts; `attempts` has the last twenty. */
  readonly attempt_count: number;
  readonly next_attempt_at?: string;
  readonly created_at: string;
  /** When the record is deleted. */
  readonly expires_at: string;
}

export interface AttemptView {
  readonly at: string;
  /** Absent when the receiver did not respond: `error` has the reason then. */
  readonly http_status?: number;
  readonly latency_ms: number;
  readonly error?: string;
  /** The start of the receiver's response body; absent when the delivery had an answer link. */
  readonly answer?: string;
  /** A sentence that explains a missing `answer`. */
  readonly reason?: string;
}

export function viewDelivery(delivery: Delivery): DeliveryView {
  const { jobId, endpointId, url, type, event, status, attempts, nextAttemptAt } = delivery;
  const { attemptCount, repeatCount = 0 } = delivery;
  return {
    delivery_id: deliveryId(delivery),
    ...(type !== TEST_EVENT && { job_id: jobId }),
    endpoint_id: endpointId,
    event: { id: event.id, type },
    status,
    ...(url !== undefined && { url }),
    attempts: attempts.map(viewAttempt),
    attempt_count: attemptCount + repeatCount,
    ...(nextAttemptAt !== undefined && { next_attempt_at: nextAttemptAt }),
    created_at: delivery.createdAt,
    expires_at: new Date(delivery.expiresAt * 1000).toISOString(),
  };
}

function viewAttempt({ at, latencyMs, status, error, answer, reason }: DeliveryAttempt): AttemptView {
  return {
    at,
    latency_ms: latencyMs,
    ...(status !== undefined && { http_status: status }),
    ...(error !== undefined && { error }),
    ...(answer !== undefined && { answer }),
    ...(reason !== undefined && { reason }),
  };
}
