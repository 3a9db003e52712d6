/** Defines a delivery: one event for one endpoint, with its attempts. */

import type { EventType, JobEvent } from '../../events/event.ts';
import type { LogKeys } from '../../shared/observability/log-keys.ts';
import { type JobTrace, traceIdOf } from '../../shared/observability/trace-context.ts';

export const DeliveryStatus = {
  /** An attempt is queued or waits until it is due. */
  pending: 'pending',
  delivered: 'delivered',
  /** Every attempt failed, or the receiver responded 410 or 413. */
  failed: 'failed',
  /** The endpoint was deleted, disabled or lapsed before an attempt. */
  cancelled: 'cancelled',
  /** Held for a mailbox: the client polls it; it is never sent. */
  held: 'held',
} as const;
export type DeliveryStatus = (typeof DeliveryStatus)[keyof typeof DeliveryStatus];

export interface DeliveryAttempt {
  /** ISO 8601. */
  readonly at: string;
  readonly latencyMs: number;
  /** The receiver's HTTP status; absent when it did not respond. */
  readonly status?: number;
  /** A stable code for a missing response. */
  readonly error?: string;
  /** The first 1 KiB of the response body; absent when the delivery had an answer link. */
  readonly answer?: string;
  /** A sentence that explains a missing `answer`. */
  readonly reason?: string;
}

export interface Delivery {
  /** The event's job; a random id for a test event, which has no job. */
  readonly jobId: string;
  /** See `deliveryKey`. */
  readonly deliveryKey: string;
  readonly owner: string;
  readonly endpointId: string;
  /** The job's `callback_url`; absent for endpoints, whose own record has the URL. */
  readonly url?: string;
  readonly type: EventType | typeof TEST_EVENT;
  readonly event: JobEvent | TestEvent;
  /** The trace of the event's job. Absent in records of version 0.2. */
  readonly trace?: JobTrace;
  /**
   * The cursor in the body for an MCP subscription. Events at or before it are delivered or given up, so a client that
   * stores it misses none of those under way. Absent for other endpoints, and in records of version 0.2.
   */
  readonly cursor?: string;
  readonly status: DeliveryStatus;
  /** Number of the last attempt. A queue message names the attempt that it requests. */
  readonly attemptCount: number;
  /** Number of requests beyond those of the numbered attempts: two messages made one attempt at the same time. @default 0 */
  readonly repeatCount?: number;
  /** The last `MAX_RECORDED_ATTEMPTS` requests. */
  readonly attempts: readonly DeliveryAttempt[];
  /** Number of attempts before the last replay, which restarted the schedule. */
  readonly attemptsBefore: number;
  /** True after a replay or a redrive: its attempts come long after the event. */
  readonly replayed?: true;
  /** ISO 8601; absent when no attempt follows. */
  readonly nextAttemptAt?: string;
  readonly createdAt: string;
  /** Epoch seconds, DynamoDB's TTL attribute. */
  readonly expiresAt: number;
}

/** Four days: the minimum retention of every record, counted from its next attempt if there is one. */
export const MIN_RETENTION_MS = 4 * 24 * 60 * 60 * 1000;

/**
 * Returns a record's expiry in epoch seconds: not before the job's, and not before the last attempt's plus the minimum
 * retention.
 * @param jobExpiresAt epoch seconds
 * @param lastAttemptMs epoch milliseconds
 */
export function retainedUntil(jobExpiresAt: number, lastAttemptMs: number): number {
  return Math.max(jobExpiresAt, Math.floor((lastAttemptMs + MIN_RETENTION_MS) / 1000));
}

/** Enough for the attempts of two whole schedules; repeated replays make more. */
export const MAX_RECORDED_ATTEMPTS = 20;

/** Sent only on request, to test an endpoint. */
export const TEST_EVENT = 'endpoint.test';

export interface TestEvent {
  readonly id: string;
  readonly type: typeof TEST_EVENT;
  readonly timestamp: string;
  readonly data: { readonly endpoint_id: string };
}

/**
 * Returns `<version>.<endpoint id>`. The version has thirteen digits, enough for a time in milliseconds, so that keys sort
 * in the order of events.
 */
export function deliveryKey(version: number, endpointId: string): string {
  return `${String(version).padStart(13, '0')}.${endpointId}`;
}

/** Returns the public id of a delivery: `<job id>.<version>.<endpoint id>`. */
export function deliveryId({ jobId, deliveryKey: key }: Pick<Delivery, 'jobId' | 'deliveryKey'>): string {
  return `${jobId}.${key}`;
}

/** Returns the keys of log lines about the next attempt of a delivery. */
export function deliveryKeys(
  delivery: Pick<Delivery, 'jobId' | 'deliveryKey' | 'owner' | 'attemptCount' | 'trace'>,
): LogKeys {
  const { jobId, owner, attemptCount, trace } = delivery;
  return {
    job_id: jobId,
    owner,
    delivery_id: deliveryId(delivery),
    attempt: attemptCount + 1,
    ...(trace && { trace_id: traceIdOf(trace) }),
  };
}

/** @returns undefined for a malformed id */
export function parseDeliveryId(id: string): Pick<Delivery, 'jobId' | 'deliveryKey'> | undefined {
  const [, jobId, key] = /^([0-9a-f-]{36})\.(\d{13}\.[\w-]{1,64})$/.exec(id) ?? [];
  return jobId && key ? { jobId, deliveryKey: key } : undefined;
}
