/** What a client wants to hear of: one kind of event, of all jobs, of an operation's or of one. */
import { createHash } from 'node:crypto';
import type { EventType } from '../../events/event.ts';
import type { Endpoint } from '../../webhooks/endpoints/endpoint.ts';

export interface Topic {
  readonly name: EventType;
  readonly operation?: string;
  readonly jobId?: string;
}

/** The part of an endpoint's record that says what it is told of. */
export function filterOf({
  name,
  operation,
  jobId,
}: Topic): Pick<Endpoint, 'events' | 'operations' | 'jobId'> {
  return { events: [name], ...(operation && { operations: [operation] }), ...(jobId && { jobId }) };
}

/** Whether a subscription or mailbox is told of exactly this topic. */
export function isAbout({ events, operations, jobId }: Endpoint, topic: Topic): boolean {
  return events[0] === topic.name && operations?.[0] === topic.operation && jobId === topic.jobId;
}

/** The same for the same key, always: clients route by it, and it survives every refresh. It authorizes nothing. */
export function subscriptionId(owner: string, url: string, topic: Topic): string {
  return `sub_${digest([owner, url, ...parts(topic)])}`;
}

/** One mailbox for all who poll the same: what is fetched is not taken out. */
export function mailboxId(owner: string, topic: Topic): string {
  return `poll_${digest([owner, ...parts(topic)])}`;
}

/** Canonical: the arguments are two strings at most, so their order and their absence are all there is to settle. */
function parts({ name, operation, jobId }: Topic): readonly (string | null)[] {
  return [name, jobId ?? null, operation ?? null];
}

function digest(key: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32);
}
