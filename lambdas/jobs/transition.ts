/** A transition as one conditional update: the expressions that make a status follow only those it may. */
import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { isTerminal, JobStatus, STATUSES_BEFORE } from './job.ts';
import { toItem } from './job-item.ts';

/** What a transition writes, and what must hold for it. */
export interface Change {
  readonly set?: Readonly<Record<string, unknown>>;
  readonly where?: {
    /** @default those that the new status may follow */
    readonly statuses?: readonly JobStatus[];
    readonly owner?: string;
    readonly lease?: string;
    /** The record is still as it was read. */
    readonly version?: number;
    /** The progress that is written must not be less than what is there. */
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
  { set = {}, where = {} }: Change,
  updatedAt: string,
): Expressions {
  const attributes: Record<string, unknown> = { ...set, status: to, updatedAt };
  const names = Object.keys(attributes);

  const assignments = [...names.map((name) => `#${name} = :${name}`), '#version = #version + :one'];
  // `startedAt` stays as the first step set it.
  if (to === JobStatus.running) assignments.push('#startedAt = if_not_exists(#startedAt, :updatedAt)');
  const removals = isTerminal(to) ? ' REMOVE #openOwner, #lease, #taskToken, #answers' : '';

  const { statuses = STATUSES_BEFORE[to] } = where;
  const mayFollow = `#status IN (${statuses.map((status) => `:from_${status}`).join(', ')})`;
  const isOwners = where.owner !== undefined && '#owner = :owner';
  const isHeld = where.lease !== undefined && '#lease = :heldBy';
  const isAsRead = where.version !== undefined && '#version = :read';
  const doesNotFall = where.progressStays === true && '#progress <= :progress';
  const conditions = [mayFollow, isOwners, isHeld, isAsRead, doesNotFall].filter(
    (clause) => clause !== false,
  );

  const UpdateExpression = `SET ${assignments.join(', ')}${removals}`;
  const ConditionExpression = conditions.join(' AND ');
  return {
    UpdateExpression,
    ConditionExpression,
    ExpressionAttributeNames: namesIn(UpdateExpression, ConditionExpression),
    ExpressionAttributeValues: toItem({
      ...Object.fromEntries(names.map((name) => [`:${name}`, attributes[name]])),
      ...Object.fromEntries(statuses.map((status) => [`:from_${status}`, status])),
      ':one': 1,
      ...(isOwners && { ':owner': where.owner }),
      ...(isHeld && { ':heldBy': where.lease }),
      ...(isAsRead && { ':read': where.version }),
    }),
  };
}

/** `{'#status': 'status'}` for every name that the expressions use. */
function namesIn(...expressions: readonly string[]): Record<string, string> {
  const names = expressions.join(' ').match(/#\w+/g) ?? [];
  return Object.fromEntries(names.map((name) => [name, name.slice(1)]));
}
