/** What a migration does to one item: decided from the item, and done only if the item is still so. */
import { isDeepStrictEqual } from 'node:util';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { MigrateInput } from './operation.ts';

export type Item = Readonly<Record<string, AttributeValue>>;

/** `update` is one conditional write. */
export type Decision =
  | { readonly kind: 'unmatched' | 'already' | 'conflict' }
  | { readonly kind: 'update'; readonly update: Update };

export interface Update {
  readonly UpdateExpression: string;
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

/** Every attribute that a change looks at. */
export function attributesOf({ set, remove, rename, where }: MigrateInput): string[] {
  return [...Object.keys(set), ...remove, ...Object.entries(rename).flat(), ...Object.keys(where)];
}

/** @param key the name of the partition key: an item that was deleted meanwhile is not made anew */
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

/** Names and values go beside the expression: nothing that a caller writes is ever read as one. */
class Expression {
  readonly #names: string[] = [];
  readonly #values: AttributeValue[] = [];

  readonly name = (attribute: string): string => `#a${placeOf(this.#names, attribute)}`;
  readonly value = (value: AttributeValue): string => `:v${placeOf(this.#values, value)}`;

  attributes(): Pick<Update, 'ExpressionAttributeNames' | 'ExpressionAttributeValues'> {
    const values = this.#values.map((value, index) => [`:v${index}`, value]);
    return {
      ExpressionAttributeNames: Object.fromEntries(this.#names.map((name, index) => [`#a${index}`, name])),
      ...(values.length > 0 && { ExpressionAttributeValues: Object.fromEntries(values) }),
    };
  }
}

/** Where a list has something, put there if need be. */
function placeOf<T>(list: T[], wanted: T): number {
  const found = list.findIndex((each) => isDeepStrictEqual(each, wanted));
  return found >= 0 ? found : list.push(wanted) - 1;
}
