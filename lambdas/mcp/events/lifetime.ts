/** How long subscriptions and mailboxes live unless they are refreshed. */
import type { Endpoint } from '../../webhooks/endpoints/endpoint.ts';

const HOUR_MS = 60 * 60 * 1000;
const DAY_MS = 24 * HOUR_MS;

export const DEFAULT_TTL_MS = DAY_MS;
/** A client that asks for less is protected from refreshing all the time, and we from it. */
export const MIN_TTL_MS = 5 * 60 * 1000;
/** Also for who asks for no end at all: a receiver that nobody refreshes is forgotten. */
export const MAX_TTL_MS = 30 * DAY_MS;
/** What a poll leases a mailbox for; the next one renews it when less than half is left. */
export const MAILBOX_LEASE_MS = DAY_MS;

/** A record is kept on after its end, so that what was recorded for it can still be polled. */
const KEPT_AFTER_END_MS = 7 * DAY_MS;

/** @param askedMs undefined: nothing was asked for; null: no end. Every wish is granted as far as it goes. */
export function grantedMs(askedMs: number | null | undefined): number {
  if (askedMs === undefined) return DEFAULT_TTL_MS;
  return Math.min(Math.max(askedMs ?? MAX_TTL_MS, MIN_TTL_MS), MAX_TTL_MS);
}

/** The end of an endpoint, and of its record. */
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
