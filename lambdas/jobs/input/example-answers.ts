/** Makes examples of answers from the questions that a job asks, for error messages. */
import type { Json } from '../../shared/json.ts';
import { type FormRequest, type InputRequest, isUpload, isUrl } from '../job.ts';

type Field = { readonly [keyword: string]: Json };

const TEXTS: Readonly<Record<string, string>> = {
  date: '2026-01-31',
  'date-time': '2026-01-31T12:00:00Z',
  email: 'user@example.com',
  uri: 'https://example.com/',
};

/** @returns content with the required fields of a form, or else its first one */
export function exampleContent({ schema }: FormRequest): Record<string, Json> {
  const fields = Object.entries((schema.properties ?? {}) as Readonly<Record<string, Field>>);
  const required = (schema.required ?? []) as readonly string[];
  const shown = fields.filter(([name]) => required.includes(name));
  return Object.fromEntries(
    (shown.length > 0 ? shown : fields.slice(0, 1)).map(([name, field]) => [name, exampleValue(field)]),
  );
}

/** @returns `answers` of answer_job and of the HTTP API, as JSON; undefined when only a file can answer */
export function exampleAnswers(open: readonly (readonly [string, InputRequest])[]): string | undefined {
  const answers = open.flatMap(([key, request]) => {
    if (isUpload(request)) return [];
    const content = isUrl(request) ? {} : { content: exampleContent(request) };
    return [[key, { action: 'accept', ...content }]];
  });
  return answers.length > 0 ? JSON.stringify(Object.fromEntries(answers)) : undefined;
}

/** A caller that copies an example should approve nothing: a boolean is false, and a choice the last one. */
function exampleValue(field: Field): Json {
  const { type, format, minimum, exclusiveMinimum, maximum, minLength, const: only } = field;
  const choices = field.enum as readonly Json[] | undefined;
  if (only !== undefined) return only;
  if (choices) return choices.at(-1) ?? null;
  if (type === 'boolean') return false;
  if (type === 'string')
    return TEXTS[String(format)] ?? 'text'.padEnd(Math.min(Number(minLength ?? 0), 100), '.');
  const least = Number(minimum ?? (exclusiveMinimum === undefined ? 1 : Number(exclusiveMinimum) + 1));
  return Math.min(Math.max(least, 1), Number(maximum ?? Infinity));
}
