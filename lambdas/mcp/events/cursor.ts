/** A cursor: how far a client has read, as a position in time that it keeps for us. */
import * as z from 'zod';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { deliveryId, KEPT_AT_LEAST_MS, parseDeliveryId } from '../../webhooks/deliveries/delivery.ts';
import type { DeliveryId } from '../../webhooks/deliveries/delivery-store.ts';
import type { Endpoint } from '../../webhooks/endpoints/endpoint.ts';

/** Everything up to a time, and of what was recorded in its very millisecond only up to a delivery, if there is one. */
export interface Position {
  /** ISO 8601, milliseconds. */
  readonly createdAt: string;
  readonly last?: DeliveryId;
}

/**
 * Five seconds. Several functions record events at once, by clocks of their own, and the index that they are read from
 * follows after, mostly within one: what is older than this has come in, so that a reader may pass it.
 */
export const SETTLE_MS = 5_000;

/** The time up to which all has been recorded. */
export function settled(nowMs: number): Position {
  return { createdAt: new Date(nowMs - SETTLE_MS).toISOString() };
}

/** Where an endpoint's events begin: a little before it does, because another clock may be behind. */
export function beginningOf({ createdAt }: Pick<Endpoint, 'createdAt'>): Position {
  return settled(Date.parse(createdAt));
}

/** What was recorded since then is still there, and what was recorded before has been delivered or given up. */
export function allKeptSince(nowMs: number): Position {
  return { createdAt: new Date(nowMs - KEPT_AT_LEAST_MS).toISOString() };
}

/** The position that is further on. */
export function later(one: Position, other: Position): Position {
  return other.createdAt > one.createdAt ? other : one;
}

/** Opaque to clients. */
export function encodeCursor({ createdAt, last }: Position): string {
  return Buffer.from(JSON.stringify([createdAt, ...(last ? [deliveryId(last)] : [])])).toString('base64url');
}

const shape = z.tuple([
  // As records write it, because times are compared as text.
  z.iso.datetime({ precision: 3 }),
  z.string().optional(),
]);

/** @throws AppError INVALID_CURSOR for what is none of ours. */
export function decodeCursor(cursor: string): Position {
  try {
    const [createdAt, id] = shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    if (id === undefined) return { createdAt };
    const last = parseDeliveryId(id);
    if (last) return { createdAt, last };
  } catch {
    // It is told below, as what is well-formed and wrong is.
  }
  throw new AppError(
    ErrorCode.invalidCursor,
    'cursor: not one that this server gave. Pass it as it is, or null to begin now.',
  );
}
