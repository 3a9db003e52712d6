/**
 * Maps the JSON Schema of a question to the fields of a form, and what a user entered to the content of an answer. It covers
 * what MCP elicitation allows: texts with formats, numbers, booleans, choices and lists of choices.
 */

/** A field of a form, with what assistive technology and messages call it. */
export type Field = FieldBase &
  (
    | {
        readonly kind: 'text';
        readonly format?: 'email' | 'uri' | 'date' | 'date-time' | undefined;
        readonly minLength?: number | undefined;
        readonly maxLength?: number | undefined;
        readonly pattern?: string | undefined;
      }
    | {
        readonly kind: 'number';
        readonly whole: boolean;
        readonly minimum?: number | undefined;
        readonly maximum?: number | undefined;
        readonly above?: number | undefined;
        readonly below?: number | undefined;
        readonly multipleOf?: number | undefined;
      }
    | { readonly kind: 'choice'; readonly options: readonly Option[] }
    | {
        readonly kind: 'choices';
        readonly options: readonly Option[];
        readonly minItems?: number | undefined;
        readonly maxItems?: number | undefined;
      }
    /** A field that the form cannot show. */
    | { readonly kind: 'unsupported' }
  );

interface FieldBase {
  readonly name: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly required: boolean;
  /** What the field contains at first. */
  readonly initial?: Entry | undefined;
}

export interface Option {
  readonly value: string | number | boolean | null;
  readonly label: string;
}

/** What a user entered: text, or the indexes of the chosen options. */
export type Entry = string | readonly number[];
export type Entries = ReadonlyMap<string, Entry>;

export type Content = Readonly<Record<string, unknown>>;

/** An answer with the actions of MCP elicitation. */
export type Answer =
  | { readonly action: 'accept'; readonly content: Content }
  | { readonly action: 'decline' | 'cancel' };

/** The content of an answer, or the message for each invalid field. */
export type Reading = { readonly content: Content } | { readonly errors: ReadonlyMap<string, string> };

type Schema = Readonly<Record<string, unknown>>;

const FORMATS = ['email', 'uri', 'date', 'date-time'] as const;

const YES_NO: readonly Option[] = [
  { value: true, label: 'Yes' },
  { value: false, label: 'No' },
];

/** A hostile pattern takes long on a long text, which only the service checks. */
const MAX_PATTERN_TEXT = 1_000;

/** @param schema an object schema, as the service sent it */
export function fieldsOf(schema: unknown): readonly Field[] {
  const { properties, required } = asObject(schema);
  const names: readonly unknown[] = Array.isArray(required) ? required : [];
  return Object.entries(asObject(properties)).map(([name, property]) =>
    fieldOf(name, asObject(property), names.includes(name)),
  );
}

function fieldOf(name: string, schema: Schema, required: boolean): Field {
  const { title, description, default: initial } = schema;
  const base = {
    name,
    label: asText(title) || readable(name),
    hint: asText(description) || undefined,
    required,
  };
  const options = optionsOf(schema);
  if (options) return { ...base, kind: 'choice', options, initial: indexesOf(options, [initial]) };
  switch (schema.type) {
    case 'boolean':
      return { ...base, kind: 'choice', options: YES_NO, initial: indexesOf(YES_NO, [initial]) };
    case 'string':
      return {
        ...base,
        kind: 'text',
        format: FORMATS.find((format) => format === schema.format),
        minLength: asNumber(schema.minLength),
        maxLength: asNumber(schema.maxLength),
        pattern: asText(schema.pattern),
        initial: schema.format === 'date-time' ? localTime(initial) : asText(initial),
      };
    case 'number':
    case 'integer':
      return {
        ...base,
        kind: 'number',
        whole: schema.type === 'integer',
        minimum: asNumber(schema.minimum),
        maximum: asNumber(schema.maximum),
        above: asNumber(schema.exclusiveMinimum),
        below: asNumber(schema.exclusiveMaximum),
        multipleOf: asNumber(schema.multipleOf),
        initial: asNumber(initial)?.toString(),
      };
    case 'array': {
      const items = optionsOf(asObject(schema.items));
      if (!items) break;
      return {
        ...base,
        kind: 'choices',
        options: items,
        minItems: asNumber(schema.minItems),
        maxItems: asNumber(schema.maxItems),
        initial: indexesOf(items, Array.isArray(initial) ? initial : []),
      };
    }
  }
  return { ...base, kind: 'unsupported' };
}

/** Returns the choices of `enum` (with `enumNames`), `oneOf`, `anyOf` or `const`; undefined for a schema without choices. */
function optionsOf({
  enum: values,
  enumNames,
  oneOf,
  anyOf,
  const: only,
}: Schema): readonly Option[] | undefined {
  if (Array.isArray(values) && values.every(isScalar)) {
    const labels = Array.isArray(enumNames) ? enumNames : [];
    return values.map((value, index) => ({ value, label: asText(labels[index]) || String(value) }));
  }
  if (isScalar(only)) return [{ value: only, label: String(only) }];
  const titled = [oneOf, anyOf].find(Array.isArray)?.map(asObject);
  if (!titled?.every((one) => isScalar(one.const))) return undefined;
  return titled.map(({ const: value, title }) => ({
    value: value as Option['value'],
    label: asText(title) || String(value),
  }));
}

function indexesOf(options: readonly Option[], values: readonly unknown[]): readonly number[] {
  return options.flatMap(({ value }, index) => (values.includes(value) ? [index] : []));
}

/** Returns what the fields contain at first. */
export function initialEntries(fields: readonly Field[]): Entries {
  return new Map(
    fields.flatMap(({ name, initial }) => (initial === undefined ? [] : [[name, initial] as const])),
  );
}

/** Checks what a user entered. It omits an empty field that is not required. */
export function readEntries(fields: readonly Field[], entries: Entries): Reading {
  const content: [string, unknown][] = [];
  const errors = new Map<string, string>();
  for (const field of fields) {
    const read = readEntry(field, entries.get(field.name) ?? '');
    if ('error' in read) errors.set(field.name, read.error);
    else if (read.value !== undefined) content.push([field.name, read.value]);
  }
  return errors.size > 0 ? { errors } : { content: Object.fromEntries(content) };
}

type EntryReading = { readonly value: unknown } | { readonly error: string };

function readEntry(field: Field, entry: Entry): EntryReading {
  const { required } = field;
  if (field.kind === 'unsupported')
    return required
      ? { error: 'This form cannot show the field. Answer in the conversation.' }
      : { value: undefined };
  if (field.kind === 'choice') {
    const chosen = typeof entry === 'string' ? undefined : field.options[entry[0] ?? -1];
    if (chosen) return { value: chosen.value };
    return required ? { error: 'Choose one.' } : { value: undefined };
  }
  if (field.kind === 'choices') return readChoices(field, typeof entry === 'string' ? [] : entry);
  const text = typeof entry === 'string' ? entry : '';
  // Spaces count in a text, and not around a number, a date or an address.
  const given = field.kind === 'text' && !field.format ? text : text.trim();
  if (given === '') return required ? { error: 'Enter a value.' } : { value: undefined };
  return field.kind === 'number' ? readNumber(field, given) : readText(field, given);
}

function readChoices(field: Field & { kind: 'choices' }, chosen: readonly number[]): EntryReading {
  const { options, minItems = 0, maxItems = options.length, required } = field;
  // Nothing chosen is no answer, unless the question requires one.
  if (chosen.length === 0 && !required) return { value: undefined };
  if (chosen.length < minItems) return { error: `Choose at least ${minItems}.` };
  if (chosen.length > maxItems) return { error: `Choose at most ${maxItems}.` };
  return { value: options.flatMap(({ value }, index) => (chosen.includes(index) ? [value] : [])) };
}

function readNumber(field: Field & { kind: 'number' }, text: string): EntryReading {
  const value = Number(text);
  const { whole, minimum, maximum, above, below, multipleOf } = field;
  if (!Number.isFinite(value)) return { error: 'Enter a number.' };
  if (whole && !Number.isSafeInteger(value)) return { error: 'Enter a whole number.' };
  if (minimum !== undefined && value < minimum) return { error: `Enter ${minimum} or more.` };
  if (above !== undefined && value <= above) return { error: `Enter more than ${above}.` };
  if (maximum !== undefined && value > maximum) return { error: `Enter ${maximum} or less.` };
  if (below !== undefined && value >= below) return { error: `Enter less than ${below}.` };
  // Exact for decimal steps such as 0.1.
  if (multipleOf && Math.abs(value / multipleOf - Math.round(value / multipleOf)) > 1e-9)
    return { error: `Enter a multiple of ${multipleOf}.` };
  return { value };
}

function readText(field: Field & { kind: 'text' }, text: string): EntryReading {
  const { format, minLength = 0, maxLength = Infinity, pattern } = field;
  if (text.length < minLength) return { error: `Enter at least ${minLength} characters.` };
  if (text.length > maxLength)
    return { error: `Enter at most ${maxLength} characters; these are ${text.length}.` };
  // The pattern of a format says less than its message.
  if (pattern && !format && !matches(pattern, text))
    return { error: `Enter a value that matches ${pattern}.` };
  switch (format) {
    case 'email':
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text)
        ? { value: text }
        : { error: 'Enter an e-mail address, such as name@example.com.' };
    case 'uri':
      return URL.canParse(text)
        ? { value: text }
        : { error: 'Enter a whole address, such as https://example.com/.' };
    case 'date':
      return isDate(text) ? { value: text } : { error: 'Enter a date, such as 2026-01-31.' };
    case 'date-time': {
      const time = Date.parse(text);
      return Number.isNaN(time)
        ? { error: 'Enter a date and a time, such as 2026-01-31T12:00.' }
        : { value: new Date(time).toISOString() };
    }
    default:
      return { value: text };
  }
}

function matches(pattern: string, text: string): boolean {
  if (text.length > MAX_PATTERN_TEXT) return true;
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    // The service checks the answer too.
    return true;
  }
}

/** Returns a time as the input for dates and times has it: local, to the minute. */
function localTime(value: unknown): string | undefined {
  const time = typeof value === 'string' ? Date.parse(value) : NaN;
  if (Number.isNaN(time)) return undefined;
  const zoneMs = new Date(time).getTimezoneOffset() * 60_000;
  return new Date(time - zoneMs).toISOString().slice(0, 16);
}

function isDate(text: string): boolean {
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text) && text.length === 10;
}

/** Returns a name in words: `target_region` as "Target region". */
export function readable(name: string): string {
  const words = name.replace(/[_-]+/g, ' ').trim();
  return words === '' ? name : words[0]?.toUpperCase() + words.slice(1);
}

function asObject(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {};
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function isScalar(value: unknown): value is Option['value'] {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
