/** An endpoint: where an owner wants to be told of jobs, of which events, and the secrets that sign what goes there. */
import { type EventType, eventTypes, type JobEvent } from '../../events/event.ts';

export const EndpointKind = {
  /** Registered by its owner through the management API. */
  webhook: 'webhook',
  /** Made by an MCP client's `events/subscribe`, for as long as the client refreshes it. */
  subscription: 'subscription',
  /** Made by an MCP client's first `events/poll`: events are kept for it, not sent. */
  mailbox: 'mailbox',
  /** No address: the secret that signs what goes to the `callback_url` of jobs. One an owner. */
  callbacks: 'callbacks',
} as const;
export type EndpointKind = (typeof EndpointKind)[keyof typeof EndpointKind];

/** The id of an owner's one endpoint of kind `callbacks`, and of whatever goes to a `callback_url`. */
export const CALLBACKS_ID = 'callbacks';

export interface EndpointSecret {
  /** `whsec_…`; sealed where it is kept: see secret-seal.ts. */
  readonly value: string;
  /** ISO 8601: a secret that was replaced signs until then, beside the new one. */
  readonly until?: string;
}

export interface Endpoint {
  readonly owner: string;
  readonly endpointId: string;
  readonly kind: EndpointKind;
  /** Absent for kinds that nothing is sent to. */
  readonly url?: string;
  readonly description?: string;
  readonly events: readonly EventType[];
  /** Only jobs of these operations; absent: of all. */
  readonly operations?: readonly string[];
  /** Only this job; absent: all. */
  readonly jobId?: string;
  /** What jobs ask goes there with a link that answers it: who has given the URL may answer jobs. */
  readonly answerLinks?: boolean;
  /** The newest first. */
  readonly secrets: readonly EndpointSecret[];
  /** Nothing is sent while this is there. */
  readonly disabled?: { readonly at: string; readonly reason: DisabledReason };
  /** When the receiver has proved that it wants what is sent; kinds without such proof have none. ISO 8601. */
  readonly verifiedAt?: string;
  /** Why it has not. */
  readonly verificationFailure?: string;
  /** ISO 8601: it is told nothing after this, unless it is refreshed. Absent: no end. */
  readonly refreshBefore?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Epoch seconds, DynamoDB's TTL attribute. */
  readonly expiresAt?: number;
}

export const DisabledReason = { byOwner: 'by_owner', gone: 'gone' } as const;
export type DisabledReason = (typeof DisabledReason)[keyof typeof DisabledReason];

/** What a subscriber hears of that does not say: how a job ends, and what it needs to go on. */
export const DEFAULT_EVENTS: readonly EventType[] = [
  'job.input_required',
  'job.completed',
  'job.failed',
  'job.cancelled',
];

export function isEventType(value: string): value is EventType {
  return (eventTypes as readonly string[]).includes(value);
}

/** Whether the endpoint is to be told of an event. */
export function wants(endpoint: Endpoint, event: JobEvent, nowMs: number): boolean {
  const { kind, events, operations, jobId } = endpoint;
  return (
    kind !== EndpointKind.callbacks &&
    isActive(endpoint, nowMs) &&
    events.includes(event.type) &&
    (operations === undefined || operations.includes(event.data.operation)) &&
    (jobId === undefined || jobId === event.data.job_id)
  );
}

/** Whether anything may be sent to it now. */
export function isActive({ kind, disabled, verifiedAt, refreshBefore }: Endpoint, nowMs: number): boolean {
  const hasProved = kind !== EndpointKind.subscription || verifiedAt !== undefined;
  const hasLapsed = refreshBefore !== undefined && Date.parse(refreshBefore) <= nowMs;
  return !disabled && hasProved && !hasLapsed;
}

/** A secret that is replaced signs for a day more, so that receivers can change over in their own time. */
export const SECRET_OVERLAP_MS = 24 * 60 * 60 * 1000;

/** Of secrets that were replaced within a day of each other, this many sign beside the newest. */
const MAX_FORMER_SECRETS = 4;

/** The endpoint's secrets after a rotation: the new one, and those before it until their overlap is over. */
export function rotated(
  secrets: readonly EndpointSecret[],
  newSecret: string,
  nowMs: number,
): readonly EndpointSecret[] {
  const [current, ...former] = secrets;
  if (!current) return [{ value: newSecret }];
  const until = new Date(nowMs + SECRET_OVERLAP_MS).toISOString();
  const signing = former.filter((secret) => signs(secret, nowMs));
  return [{ value: newSecret }, { value: current.value, until }, ...signing].slice(0, 1 + MAX_FORMER_SECRETS);
}

/** Those that sign now. */
export function signingSecrets(endpoint: Endpoint | undefined, nowMs: number): readonly string[] {
  return (endpoint?.secrets ?? []).filter((secret) => signs(secret, nowMs)).map(({ value }) => value);
}

function signs({ until }: EndpointSecret, nowMs: number): boolean {
  return until === undefined || Date.parse(until) > nowMs;
}
