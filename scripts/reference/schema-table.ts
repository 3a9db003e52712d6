/** Writes JSON Schemas as tables that people can read. */
import type { JsonSchema } from './json-schema.ts';
import { code, table } from './markdown.ts';

interface TableOptions {
  /** Header of the first column. @default Property */
  readonly name?: string;
  /** Texts for properties without a description, by path. @default none */
  readonly meanings?: Readonly<Record<string, string>>;
}

/** Returns a row for each property, also for those of nested objects: `job_options.callback_url`. */
export function schemaTable(
  schema: JsonSchema,
  { name = 'Property', meanings = {} }: TableOptions = {},
): string {
  const rows = rowsOf(schema, '').map(([path = '', type = '', required = '', meaning = '']) => [
    path,
    type,
    required,
    meaning || (meanings[path.replaceAll('`', '')] ?? ''),
  ]);
  if (rows.length === 0) return 'None.';
  return table([name, 'Type', 'Required', 'Meaning'], rows);
}

function rowsOf(schema: JsonSchema, path: string): string[][] {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const required = (schema.required ?? []) as readonly string[];
  return properties.flatMap(([name, property]) => {
    const at = `${path}${name}`;
    const row = [code(at), typeOf(property), required.includes(name) ? 'yes' : 'no', meaningOf(property)];
    return [row, ...rowsOf(nested(property), nestedPath(property, at))];
  });
}

function nested(schema: JsonSchema): JsonSchema {
  return schema.type === 'array' ? ((schema.items ?? {}) as JsonSchema) : schema;
}

function nestedPath(schema: JsonSchema, at: string): string {
  return schema.type === 'array' ? `${at}[].` : `${at}.`;
}

/** Returns the type with its values and limits. */
function typeOf(schema: JsonSchema): string {
  const { type, $ref, const: only, format, items } = schema;
  if (typeof $ref === 'string') return $ref.slice($ref.lastIndexOf('/') + 1);
  if (only !== undefined) return code(JSON.stringify(only));
  const values = schema.enum as readonly unknown[] | undefined;
  if (values) return values.map((value) => code(String(value))).join(', ');
  const choices = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
  if (choices) return [...new Set(choices.map(typeOf))].join(' or ');
  if (type === 'array') return `list of ${typeOf((items ?? {}) as JsonSchema)}`;
  const names = Array.isArray(type) ? type.join(' or ') : ((type as string | undefined) ?? 'any JSON');
  return [names, ...(format ? [`(${format})`] : []), ...limits(schema)].join(' ');
}

function limits({ minimum, maximum, minLength, maxLength }: JsonSchema): readonly string[] {
  if (minimum !== undefined && maximum !== undefined) return [`from ${minimum} to ${maximum}`];
  if (minimum !== undefined) return [`from ${minimum}`];
  if (maximum !== undefined) return [`up to ${maximum}`];
  if (maxLength !== undefined) return [`up to ${maxLength} characters`];
  return minLength !== undefined && Number(minLength) > 1 ? [`from ${minLength} characters`] : [];
}

function meaningOf({ description, default: value }: JsonSchema): string {
  const text = typeof description === 'string' ? description : '';
  return value === undefined ? text : `${text} Default: ${code(JSON.stringify(value))}.`.trim();
}
