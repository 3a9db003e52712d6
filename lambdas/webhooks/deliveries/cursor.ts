/**
 * Encodes and decodes cursors: positions in time up to which a client has received the events of a subscription. The client
 * keeps them (SEP-3415, Cursor Lifecycle).
 */
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import type { Endpoint } from '../endpoints/endpoint.ts';
import { deliveryId, MIN_RETENTION_MS, parseDeliveryId } from './delivery.ts';
import type { DeliveryId } from './delivery-store.ts';

/**
 * Covers every delivery recorded up to a time. With `last`, the deliveries of that very millisecond count only up to that
 * one.
 */
export interface Position {
  /** ISO 8601, milliseconds. */
  readonly createdAt: string;
  readonly last?: DeliveryId;
}

/** What a cursor belongs to: an owner, an event and its arguments. */
export type CursorSubject = Pick<Endpoint, 'owner' | 'events' | 'operations' | 'jobId'>;

/**
 * Five seconds. Several functions record events at once, each by its own clock. The index that readers query lags behind,
 * mostly by less than a second. Older events are complete, so a reader may move past them.
 */
export const SETTLE_MS = 5_000;

/** Returns the position up to which every event is recorded. */
export function settledPosition(nowMs: number): Position {
  return { createdAt: new Date(nowMs - SETTLE_MS).toISOString() };
}

/** Returns where an endpoint's events begin: `SETTLE_MS` before its creation, because another clock may be behind. */
export function startPosition({ createdAt }: Pick<Endpoint, 'createdAt'>): Position {
  return settledPosition(Date.parse(createdAt));
}

/** Returns the oldest kept position. Later deliveries are on record; earlier ones were delivered or given up. */
export function oldestKept(nowMs: number): Position {
  return { createdAt: new Date(nowMs - MIN_RETENTION_MS).toISOString() };
}

/** Returns the later of two positions. */
export function later(one: Position, other: Position): Position {
  return other.createdAt > one.createdAt ? other : one;
}

/**
 * Returns the cursor of a subscription that is safe to store at any time: the events at or before it are delivered or given
 * up (SEP-3415, Webhook event delivery). It costs no read: the default schedule of attempts ends within the retention. A
 * longer one ends as it would, whatever the client stores.
 */
export function settledCursor(endpoint: Endpoint, nowMs: number): string {
  return encodeCursor(endpoint, later(startPosition(endpoint), oldestKept(nowMs)));
}

/** Returns a cursor, opaque to clients. */
export function encodeCursor(subject: CursorSubject, { createdAt, last }: Position): string {
  const content = [createdAt, fingerprint(subject), ...(last ? [deliveryId(last)] : [])];
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

const shape = z.tuple([
  // The format of the records, because times are compared as text.
  z.iso.datetime({ precision: 3 }),
  z.string(),
  z.string().optional(),
]);

/** Two functions' clocks may differ by less. */
const MAX_AHEAD_MS = 60_000;

/** Longer than every cursor that this server issues. */
export const MAX_CURSOR_CHARACTERS = 512;

/**
 * @param subject what the caller subscribes to now
 * @param nowMs a cursor of a later time was not issued; a minute is allowed for a clock that is behind
 * @throws AppError INVALID_CURSOR for a cursor that this server did not issue to this owner for this event and arguments
 */
export function decodeCursor(subject: CursorSubject, cursor: string, nowMs: number): Position {
  const position = parse(subject, cursor);
  if (position && Date.parse(position.createdAt) <= nowMs + MAX_AHEAD_MS) return position;
  throw new AppError(
    ErrorCode.invalidCursor,
    'cursor: this server did not issue it to you for this event and these arguments. Pass the cursor of this subscription unchanged, or null to start now.',
  );
}

function parse(subject: CursorSubject, cursor: string): Position | undefined {
  try {
    const [createdAt, issuedFor, id] = shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    if (issuedFor !== fingerprint(subject)) return undefined;
    if (id === undefined) return { createdAt };
    const last = parseDeliveryId(id);
    return last && { createdAt, last };
  } catch {
    return undefined;
  }
}

/**
 * Returns a short digest that tells subscriptions apart. It protects clients from their mistakes and needs no key: an owner
 * who forges a cursor reads only its own events.
 */
function fingerprint({ owner, events, operations, jobId }: CursorSubject): string {
  const key = JSON.stringify([owner, events, operations ?? null, jobId ?? null]);
  return createHash('sha256').update(key).digest('hex').slice(0, 16);
}
