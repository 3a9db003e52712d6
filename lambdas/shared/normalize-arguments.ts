/** Converts arguments of models and their hosts to the form that a schema accepts: null, "", "30" and JSON in a string. */
import * as z from 'zod';

/** Properties in properties, and JSON in JSON. */
const MAX_DEPTH = 8;
/** Values to convert. With the characters, it bounds the time: no operation has so many arguments. */
const MAX_VALUES = 2_000;
/** Characters of all arguments as JSON: twice the longest input of an operation. */
const MAX_CHARACTERS = 128 * 1024;

const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

type Schema = z.core.$ZodType;
type JsonObject = Readonly<Record<string, unknown>>;
interface Budget {
  values: number;
}

/**
 * Returns the arguments in the form that a schema accepts, where that form is beyond doubt. A value that the schema accepts
 * stays as it is, and so does one that cannot be converted: the schema then reports it.
 * - null, "", "null", [] and {} are left out where a property is optional
 * - "30" and "30.0" become numbers, "true" and "false" booleans
 * - JSON in a string becomes an object or an array
 * - a single value becomes an array of one, where a property is an array
 *
 * An entry of a record (`z.record`) is never left out: its caller named it.
 */
export function normalizeArguments(schema: Schema, value: unknown): unknown {
  try {
    const isShort = (JSON.stringify(value) ?? '').length <= MAX_CHARACTERS;
    return isShort ? normalize(schema, value, MAX_DEPTH, { values: MAX_VALUES }) : value;
  } catch (error) {
    // The value, or JSON in a text, is too deep for the stack.
    if (error instanceof RangeError) return value;
    throw error;
  }
}

function normalize(schema: Schema, value: unknown, depth: number, budget: Budget): unknown {
  budget.values -= 1;
  if (depth < 0 || budget.values < 0 || accepts(schema, value)) return value;
  const inner = innerOf(schema);
  const each = (part: Schema, given: unknown) => normalize(part, given, depth - 1, budget);
  switch (inner.def.type) {
    case 'number':
      return toNumber(value);
    case 'boolean':
      return toBoolean(value);
    case 'object':
      return normalizeObject(inner.def as z.core.$ZodObjectDef, value, each);
    case 'record': {
      const { valueType } = inner.def as z.core.$ZodRecordDef;
      const object = fromJson(value, isObject);
      return object
        ? Object.fromEntries(Object.entries(object).map(([name, given]) => [name, each(valueType, given)]))
        : value;
    }
    case 'array': {
      const { element } = inner.def as z.core.$ZodArrayDef;
      return fromJson(value, Array.isArray)?.map((given: unknown) => each(element, given)) ?? value;
    }
    case 'union': {
      for (const option of (inner.def as z.core.$ZodUnionDef).options) {
        const candidate = each(option, value);
        if (accepts(schema, candidate)) return candidate;
      }
      return value;
    }
    default:
      return value;
  }
}

function normalizeObject(
  { shape, catchall }: z.core.$ZodObjectDef,
  value: unknown,
  each: (schema: Schema, given: unknown) => unknown,
): unknown {
  const object = fromJson(value, isObject);
  if (!object) return value;
  const isStrict = catchall?._zod.def.type === 'never';
  const entries = Object.entries(object).flatMap(([name, given]): [string, unknown][] => {
    const property = Object.hasOwn(shape, name) ? shape[name] : undefined;
    // Hosts that flatten alternatives send null for the properties of the others.
    if (!property) return isStrict && given === null ? [] : [[name, given]];
    const normal = inList(property, each(property, given), each);
    return isEmpty(normal) && accepts(property, undefined) && !accepts(property, normal)
      ? []
      : [[name, normal]];
  });
  return Object.fromEntries(entries);
}

/** Returns the array of a single value, when a property is an array of such values. */
function inList(
  property: Schema,
  value: unknown,
  each: (schema: Schema, given: unknown) => unknown,
): unknown {
  const { def } = innerOf(property);
  if (def.type !== 'array' || Array.isArray(value) || isEmpty(value)) return value;
  const list = [each((def as z.core.$ZodArrayDef).element, value)];
  return accepts(property, list) ? list : value;
}

/** Returns the schema inside of wrappers such as `optional` and `default`, and the input side of a pipe. */
function innerOf(schema: Schema): { readonly def: z.core.$ZodTypeDef } {
  let { def } = schema._zod;
  // A lazy schema may refer to itself.
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const { innerType, in: input, getter } = def as Partial<WrapperDef>;
    const next = innerType ?? input ?? getter?.();
    if (!next) break;
    def = next._zod.def;
  }
  return { def };
}

interface WrapperDef extends z.core.$ZodTypeDef {
  readonly innerType: Schema;
  readonly in: Schema;
  readonly getter: () => Schema;
}

function accepts(schema: Schema, value: unknown): boolean {
  return z.safeParse(schema, value).success;
}

function toNumber(value: unknown): unknown {
  const number = typeof value === 'string' && NUMBER.test(value.trim()) ? Number(value) : value;
  // JSON has numbers that are too large for JavaScript, such as 1e999.
  return number === Infinity || number === -Infinity ? Math.sign(number) * Number.MAX_VALUE : number;
}

function toBoolean(value: unknown): unknown {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : undefined;
  return text === 'true' || text === 'false' ? text === 'true' : value;
}

/** Returns the value, or the value of its JSON, when it is of the type; else undefined. */
function fromJson<T>(value: unknown, isOfType: (value: unknown) => value is T): T | undefined {
  if (isOfType(value)) return value;
  if (typeof value !== 'string') return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return isOfType(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether a value says nothing. */
function isEmpty(value: unknown): boolean {
  if (typeof value === 'string') return value === '' || value === 'null';
  return value === null || (typeof value === 'object' && Object.keys(value as object).length === 0);
}
