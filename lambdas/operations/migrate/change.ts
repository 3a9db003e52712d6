/** Decides how a migration changes one item, and builds the conditional write. */
import { isDeepStrictEqual } from 'node:util';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { MigrateInput } from './operation.ts';

export type Item = Readonly<Record<string, AttributeValue>>;

/** The decision about an item. `update` is one conditional write. */
export type Decision =
  | { readonly kind: 'unmatched' | 'already' | 'conflict' }
  | { readonly kind: 'update'; readonly update: Update };

export interface Update {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

/** @returns all attributes that a change reads */
export function attributesOf({ set, remove, rename, where }: MigrateInput): string[] {
  return [...Object.keys(set), ...remove, ...Object.entries(rename).flat(), ...Object.keys(where)];
}

/** @param key name of the partition key; its condition prevents that the write recreates a deleted item */
export function decide({ set, remove, rename, where }: MigrateInput, key: string, item: Item): Decision {
  const [wanted, held] = [marshall(set), marshall(where)];
  if (!Object.entries(held).every(([name, value]) => isDeepStrictEqual(item[name], value))) {
    return { kind: 'unmatched' };
  }
  const renames = Object.entries(rename).filter(([from]) => from in item);
  if (renames.some(([, to]) => to in item)) return { kind: 'conflict' };
  const sets = Object.entries(wanted).filter(([name, value]) => !isDeepStrictEqual(item[name], value));
  const removes = remove.filter((name) => name in item);
  if (renames.length + sets.length + removes.length === 0) return { kind: 'already' };

  const expression = new Expression();
  const { name, value } = expression;
  const assignments = [
    ...sets.map(([attribute, to]) => `${name(attribute)} = ${value(to)}`),
    ...renames.map(([from, to]) => `${name(to)} = ${name(from)}`),
  ];
  const gone = [...removes, ...renames.map(([from]) => from)];
  const conditions = [
    `attribute_exists(${name(key)})`,
    ...Object.entries(held).map(([attribute, is]) => `${name(attribute)} = ${value(is)}`),
    ...sets.map(
      ([attribute, to]) => `(attribute_not_exists(${name(attribute)}) OR ${name(attribute)} <> ${value(to)})`,
    ),
    ...removes.map((attribute) => `attribute_exists(${name(attribute)})`),
    ...renames.map(([from, to]) => `attribute_exists(${name(from)}) AND attribute_not_exists(${name(to)})`),
  ];
  return {
    kind: 'update',
    update: {
      UpdateExpression: [
        assignments.length > 0 ? `SET ${assignments.join(', ')}` : '',
        gone.length > 0 ? `REMOVE ${gone.map(name).join(', ')}` : '',
      ].join(' '),
      ConditionExpression: conditions.join(' AND '),
      ...expression.attributes(),
    },
  };
}

/** Collects names and values as placeholders, so that a caller's text never becomes part of an expression. */
class Expression {
  readonly #names: string[] = [];
  readonly #values: AttributeValue[] = [];

  readonly name = (attribute: string): string => `#a${indexOrAdd(this.#names, attribute)}`;
  readonly value = (value: AttributeValue): string => `:v${indexOrAdd(this.#values, value)}`;

  attributes(): Pick<Update, 'ExpressionAttributeNames' | 'ExpressionAttributeValues'> {
    const values = this.#values.map((value, index) => [`:v${index}`, value]);
    return {
      ExpressionAttributeNames: Object.fromEntries(this.#names.map((name, index) => [`#a${index}`, name])),
      ...(values.length > 0 && { ExpressionAttributeValues: Object.fromEntries(values) }),
    };
  }
}

/** @returns the index of a value in a list; adds the value if it is missing */
function indexOrAdd<T>(list: T[], wanted: T): number {
  const found = list.findIndex((each) => isDeepStrictEqual(each, wanted));
  return found >= 0 ? found : list.push(wanted) - 1;
}
