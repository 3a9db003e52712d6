/** Finds and opens the mailbox of a topic. It keeps events for as long as a client polls. */
import { type Endpoint, EndpointKind, isActive } from '../../webhooks/endpoints/endpoint.ts';
import type { EventDependencies } from './event-method.ts';
import { lifetime, MAILBOX_LEASE_MS } from './lifetime.ts';
import { filterOf, mailboxId, type Topic } from './topic.ts';

type Dependencies = Pick<EventDependencies, 'endpoints' | 'now'>;

/**
 * Costs one read, and a write when less than half of the lease is left.
 * @returns undefined when there is no mailbox, or it has lapsed
 */
export async function findMailbox(
  { endpoints, now = Date.now }: Dependencies,
  owner: string,
  topic: Topic,
): Promise<Endpoint | undefined> {
  const mailbox = await endpoints.get(owner, mailboxId(owner, topic));
  if (!mailbox || !isActive(mailbox, now())) return undefined;
  const leftMs = Date.parse(String(mailbox.refreshBefore)) - now();
  if (leftMs >= MAILBOX_LEASE_MS / 2) return mailbox;
  return endpoints.update(owner, mailbox.endpointId, lifetime(now(), MAILBOX_LEASE_MS));
}

/** @throws AppError RESOURCE_EXHAUSTED */
export async function openMailbox(
  { endpoints, now = Date.now }: Dependencies,
  owner: string,
  topic: Topic,
): Promise<Endpoint> {
  const mailbox = {
    owner,
    endpointId: mailboxId(owner, topic),
    kind: EndpointKind.mailbox,
    ...filterOf(topic),
    secrets: [],
    ...lifetime(now(), MAILBOX_LEASE_MS),
  };
  return endpoints.put(mailbox);
}
