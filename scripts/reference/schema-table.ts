/** Writes JSON Schemas as tables that people can read. */
import type { JsonSchema } from './json-schema.ts';
import { code, formatNumber, joinWithOr, table } from './markdown.ts';

/** Texts for the schemas of one page. */
export interface SchemaTexts {
  /** Returns the text of a reference to the schema of this name, such as a link. @default the name */
  readonly reference?: (name: string) => string;
  /** Returns the description of the schema of this name, for properties without their own. @default none */
  readonly description?: (name: string) => string | undefined;
}

interface TableOptions extends SchemaTexts {
  /** Header of the first column. @default Property */
  readonly name?: string;
  /** Returns the meaning of the property at a path. @default its description */
  readonly meaning?: (path: string, description: string) => string;
  /** What the service returns: a property is always there or not, instead of required or not. @default false */
  readonly isResponse?: boolean;
}

/** Returns a row for each property, also for those of nested objects: `job_options.callback_url`. */
export function schemaTable(schema: JsonSchema, options: TableOptions = {}): string {
  const { name = 'Property', meaning = (_, text) => text, isResponse = false } = options;
  const rows = rowsOf(schema, '', options).map(([path = '', type = '', required = '', text = '']) => [
    code(path),
    type,
    required,
    meaning(path, text),
  ]);
  if (rows.length === 0) return 'None.';
  return table([name, 'Type', isResponse ? 'Always' : 'Required', 'Meaning'], rows);
}

function rowsOf(schema: JsonSchema, path: string, texts: SchemaTexts): string[][] {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const required = (schema.required ?? []) as readonly string[];
  const rows = properties.flatMap(([name, property]) => {
    const at = `${path}${name}`;
    const row = [
      at,
      typeOf(property, texts),
      required.includes(name) ? 'yes' : 'no',
      meaningOf(property, texts),
    ];
    return [row, ...rowsOf(nested(property), nestedPath(property, at), texts)];
  });
  return [...rows, ...otherRows(schema, path, texts)];
}

/** Returns a row for the properties whose names the schema does not know. */
function otherRows({ properties, additionalProperties }: JsonSchema, path: string, texts: SchemaTexts) {
  if (properties === undefined || !isSchema(additionalProperties)) return [];
  const row = [
    `${path}<name>`,
    typeOf(additionalProperties, texts),
    'no',
    meaningOf(additionalProperties, texts),
  ];
  return [row];
}

/** Returns the schema of the values in a list or a map. */
function nested(schema: JsonSchema): JsonSchema {
  if (schema.type === 'array') return (schema.items ?? {}) as JsonSchema;
  return isMap(schema) ? schema.additionalProperties : schema;
}

function nestedPath(schema: JsonSchema, at: string): string {
  if (schema.type === 'array') return `${at}[].`;
  return isMap(schema) ? `${at}.<key>.` : `${at}.`;
}

function isMap(schema: JsonSchema): schema is JsonSchema & { additionalProperties: JsonSchema } {
  return schema.type === 'object' && schema.properties === undefined && isSchema(schema.additionalProperties);
}

/** Returns the type with its values and limits. */
export function typeOf(schema: JsonSchema, texts: SchemaTexts = {}): string {
  const { type, $ref, const: only, format, items } = schema;
  if (typeof $ref === 'string') return (texts.reference ?? String)(nameOf($ref));
  if (only !== undefined) return code(JSON.stringify(only));
  const values = schema.enum as readonly unknown[] | undefined;
  if (values) return joinWithOr(values.map((value) => code(String(value))));
  const alternatives = (schema.anyOf ?? schema.oneOf) as readonly JsonSchema[] | undefined;
  if (alternatives && type !== 'object') {
    return joinWithOr([...new Set(alternatives.map((each) => typeOf(each, texts)))]);
  }
  if (type === 'array') {
    const size = limits(schema).map((range) => `(${range} items)`);
    return [`list of ${typeOf((items ?? {}) as JsonSchema, texts)}`, ...size].join(' ');
  }
  if (isMap(schema)) return `map of ${typeOf(schema.additionalProperties, texts)}`;
  const names = Array.isArray(type) ? joinWithOr(type) : ((type as string | undefined) ?? 'any JSON');
  return [names, ...(format ? [`(${format})`] : []), ...limits(schema)].join(' ');
}

/** @returns undefined for a schema that is not a reference */
export function referenceOf({ $ref }: JsonSchema): string | undefined {
  return typeof $ref === 'string' ? nameOf($ref) : undefined;
}

function nameOf(reference: string): string {
  return reference.slice(reference.lastIndexOf('/') + 1);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function limits(schema: JsonSchema): readonly string[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema;
  if (minimum !== undefined || maximum !== undefined) return [range(minimum, maximum, '')];
  if (maxItems !== undefined) return [range(minItems, maxItems, '')];
  if (maxLength !== undefined) return [range(undefined, maxLength, ' characters')];
  return minLength !== undefined && Number(minLength) > 1 ? [range(minLength, undefined, ' characters')] : [];
}

function range(from: unknown, to: unknown, unit: string): string {
  if (to === undefined) return `from ${formatNumber(from)}${unit}`;
  return `${from === undefined ? 'up to' : `${formatNumber(from)} to`} ${formatNumber(to)}${unit}`;
}

/** Returns the description with the default, or the description of the schema that is referenced. */
export function meaningOf(schema: JsonSchema, texts: SchemaTexts = {}): string {
  const name = referenceOf(schema) ?? referenceOf(nested(schema));
  const text = schema.description ?? (name && texts.description?.(name)) ?? '';
  return schema.default === undefined
    ? String(text)
    : `${text} Default: ${code(JSON.stringify(schema.default))}.`.trim();
}
