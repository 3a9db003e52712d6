/** Represents what a client subscribes to: one event type, of all jobs, of one operation's jobs or of one job. */
import { createHash } from 'node:crypto';
import type { EventType } from '../../events/event.ts';
import type { CursorSubject } from '../../webhooks/deliveries/cursor.ts';
import { type Endpoint, SUBSCRIPTION_PREFIX } from '../../webhooks/endpoints/endpoint.ts';

export interface Topic {
  readonly name: EventType;
  readonly operation?: string;
  readonly jobId?: string;
}

/** Returns the attributes of an endpoint's record that select its events. */
export function filterOf({
  name,
  operation,
  jobId,
}: Topic): Pick<Endpoint, 'events' | 'operations' | 'jobId'> {
  return { events: [name], ...(operation && { operations: [operation] }), ...(jobId && { jobId }) };
}

/** Returns what the cursors of an owner's topic belong to. */
export function subjectOf(owner: string, topic: Topic): CursorSubject {
  return { owner, ...filterOf(topic) };
}

/** Whether a subscription or mailbox has exactly this topic. */
export function hasTopic({ events, operations, jobId }: Endpoint, topic: Topic): boolean {
  return events[0] === topic.name && operations?.[0] === topic.operation && jobId === topic.jobId;
}

/** Returns a stable id: the same key always gives the same id, also after a refresh. Clients route by it. It authorizes nothing. */
export function subscriptionId(owner: string, url: string, topic: Topic): string {
  return `${SUBSCRIPTION_PREFIX}${digest([owner, url, ...parts(topic)])}`;
}

/** Returns one mailbox id for an owner and topic. Pollers share the mailbox, because reading removes nothing. */
export function mailboxId(owner: string, topic: Topic): string {
  return `poll_${digest([owner, ...parts(topic)])}`;
}

/** Returns the canonical form: at most two string arguments in a fixed order, null when absent. */
function parts({ name, operation, jobId }: Topic): readonly (string | null)[] {
  return [name, jobId ?? null, operation ?? null];
}

function digest(key: readonly (string | null)[]): string {
  return createHash('sha256').update(JSON.stringify(key)).digest('hex').slice(0, 32);
}
