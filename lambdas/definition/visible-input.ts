/** Hides the secrets of an input: the properties whose schema says `writeOnly` or has the format `password`. */
import type { Json } from '../shared/json.ts';
import type { OperationDefinition } from './operation-definition.ts';
import { toolSchema } from './tool-schema.ts';

export const HIDDEN = '(hidden)';

type Schema = Readonly<Record<string, unknown>>;

/**
 * @param operation undefined for a removed one, whose secrets are unknown
 * @returns the input with its secrets replaced; undefined when the operation is unknown
 */
export function visibleInput(operation: OperationDefinition | undefined, input: Json): Json | undefined {
  return operation && hide(input, toolSchema(operation.input, 'input').schema);
}

function hide(value: Json, schema: unknown): Json {
  if (typeof schema !== 'object' || schema === null) return value;
  const { writeOnly, format, properties, additionalProperties, items, ...rest } = schema as Schema;
  if (writeOnly === true || format === 'password') return HIDDEN;
  let shown = value;
  for (const list of [rest.allOf, rest.anyOf, rest.oneOf]) {
    if (Array.isArray(list)) for (const part of list) shown = hide(shown, part);
  }
  if (Array.isArray(shown)) {
    return shown.map((one, index) => hide(one, Array.isArray(items) ? items[index] : items));
  }
  if (typeof shown !== 'object' || shown === null) return shown;
  const named = (properties ?? {}) as Schema;
  return Object.fromEntries(
    Object.entries(shown).map(([name, one]) => [
      name,
      hide(one, Object.hasOwn(named, name) ? named[name] : additionalProperties),
    ]),
  );
}
