/** Encodes and decodes cursors: positions in time up to which a client has read. The client keeps them. */
import * as z from 'zod';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { deliveryId, MIN_RETENTION_MS, parseDeliveryId } from '../../webhooks/deliveries/delivery.ts';
import type { DeliveryId } from '../../webhooks/deliveries/delivery-store.ts';
import type { Endpoint } from '../../webhooks/endpoints/endpoint.ts';

/**
 * Covers every delivery recorded up to a time. With `last`, the deliveries of that very millisecond count only up to that
 * one.
 */
export interface Position {
  /** ISO 8601, milliseconds. */
  readonly createdAt: string;
  readonly last?: DeliveryId;
}

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

/** Returns a cursor, opaque to clients. */
export function encodeCursor({ createdAt, last }: Position): string {
  return Buffer.from(JSON.stringify([createdAt, ...(last ? [deliveryId(last)] : [])])).toString('base64url');
}

const shape = z.tuple([
  // The format of the records, because times are compared as text.
  z.iso.datetime({ precision: 3 }),
  z.string().optional(),
]);

/** @throws AppError INVALID_CURSOR for a cursor that this server did not issue */
export function decodeCursor(cursor: string): Position {
  try {
    const [createdAt, id] = shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    if (id === undefined) return { createdAt };
    const last = parseDeliveryId(id);
    if (last) return { createdAt, last };
  } catch {
    // Reported below, like a well-formed cursor with a wrong delivery id.
  }
  throw new AppError(
    ErrorCode.invalidCursor,
    'cursor: this server did not issue it. Pass the cursor unchanged, or null to start now.',
  );
}
