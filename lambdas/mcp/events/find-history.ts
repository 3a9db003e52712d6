/** Finds where the events after a position are: in a mailbox, or with a subscription that received them. */
import {
  oldestKept,
  type Position,
  settledPosition,
  startPosition,
} from '../../webhooks/deliveries/cursor.ts';
import { type Endpoint, EndpointKind, isActive } from '../../webhooks/endpoints/endpoint.ts';
import type { EventDependencies } from './event-method.ts';
import { findMailbox, openMailbox } from './mailbox.ts';
import { hasTopic, mailboxId, type Topic } from './topic.ts';

export interface History {
  readonly endpointId: string;
  /** ISO 8601: read only events recorded up to this time there. */
  readonly until: string;
  /** Later events are elsewhere and can be read at once. */
  readonly continues: boolean;
  /** Some events after the position were not kept. */
  readonly hasGap: boolean;
}

/**
 * Returns the history after a position. Ensures that future events are kept: opens a mailbox when none exists, and no
 * active subscription has the topic.
 * @throws AppError RESOURCE_EXHAUSTED
 */
export async function findHistory(
  dependencies: Pick<EventDependencies, 'endpoints' | 'now'>,
  owner: string,
  topic: Topic,
  position: Position,
): Promise<History> {
  const { endpoints, now = Date.now } = dependencies;
  const mailbox = await findMailbox(dependencies, owner, topic);
  if (mailbox && hasAllSince(position, mailbox, now())) return completeHistory(mailbox, now());

  const subscriptions = (await endpoints.list(owner)).filter(
    (endpoint) => endpoint.kind === EndpointKind.subscription && hasTopic(endpoint, topic),
  );
  const active = subscriptions.filter((subscription) => isActive(subscription, now()));
  const complete = active.find((subscription) => hasAllSince(position, subscription, now()));
  if (complete) return completeHistory(complete, now());

  const existing = mailbox ?? active[0];
  const successor = existing ?? (await openMailbox(dependencies, owner, topic));
  const lapsed = latest(subscriptions.filter((subscription) => !active.includes(subscription)));
  if (!lapsed) return { ...completeHistory(successor, now()), hasGap: true };
  return {
    endpointId: lapsed.endpointId,
    until: startPosition(successor).createdAt,
    continues: existing !== undefined,
    hasGap: true,
  };
}

/**
 * Returns the next part of a history without a gap. Costs a read of a subscription: its client may have ended it, and then it
 * has no later events. Costs none of a mailbox, whose lease outlives a stream.
 * @returns undefined when the subscription has ended, or has begun anew
 */
export async function continueHistory(
  { endpoints, now = Date.now }: Pick<EventDependencies, 'endpoints' | 'now'>,
  owner: string,
  topic: Topic,
  history: History,
  position: Position,
): Promise<History | undefined> {
  // Before the read: a subscription that is active afterwards has every event up to then.
  const nowMs = now();
  if (history.endpointId === mailboxId(owner, topic)) return completeHistory(history, nowMs);
  const subscription = await endpoints.get(owner, history.endpointId);
  const isSame = subscription && startPosition(subscription).createdAt <= position.createdAt;
  return isSame && isActive(subscription, now()) ? completeHistory(subscription, nowMs) : undefined;
}

/** Returns the history of an endpoint that has every event since the position. */
export function completeHistory({ endpointId }: Pick<Endpoint, 'endpointId'>, nowMs: number): History {
  return { endpointId, until: settledPosition(nowMs).createdAt, continues: false, hasGap: false };
}

/** Whether the endpoint existed at the position, and everything recorded since is still kept. */
function hasAllSince({ createdAt }: Position, endpoint: Endpoint, nowMs: number): boolean {
  return startPosition(endpoint).createdAt <= createdAt && createdAt >= oldestKept(nowMs).createdAt;
}

/** Returns the endpoint with the latest end. */
function latest(endpoints: readonly Endpoint[]): Endpoint | undefined {
  return endpoints.toSorted((a, b) => String(b.refreshBefore).localeCompare(String(a.refreshBefore)))[0];
}
