/** Decides how a migration changes one item, and builds the conditional write. */
import { isDeepStrictEqual } from 'node:util';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
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
  const held = valuesOf(where);
  // Attributes can have the names of inherited properties, such as `constructor`.
  const has = (attribute: string) => Object.hasOwn(item, attribute);
  const holds = ([attribute, is]: NamedValue) => has(attribute) && isEqual(item[attribute], is);
  if (!held.every(holds)) return { kind: 'unmatched' };
  const renames = Object.entries(rename).filter(([from]) => has(from));
  if (renames.some(([, to]) => has(to))) return { kind: 'conflict' };
  const sets = valuesOf(set).filter((wanted) => !holds(wanted));
  const removes = remove.filter(has);
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
    ...held.map(([attribute, is]) => `${name(attribute)} = ${value(is)}`),
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

type NamedValue = readonly [attribute: string, value: AttributeValue];

function valuesOf(values: MigrateInput['set']): NamedValue[] {
  return Object.entries(values).map(([attribute, value]) => [attribute, toAttributeValue(value)]);
}

function toAttributeValue(value: string | number | boolean): AttributeValue {
  if (typeof value === 'string') return { S: value };
  return typeof value === 'number' ? { N: String(value) } : { BOOL: value };
}

/** DynamoDB compares numbers by value: 1e-7 equals 0.0000001. */
function isEqual(a: AttributeValue | undefined, b: AttributeValue): boolean {
  return a?.N !== undefined && b.N !== undefined ? decimal(a.N) === decimal(b.N) : isDeepStrictEqual(a, b);
}

/** @returns the same text for every notation of a decimal number of up to 38 digits, such as `-12e-3` */
function decimal(text: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${sign.replace('+', '')}${significant}e${power}`;
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
