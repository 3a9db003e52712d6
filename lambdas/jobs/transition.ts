/** Builds the conditional update of a status transition. */
import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { Usage } from '../shared/usage.ts';
import { isTerminal, type Job, JobStatus, STATUSES_BEFORE } from './job.ts';
import { toItem, usedAttribute } from './job-item.ts';
import { MAX_TIMELINE_BYTES, type TimelineEvent, timelineBytes } from './timeline.ts';

/** The attributes that a transition writes, and its conditions. */
export interface Change {
  readonly set?: Partial<Job>;
  /** Events to append to the timeline. Requires that it has room for them. @default none */
  readonly append?: readonly TimelineEvent[];
  /** Counts to add to those of the record. @default none */
  readonly add?: Usage;
  readonly where?: {
    /** @default the statuses that may precede the new one */
    readonly statuses?: readonly JobStatus[];
    readonly owner?: string;
    readonly lease?: string;
    /** Requires that this attempt held the job until now; null: none did. */
    readonly leaseBefore?: string | null;
    /** Requires that the record has this version. */
    readonly version?: number;
    /** Requires that the progress does not decrease. */
    readonly progressStays?: boolean;
  };
}

type Expressions = Required<
  Pick<
    UpdateItemCommandInput,
    'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
  >
>;

/** @param updatedAt ISO 8601 */
export function transitionTo(
  to: JobStatus,
  { set = {}, append = [], add = {}, where = {} }: Change,
  updatedAt: string,
): Expressions {
  const attributes: Record<string, unknown> = { ...set, status: to, updatedAt };
  const names = Object.keys(attributes);

  const assignments = [...names.map((name) => `#${name} = :${name}`), '#version = #version + :one'];
  // `startedAt` keeps the time of the first step.
  if (to === JobStatus.running) assignments.push('#startedAt = if_not_exists(#startedAt, :updatedAt)');
  if (append.length > 0) {
    assignments.push('#timeline = list_append(if_not_exists(#timeline, :noEvents), :events)');
    assignments.push('#timelineBytes = if_not_exists(#timelineBytes, :zero) + :bytes');
  }
  const ended = isTerminal(to) ? ['#openOwner', '#lease', '#taskToken', '#answers', '#watchedUntil'] : [];
  // A running job's execution has the results that a retry reuses.
  const removed = to === JobStatus.inputRequired ? ended : [...ended, '#reused'];
  const removals = removed.length > 0 ? ` REMOVE ${removed.join(', ')}` : '';

  const { statuses = STATUSES_BEFORE[to] } = where;
  const mayFollow = `#status IN (${statuses.map((status) => `:from_${status}`).join(', ')})`;
  const isOwner = where.owner !== undefined && '#owner = :owner';
  const { leaseBefore } = where;
  const ownsLease = where.lease !== undefined && '#lease = :heldBy';
  const takesLease =
    leaseBefore !== undefined &&
    (leaseBefore === null ? 'attribute_not_exists(#lease)' : '#lease = :leaseBefore');
  const isVersion = where.version !== undefined && '#version = :read';
  const doesNotDecrease = where.progressStays === true && '#progress <= :progress';
  const hasRoom =
    append.length > 0 && '(attribute_not_exists(#timelineBytes) OR #timelineBytes <= :bytesBefore)';
  const conditions = [mayFollow, isOwner, ownsLease, takesLease, isVersion, doesNotDecrease, hasRoom].filter(
    (clause) => clause !== false,
  );
  const bytes = timelineBytes(append);

  const counters = Object.entries(add).map(([use, amount]) => [usedAttribute(use), amount] as const);
  const additions =
    counters.length > 0 ? ` ADD ${counters.map(([name]) => `#${name} :${name}`).join(', ')}` : '';

  const UpdateExpression = `SET ${assignments.join(', ')}${removals}${additions}`;
  const ConditionExpression = conditions.join(' AND ');
  return {
    UpdateExpression,
    ConditionExpression,
    ExpressionAttributeNames: namesIn(UpdateExpression, ConditionExpression),
    ExpressionAttributeValues: toItem({
      ...Object.fromEntries(names.map((name) => [`:${name}`, attributes[name]])),
      ...Object.fromEntries(statuses.map((status) => [`:from_${status}`, status])),
      ...Object.fromEntries(counters.map(([name, amount]) => [`:${name}`, amount])),
      ':one': 1,
      ...(isOwner && { ':owner': where.owner }),
      ...(ownsLease && { ':heldBy': where.lease }),
      ...(leaseBefore && { ':leaseBefore': leaseBefore }),
      ...(isVersion && { ':read': where.version }),
      ...(hasRoom && {
        ':noEvents': [],
        ':events': append,
        ':zero': 0,
        ':bytes': bytes,
        ':bytesBefore': MAX_TIMELINE_BYTES - bytes,
      }),
    }),
  };
}

/** @returns `{'#status': 'status'}` for every name in the expressions */
function namesIn(...expressions: readonly string[]): Record<string, string> {
  const names = expressions.join(' ').match(/#\w+/g) ?? [];
  return Object.fromEntries(names.map((name) => [name, name.slice(1)]));
}
