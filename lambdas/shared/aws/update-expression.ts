/** An update of a DynamoDB item, from the properties that it changes: what is undefined is removed. */
import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';

/** A condition on the item as it is, and the names and values that it uses beside those of the changes. */
export interface Condition {
  /** Clauses that all must hold; those that are undefined or false do not count. */
  readonly clauses: readonly (string | false | undefined)[];
  /** Attributes named in them, as `#name`. */
  readonly names: readonly string[];
  /** By their placeholders, such as `:seen`; undefined ones are left out. */
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
