/** The mailbox of a topic: events are kept in it for as long as somebody polls. */
import { type Endpoint, EndpointKind, isActive } from '../../webhooks/endpoints/endpoint.ts';
import type { EventDependencies } from './event-method.ts';
import { lifetime, MAILBOX_LEASE_MS } from './lifetime.ts';
import { filterOf, mailboxId, type Topic } from './topic.ts';

type Dependencies = Pick<EventDependencies, 'endpoints' | 'now'>;

/** One read, and a write when half of its lease is over. @returns undefined when there is none, or it has lapsed. */
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
