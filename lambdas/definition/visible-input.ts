/**
 * Hides the secrets of an input: the properties whose schema says `writeOnly` or has the format `password`. In a schema with
 * secrets, what no part of it describes is hidden too.
 */
import * as z from 'zod';
import type { Json } from '../shared/json.ts';
import type { OperationDefinition } from './operation-definition.ts';

export const HIDDEN = '(hidden)';

type Schema = Readonly<Record<string, unknown>>;

/** A part of a JSON Schema, with the whole, which has the definitions. */
interface Part {
  readonly schema: Schema;
  readonly root: Schema;
}

/** Levels of an input that are shown. A recursive schema has no limit of its own. */
const MAX_DEPTH = 50;
const DEFINITIONS = '#/$defs/';

/**
 * @param operation undefined for a removed one, whose secrets are unknown
 * @returns the input with its secrets replaced; undefined when the operation is unknown
 */
export function visibleInput(operation: OperationDefinition | undefined, input: Json): Json | undefined {
  if (!operation) return undefined;
  // A record has the input as the schema has parsed it. The marks can be on either side of a pipe.
  const parts = (['input', 'output'] as const).map((io) => {
    const root = z.toJSONSchema(operation.input, { io, unrepresentable: 'any' }) as Schema;
    return { schema: root, root };
  });
  return parts.some(({ root }) => hasSecrets(root)) ? hide(input, parts, 0) : input;
}

function hide(value: Json, outer: readonly Part[], depth: number): Json {
  const parts = expand(outer);
  if (depth > MAX_DEPTH || !parts.some(({ schema }) => describes(schema, value))) return HIDDEN;
  if (parts.some(({ schema }) => isSecret(schema))) return HIDDEN;
  const inner = (child: Json, schemasOf: (schema: Schema) => readonly unknown[]) =>
    hide(
      child,
      parts.flatMap(({ schema, root }) => schemasOf(schema).map((one) => ({ schema: Object(one), root }))),
      depth + 1,
    );
  if (Array.isArray(value)) return value.map((one, index) => inner(one, (schema) => [itemOf(schema, index)]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, inner(one, (schema) => propertiesOf(schema, name))]),
  );
}

/** @returns the parts with all that they refer to and combine, each once */
function expand(outer: readonly Part[]): readonly Part[] {
  const found = new Map<Schema, Part>();
  const add = ({ schema, root }: Part): void => {
    if (found.has(schema)) return;
    found.set(schema, { schema, root });
    const { $ref, allOf, anyOf, oneOf } = schema;
    for (const one of [referred($ref, root), ...[allOf, anyOf, oneOf].flat()]) {
      if (typeof one === 'object' && one !== null) add({ schema: one as Schema, root });
    }
  };
  for (const part of outer) add(part);
  return [...found.values()];
}

function referred(ref: unknown, root: Schema): unknown {
  if (ref === '#') return root;
  if (typeof ref !== 'string' || !ref.startsWith(DEFINITIONS)) return undefined;
  const name = ref.slice(DEFINITIONS.length).replaceAll('~1', '/').replaceAll('~0', '~');
  const definitions = Object(root.$defs);
  return Object.hasOwn(definitions, name) ? definitions[name] : undefined;
}

function describes(schema: Schema, value: Json): boolean {
  if (isSecret(schema)) return true;
  const { type, enum: values } = schema;
  if (Array.isArray(values)) return values.includes(value);
  const types = [type].flat();
  if (value === null) return types.includes('null');
  if (Array.isArray(value)) return types.includes('array');
  return types.includes(typeof value) || (typeof value === 'number' && types.includes('integer'));
}

function isSecret({ writeOnly, format }: Schema): boolean {
  return writeOnly === true || format === 'password';
}

function hasSecrets(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isSecret(value as Schema) || Object.values(value).some(hasSecrets);
}

function itemOf({ prefixItems, items }: Schema, index: number): unknown {
  const first = Array.isArray(prefixItems) ? prefixItems : [];
  return index < first.length ? first[index] : items;
}

/** Each pattern counts for each name: JSON Schema loses the flags of a pattern. */
function propertiesOf(schema: Schema, name: string): readonly unknown[] {
  const { properties, patternProperties, additionalProperties } = schema;
  const named = Object(properties);
  if (Object.hasOwn(named, name)) return [named[name]];
  return [...Object.values(Object(patternProperties)), additionalProperties];
}
