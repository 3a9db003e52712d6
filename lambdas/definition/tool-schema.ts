/**
 * Converts Zod schemas to JSON Schema that every client compiles: without `$ref`, recursion and unportable patterns. Clients of
 * 2025 read it as draft 7, clients of 2026 as 2020-12, and it is valid as both.
 */
import * as z from 'zod';
import { unportablePart } from './portable-pattern.ts';

type JsonSchema = z.core.JSONSchema.JSONSchema;
type Subschema = JsonSchema | boolean;

export interface ToolSchema {
  readonly schema: JsonSchema;
  /** What the schema leaves out, with the remedy, for its author. The engine validates it all the same. */
  readonly warnings: readonly string[];
}

/** @throws Error for a Zod type that has no JSON Schema */
export function toolSchema(type: z.ZodType, io: 'input' | 'output'): ToolSchema {
  const flagged = new Set<string>();
  const {
    $schema: _,
    definitions = {},
    ...root
  } = z.toJSONSchema(type, {
    io,
    target: 'draft-7',
    override: ({ zodSchema }) => {
      for (const pattern of patternsOf(zodSchema))
        if (/[imsv]/.test(pattern.flags)) flagged.add(pattern.source);
    },
  });
  const definitionsByRef = Object.entries(definitions as Readonly<Record<string, JsonSchema>>).map(
    ([name, one]) => [`#/definitions/${name}`, one],
  );
  const refs = { '#': root, ...Object.fromEntries(definitionsByRef) };
  const conversion = new Conversion(refs, flagged);
  const schema = conversion.convert(root, io, ['#']);
  return { schema: typeof schema === 'boolean' ? {} : schema, warnings: [...conversion.warnings] };
}

/** Returns the regular expressions of a schema and its checks. */
function patternsOf(type: z.core.$ZodType): readonly RegExp[] {
  return [type, ...(type._zod.def.checks ?? [])].flatMap(({ _zod: { def } }) =>
    'pattern' in def && def.pattern instanceof RegExp ? [def.pattern] : [],
  );
}

/** Keywords with one schema, a list of schemas, and schemas by name. Other keywords have data, which is copied. */
const ONE = [
  'additionalItems',
  'additionalProperties',
  'contains',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
];
const LISTS = ['allOf', 'anyOf', 'items', 'oneOf'];
const MAPS = ['patternProperties', 'properties'];

class Conversion {
  readonly warnings = new Set<string>();
  readonly #refs: Readonly<Record<string, Subschema>>;
  /** Sources of the patterns that have flags, which JSON Schema cannot say. */
  readonly #flagged: ReadonlySet<string>;

  constructor(refs: Readonly<Record<string, Subschema>>, flagged: ReadonlySet<string>) {
    this.#refs = refs;
    this.#flagged = flagged;
  }

  /**
   * @param path for warnings, such as `input.range.start`
   * @param open the references that lead here
   */
  convert(schema: Subschema, path: string, open: readonly string[]): Subschema {
    if (typeof schema === 'boolean') return schema;
    const { $ref, ...own } = schema;
    if ($ref !== undefined) return this.#resolve($ref, own, path, open);
    const converted: Record<string, unknown> = {};
    for (const [keyword, value] of Object.entries(own)) {
      if (keyword === 'pattern') {
        if (this.#accepts(String(value), path, own.format !== undefined)) converted[keyword] = value;
      } else if (MAPS.includes(keyword)) {
        const entries = Object.entries(value as Record<string, Subschema>).filter(
          ([name]) => keyword === 'properties' || this.#accepts(name, path, false),
        );
        converted[keyword] = Object.fromEntries(
          entries.map(([name, one]) => [name, this.convert(one, `${path}.${name}`, open)]),
        );
      } else if (LISTS.includes(keyword) && Array.isArray(value)) {
        converted[keyword] = value.map((one) => this.convert(one, path, open));
      } else if (ONE.includes(keyword)) {
        converted[keyword] = this.convert(value as Subschema, path, open);
      } else converted[keyword] = value;
    }
    return simplify(converted as JsonSchema);
  }

  #resolve(ref: string, own: JsonSchema, path: string, open: readonly string[]): Subschema {
    const target = this.#refs[ref] ?? true;
    if (isAnyJson(target, ref)) return own;
    if (!open.includes(ref)) {
      const inlined = this.convert(target, path, [...open, ref]);
      return typeof inlined === 'boolean' ? own : { ...inlined, ...own };
    }
    this.warnings.add(
      `${path} is recursive, and clients see any JSON there. Describe it with .describe(), or use z.json().`,
    );
    return own;
  }

  /** @param hasFormat the format of Zod also says what the pattern does */
  #accepts(source: string, path: string, hasFormat: boolean): boolean {
    const reason = this.#flagged.has(source) ? 'a flag' : unportablePart(source);
    if (reason !== undefined && !hasFormat) {
      this.warnings.add(
        `${path} has the pattern ${source} with ${reason}, which clients of other languages refuse: they do not see the pattern. Write it without, or describe it with .describe().`,
      );
    }
    return reason === undefined;
  }
}

/** Whether a definition is that of `z.json()`. */
function isAnyJson(schema: Subschema, ref: string): boolean {
  if (typeof schema === 'boolean' || schema.anyOf?.length !== 6) return false;
  const types = schema.anyOf.map((one) => (typeof one === 'boolean' ? undefined : one.type));
  return types.join() === 'string,number,boolean,null,array,object' && JSON.stringify(schema).includes(ref);
}

/**
 * Removes what says nothing: defaults and bounds that hold anyway, and parts of `allOf` that repeat or stand alone. The engine
 * takes an empty text of an optional argument as absent, so clients must not refuse it.
 */
function simplify({ allOf = [], ...schema }: JsonSchema): JsonSchema {
  const own = Object.fromEntries(
    Object.entries(schema).filter(
      ([keyword, value]) =>
        !SAYS_NOTHING.has(`${keyword} ${JSON.stringify(value)}`) &&
        !(keyword === 'maxLength' && Number(value) >= LONG_TEXT) &&
        // Some hosts refuse the keyword. Names of a certain length are worth no trouble.
        !(keyword === 'propertyNames' && Object.keys(value as object).every((key) => LENGTH.includes(key))),
    ),
  ) as JsonSchema;
  const parts = allOf.filter(
    (part) =>
      typeof part === 'boolean' ||
      Object.entries(part).some(([keyword, value]) => !isSame(own[keyword], value)),
  );
  const [part] = parts;
  if (part === undefined) return own;
  if (parts.length > 1 || typeof part === 'boolean') return { ...own, allOf: parts };
  const fits = Object.entries(part).every(
    ([keyword, value]) =>
      own[keyword] === undefined || keyword === 'description' || isSame(own[keyword], value),
  );
  return fits ? { ...part, ...own } : { ...own, allOf: parts };
}

/** Characters. The engine validates a longer limit, which no model reaches: it would only cost tokens. */
const LONG_TEXT = 255;
const LENGTH = ['type', 'minLength', 'maxLength'];
const SAYS_NOTHING: ReadonlySet<string> = new Set([
  `minimum ${Number.MIN_SAFE_INTEGER}`,
  `maximum ${Number.MAX_SAFE_INTEGER}`,
  'default {}',
  'minLength 1',
  'default []',
  'additionalProperties {}',
  'patternProperties {}',
]);

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
