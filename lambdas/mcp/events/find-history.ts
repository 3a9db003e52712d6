/** Where the events after a position are: in a mailbox, or with a subscription that they were sent to. */
import { type Endpoint, EndpointKind, isActive } from '../../webhooks/endpoints/endpoint.ts';
import { allKeptSince, beginningOf, type Position, settled } from './cursor.ts';
import type { EventDependencies } from './event-method.ts';
import { findMailbox, openMailbox } from './mailbox.ts';
import { isAbout, type Topic } from './topic.ts';

export interface History {
  readonly endpointId: string;
  /** ISO 8601: only what was recorded up to then is to be read there. */
  readonly until: string;
  /** What came after `until` is to be read elsewhere, at once. */
  readonly continues: boolean;
  /** Some of the events after the position were not kept. */
  readonly hasGap: boolean;
}

/**
 * Whatever happens next is kept: when nobody has everything since the position, and nobody else goes on, there is a
 * mailbox from now on.
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
  if (mailbox && hasAllSince(position, mailbox, now())) return whole(mailbox, now());

  const subscriptions = (await endpoints.list(owner)).filter(
    (endpoint) => endpoint.kind === EndpointKind.subscription && isAbout(endpoint, topic),
  );
  const active = subscriptions.filter((subscription) => isActive(subscription, now()));
  const complete = active.find((subscription) => hasAllSince(position, subscription, now()));
  if (complete) return whole(complete, now());

  const known = mailbox ?? active[0];
  const goesOn = known ?? (await openMailbox(dependencies, owner, topic));
  const past = latest(subscriptions.filter((subscription) => !active.includes(subscription)));
  if (!past) return { ...whole(goesOn, now()), hasGap: true };
  return {
    endpointId: past.endpointId,
    until: beginningOf(goesOn).createdAt,
    continues: known !== undefined,
    hasGap: true,
  };
}

function whole({ endpointId }: Endpoint, nowMs: number): History {
  return { endpointId, until: settled(nowMs).createdAt, continues: false, hasGap: false };
}

/** It was there, and what was recorded since has not expired. */
function hasAllSince({ createdAt }: Position, endpoint: Endpoint, nowMs: number): boolean {
  return beginningOf(endpoint).createdAt <= createdAt && createdAt >= allKeptSince(nowMs).createdAt;
}

/** The one that was to end last. */
function latest(endpoints: readonly Endpoint[]): Endpoint | undefined {
  return endpoints.toSorted((a, b) => String(b.refreshBefore).localeCompare(String(a.refreshBefore)))[0];
}
