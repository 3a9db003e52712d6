/** Builds a conditional DynamoDB update from changed properties. It removes properties that are undefined. */
import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

/** A condition on the current item, with its names and values beyond those of the changes. */
export interface Condition {
  /** Clauses that must all hold; undefined and false ones are ignored. */
  readonly clauses: readonly (string | false | undefined)[];
  /** Attributes that the clauses reference as `#name`. */
  readonly names: readonly string[];
  /** Values by placeholder, such as `:seen`; undefined ones are omitted. */
  readonly values?: Readonly<Record<string, unknown>>;
}

type Expressions = Pick<
  UpdateItemCommandInput,
  'UpdateExpression' | 'ConditionExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
>;

export function updateWhere(
  changes: Readonly<Record<string, unknown>>,
  { clauses, names, values = {} }: Condition,
): Expressions {
  const entries = Object.entries(changes);
  const set = entries.filter(([, value]) => value !== undefined).map(([name]) => `#${name} = :${name}`);
  const removed = entries.filter(([, value]) => value === undefined).map(([name]) => `#${name}`);
  const used = [...new Set([...Object.keys(changes), ...names])];
  return {
    UpdateExpression: [
      ...(set.length > 0 ? [`SET ${set.join(', ')}`] : []),
      ...(removed.length > 0 ? [`REMOVE ${removed.join(', ')}`] : []),
    ].join(' '),
    ConditionExpression: clauses.filter(Boolean).join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(used.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: marshall(
      { ...Object.fromEntries(entries.map(([name, value]) => [`:${name}`, value])), ...values },
      { removeUndefinedValues: true },
    ),
  };
}
