/** Computes how long subscriptions and mailboxes live between refreshes. */
import type { Endpoint } from '../../webhooks/endpoints/endpoint.ts';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

export const DEFAULT_TTL_MS = DAY_MS;
/** Limits how often a client that requests less must refresh, and so the load. */
export const MIN_TTL_MS = 5 * 60 * 1000;
/** Also applies to a request without an end: the server drops a subscription that no client refreshes. */
export const MAX_TTL_MS = 30 * DAY_MS;
/** The lease that a poll gives a mailbox. A later poll renews it when less than half is left. */
export const MAILBOX_LEASE_MS = DAY_MS;

/** A record is kept after its end, so that clients can still poll its events. */
const KEPT_AFTER_END_MS = 7 * DAY_MS;

/**
 * Returns the requested lifetime in milliseconds, moved into the limits. Rejects none.
 * @param requestedMs undefined: the default; null: no end
 */
export function grantedMs(requestedMs: number | null | undefined): number {
  if (requestedMs === undefined) return DEFAULT_TTL_MS;
  return Math.min(Math.max(requestedMs ?? MAX_TTL_MS, MIN_TTL_MS), MAX_TTL_MS);
}

/** Returns the end of an endpoint, and the end of its record. */
export function lifetime(
  nowMs: number,
  ttlMs: number,
): Required<Pick<Endpoint, 'refreshBefore' | 'expiresAt'>> {
  const endMs = nowMs + ttlMs;
  return {
    refreshBefore: new Date(endMs).toISOString(),
    expiresAt: Math.floor((endMs + KEPT_AFTER_END_MS) / 1000),
  };
}

export function hasLapsed({ refreshBefore }: Pick<Endpoint, 'refreshBefore'>, nowMs: number): boolean {
  return refreshBefore !== undefined && Date.parse(refreshBefore) <= nowMs;
}
