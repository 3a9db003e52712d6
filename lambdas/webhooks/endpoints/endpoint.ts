/** Defines an endpoint: where an owner receives events of jobs, which events, and the secrets that sign them. */
import { type EventType, eventTypes, type JobEvent } from '../../events/event.ts';

export const EndpointKind = {
  /** The owner registers it through the management API. */
  webhook: 'webhook',
  /** An MCP client creates it with `events/subscribe`, and refreshes it to keep it. */
  subscription: 'subscription',
  /** An MCP client's first `events/poll` creates it: events are held for the client, not sent. */
  mailbox: 'mailbox',
  /** Has no URL, only the secret that signs deliveries to the `callback_url` of jobs. One an owner. */
  callbacks: 'callbacks',
} as const;
export type EndpointKind = (typeof EndpointKind)[keyof typeof EndpointKind];

/** The id of an owner's only endpoint of kind `callbacks`, and the endpoint id of deliveries to a `callback_url`. */
export const CALLBACKS_ID = 'callbacks';

/** Ids of subscriptions begin with it; those of other kinds do not. */
export const SUBSCRIPTION_PREFIX = 'sub_';

/** Also answers for an endpoint that is deleted. */
export function isSubscriptionId(endpointId: string): boolean {
  return endpointId.startsWith(SUBSCRIPTION_PREFIX);
}

export interface EndpointSecret {
  /** `whsec_…`; sealed in the table: see secret-seal.ts. */
  readonly value: string;
  /** ISO 8601: a replaced secret signs until then, beside the new one. */
  readonly until?: string;
}

export interface Endpoint {
  readonly owner: string;
  readonly endpointId: string;
  readonly kind: EndpointKind;
  /** Absent for kinds without deliveries to a URL of their own. */
  readonly url?: string;
  readonly description?: string;
  readonly events: readonly EventType[];
  /** Only jobs of these operations. @default all operations */
  readonly operations?: readonly string[];
  /** Only this job. @default all jobs */
  readonly jobId?: string;
  /** Questions of jobs include a link to answer them: the caller who set the URL may answer jobs. */
  readonly answerLinks?: boolean;
  /** Newest first. */
  readonly secrets: readonly EndpointSecret[];
  /** Nothing is sent while this is set. */
  readonly disabled?: { readonly at: string; readonly reason: DisabledReason };
  /** When the receiver passed its verification; absent for kinds without one. ISO 8601. */
  readonly verifiedAt?: string;
  /** Why the verification failed. */
  readonly verificationFailure?: string;
  /** ISO 8601: the endpoint gets no events after this time unless it is refreshed. @default no end */
  readonly refreshBefore?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Epoch seconds, DynamoDB's TTL attribute. */
  readonly expiresAt?: number;
}

export const DisabledReason = { byOwner: 'by_owner', gone: 'gone' } as const;
export type DisabledReason = (typeof DisabledReason)[keyof typeof DisabledReason];

/** The events of a subscriber that names none: how a job ends, and when it needs input. */
export const DEFAULT_EVENTS: readonly EventType[] = [
  'job.input_required',
  'job.completed',
  'job.failed',
  'job.cancelled',
];

export function isEventType(value: string): value is EventType {
  return (eventTypes as readonly string[]).includes(value);
}

/** Whether the endpoint receives an event. */
export function isSubscribedTo(endpoint: Endpoint, event: JobEvent, nowMs: number): boolean {
  const { kind, events, operations, jobId } = endpoint;
  return (
    kind !== EndpointKind.callbacks &&
    isActive(endpoint, nowMs) &&
    events.includes(event.type) &&
    (operations === undefined || operations.includes(event.data.operation)) &&
    (jobId === undefined || jobId === event.data.job_id)
  );
}

/** Whether deliveries to the endpoint are allowed now: it is enabled, verified where necessary, and has not lapsed. */
export function isActive({ kind, disabled, verifiedAt, refreshBefore }: Endpoint, nowMs: number): boolean {
  const isVerified = kind !== EndpointKind.subscription || verifiedAt !== undefined;
  const hasLapsed = refreshBefore !== undefined && Date.parse(refreshBefore) <= nowMs;
  return !disabled && isVerified && !hasLapsed;
}

/** A replaced secret signs for one more day, so that receivers have time to switch. */
export const SECRET_OVERLAP_MS = 24 * 60 * 60 * 1000;

/** How many replaced secrets may sign beside the newest. */
const MAX_PREVIOUS_SECRETS = 4;

/** Returns the secrets after a rotation: the new one, then the previous ones until their overlap ends. */
export function rotateSecrets(
  secrets: readonly EndpointSecret[],
  newSecret: string,
  nowMs: number,
): readonly EndpointSecret[] {
  const [current, ...previous] = secrets;
  if (!current) return [{ value: newSecret }];
  const until = new Date(nowMs + SECRET_OVERLAP_MS).toISOString();
  const signing = previous.filter((secret) => signs(secret, nowMs));
  return [{ value: newSecret }, { value: current.value, until }, ...signing].slice(
    0,
    1 + MAX_PREVIOUS_SECRETS,
  );
}

/** Returns the secrets that sign now. */
export function signingSecrets(endpoint: Endpoint | undefined, nowMs: number): readonly string[] {
  return (endpoint?.secrets ?? []).filter((secret) => signs(secret, nowMs)).map(({ value }) => value);
}

function signs({ until }: EndpointSecret, nowMs: number): boolean {
  return until === undefined || Date.parse(until) > nowMs;
}
