/** A delivery: one event on its way to one endpoint, with every attempt that was made. */
import type { EventType, JobEvent } from '../../events/event.ts';

export const DeliveryStatus = {
  /** An attempt is queued, or waits for its time. */
  pending: 'pending',
  delivered: 'delivered',
  /** Every attempt failed, or the receiver said that it is gone. */
  failed: 'failed',
  /** The endpoint was deleted, disabled or had lapsed before it came to an attempt. */
  cancelled: 'cancelled',
  /** Kept for a mailbox: it is fetched, not sent. */
  held: 'held',
} as const;
export type DeliveryStatus = (typeof DeliveryStatus)[keyof typeof DeliveryStatus];

export interface DeliveryAttempt {
  /** ISO 8601. */
  readonly at: string;
  readonly latencyMs: number;
  /** The receiver's HTTP status; absent when there was no answer. */
  readonly status?: number;
  /** Why there was none: a stable code. */
  readonly error?: string;
  /** The first 1 KiB of the answer. */
  readonly answer?: string;
  /** A sentence about why there was none. */
  readonly reason?: string;
}

export interface Delivery {
  /** That of the event; a test event has an id of its own here. */
  readonly jobId: string;
  /** See `deliveryKey`. */
  readonly deliveryKey: string;
  readonly owner: string;
  readonly endpointId: string;
  /** The job's `callback_url`; other endpoints say themselves where they are. */
  readonly url?: string;
  readonly type: EventType | typeof TEST_EVENT;
  readonly event: JobEvent | TestEvent;
  readonly status: DeliveryStatus;
  /** All attempts ever made; the record holds the last `MAX_RECORDED_ATTEMPTS`. */
  readonly attemptCount: number;
  readonly attempts: readonly DeliveryAttempt[];
  /** How many attempts had been made when it was last replayed: the schedule begins anew there. */
  readonly attemptsBefore: number;
  /** ISO 8601; absent when no attempt is to come. */
  readonly nextAttemptAt?: string;
  readonly createdAt: string;
  /** Epoch seconds, DynamoDB's TTL attribute. */
  readonly expiresAt: number;
}

/** Four days: every record is kept as long, beyond its next attempt if there is one. */
export const KEPT_AT_LEAST_MS = 4 * 24 * 60 * 60 * 1000;

/** As long as the job, and as long as attempts may be made. Epoch seconds. @param lastAttemptMs epoch milliseconds */
export function keptUntil(jobExpiresAt: number, lastAttemptMs: number): number {
  return Math.max(jobExpiresAt, Math.floor((lastAttemptMs + KEPT_AT_LEAST_MS) / 1000));
}

/** A delivery replayed time and again keeps the attempts of two whole schedules. */
export const MAX_RECORDED_ATTEMPTS = 20;

/** Sent on request only, to try an endpoint out. */
export const TEST_EVENT = 'endpoint.test';

export interface TestEvent {
  readonly id: string;
  readonly type: typeof TEST_EVENT;
  readonly timestamp: string;
  readonly data: { readonly endpoint_id: string };
}

/** Version of the job in thirteen digits, which hold a time in milliseconds, so that keys sort as events happened. */
export function deliveryKey(version: number, endpointId: string): string {
  return `${String(version).padStart(13, '0')}.${endpointId}`;
}

/** As callers name a delivery: `<job id>.<version>.<endpoint id>`. */
export function deliveryId({ jobId, deliveryKey: key }: Pick<Delivery, 'jobId' | 'deliveryKey'>): string {
  return `${jobId}.${key}`;
}

/** @returns undefined for what is no delivery's id. */
export function parseDeliveryId(id: string): Pick<Delivery, 'jobId' | 'deliveryKey'> | undefined {
  const [, jobId, key] = /^([0-9a-f-]{36})\.(\d{13}\.[\w-]{1,64})$/.exec(id) ?? [];
  return jobId && key ? { jobId, deliveryKey: key } : undefined;
}
