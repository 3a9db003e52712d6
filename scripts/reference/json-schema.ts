/** Converts zod schemas to JSON Schema (2020-12), and collects the schemas that have an id. */
import * as z from 'zod';

export type JsonSchema = Record<string, unknown>;

/** Start of the name that zod gives `z.json()`, the only recursive schema: any JSON. */
const ANY_JSON = '__schema';

/** Named schemas of one document. */
export class SchemaCollection {
  readonly #named = new Map<string, JsonSchema>();
  readonly #prefix: string;

  /** @param prefix of the references, such as `#/components/schemas/` */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** The schemas with an id, in the order of their names. */
  get named(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /**
   * @param io `input`: what a caller sends. `output`: what the schema returns, such as the number of a query parameter.
   * @returns the schema, empty for a transform without a schema of its result, with references to the schemas that have an id
   */
  convert(schema: z.ZodType, io: 'input' | 'output' = 'output'): JsonSchema {
    // A schema with an id becomes a reference only inside another one.
    const { $defs, properties } = z.toJSONSchema(z.object({ schema }), { io, unrepresentable: 'any' });
    for (const [name, named] of Object.entries($defs ?? {})) {
      if (name.startsWith(ANY_JSON)) continue;
      const { id: _, ...rest } = named as JsonSchema;
      this.#named.set(name, this.#tidy(rest) as JsonSchema);
    }
    return this.#tidy(properties?.schema) as JsonSchema;
  }

  /** Rewrites references, and drops what a format already says. */
  #tidy(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((each) => this.#tidy(each));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, inner]) => {
        if (key === '$ref' && String(inner).startsWith(`#/$defs/${ANY_JSON}`)) return [];
        if (key === '$ref') return [[key, String(inner).replace('#/$defs/', this.#prefix)]];
        if (isSafeInteger(key, inner)) return [];
        if (key === 'pattern' && Object.hasOwn(value, 'format')) return [];
        if (key === 'propertyNames' && JSON.stringify(inner) === '{"type":"string"}') return [];
        return [[key, this.#tidy(inner)]];
      }),
    );
  }
}

/** The bounds of every integer of zod. */
function isSafeInteger(key: string, value: unknown): boolean {
  return (
    (key === 'maximum' && value === Number.MAX_SAFE_INTEGER) ||
    (key === 'minimum' && value === Number.MIN_SAFE_INTEGER)
  );
}
