/** Tests that a form has a field for each property of a question's schema, and that its content is what the schema asks for. */
import * as z from 'zod';
import {
  type Entries,
  type Entry,
  fieldsOf,
  initialEntries,
  readable,
  readEntries,
} from '../../console/shared/question-fields.ts';

const object = (properties: object, required: readonly string[] = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
});
const read = (schema: object, entries: Record<string, Entry>) =>
  readEntries(fieldsOf(schema), new Map(Object.entries(entries)) as Entries);
/** The content of one required field, or its message. */
const one = (property: object, entry: Entry) => {
  const reading = read(object({ value: property }), { value: entry });
  return 'content' in reading ? reading.content.value : reading.errors.get('value');
};

test.each([
  ['a text', { type: 'string' }, ' Ada ', ' Ada '],
  ['an e-mail address', { type: 'string', format: 'email' }, ' ada@example.com ', 'ada@example.com'],
  ['an address', { type: 'string', format: 'uri' }, 'https://example.com/', 'https://example.com/'],
  ['a date', { type: 'string', format: 'date' }, '2026-02-28', '2026-02-28'],
  [
    'a time with a zone',
    { type: 'string', format: 'date-time' },
    '2026-01-31T12:00:00+02:00',
    '2026-01-31T10:00:00.000Z',
  ],
  ['a text of another format', { type: 'string', format: 'uuid' }, 'x', 'x'],
  ['a number', { type: 'number' }, '1.5', 1.5],
  ['a number in another notation', { type: 'number' }, ' 1e3 ', 1000],
  ['a whole number', { type: 'integer', minimum: 1, maximum: 3 }, '3', 3],
  ['a multiple', { type: 'number', multipleOf: 0.1 }, '0.3', 0.3],
  ['no', { type: 'boolean' }, [1], false],
  ['yes', { type: 'boolean' }, [0], true],
  ['a choice', { type: 'string', enum: ['a', 'b'] }, [1], 'b'],
  ['a choice with a title', { oneOf: [{ const: 'eu', title: 'Europe' }, { const: 'us' }] }, [0], 'eu'],
  ['a number to choose', { enum: [1, 2] }, [1], 2],
  ['the only value', { const: 'x' }, [0], 'x'],
  [
    'several choices, in the order of the question',
    { type: 'array', items: { enum: ['a', 'b', 'c'] } },
    [2, 0],
    ['a', 'c'],
  ],
  [
    'several choices with titles',
    { type: 'array', items: { anyOf: [{ const: 'a', title: 'A' }] } },
    [0],
    ['a'],
  ],
])('%s is content', (_, property, entry, content) => {
  expect(one(property, entry as Entry)).toEqual(content);
});

test.each([
  ['a text that is missing', { type: 'string' }, '', 'Enter a value.'],
  ['a number of spaces', { type: 'number' }, '  ', 'Enter a value.'],
  ['a short text', { type: 'string', minLength: 3 }, 'ab', 'Enter at least 3 characters.'],
  ['a long text', { type: 'string', maxLength: 3 }, 'abcd', 'Enter at most 3 characters; these are 4.'],
  [
    'a text of another pattern',
    { type: 'string', pattern: '^v\\d+$' },
    'x',
    'Enter a value that matches ^v\\d+$.',
  ],
  ['no e-mail address', { type: 'string', format: 'email' }, 'ada', /name@example/],
  ['no address', { type: 'string', format: 'uri' }, 'example', /https:/],
  ['a day that does not exist', { type: 'string', format: 'date' }, '2026-02-30', /2026-01-31/],
  ['no time', { type: 'string', format: 'date-time' }, 'noon', /date and a time/],
  ['no number', { type: 'number' }, '1,5', 'Enter a number.'],
  ['infinity', { type: 'number' }, 'Infinity', 'Enter a number.'],
  ['a fraction', { type: 'integer' }, '1.5', 'Enter a whole number.'],
  ['a small number', { type: 'number', minimum: 2 }, '1', 'Enter 2 or more.'],
  ['the limit below', { type: 'number', exclusiveMinimum: 2 }, '2', 'Enter more than 2.'],
  ['a large number', { type: 'number', maximum: 2 }, '3', 'Enter 2 or less.'],
  ['the limit above', { type: 'number', exclusiveMaximum: 2 }, '2', 'Enter less than 2.'],
  ['no multiple', { type: 'number', multipleOf: 0.5 }, '0.7', 'Enter a multiple of 0.5.'],
  ['no choice', { type: 'boolean' }, [], 'Choose one.'],
  ['a value outside of the choices', { enum: ['a'] }, [7], 'Choose one.'],
  ['few choices', { type: 'array', items: { enum: ['a', 'b'] }, minItems: 2 }, [0], 'Choose at least 2.'],
  ['many choices', { type: 'array', items: { enum: ['a', 'b'] }, maxItems: 1 }, [0, 1], 'Choose at most 1.'],
  ['a field of a type that no form has', { type: 'object' }, 'x', /Answer in the conversation/],
])('%s is refused with what to do', (_, property, entry, message) => {
  expect(one(property, entry as Entry)).toEqual(
    typeof message === 'string' ? message : expect.stringMatching(message),
  );
});

test('a text that is too long to match here is left to the service', () => {
  const text = 'x'.repeat(1_001);
  expect(one({ type: 'string', pattern: '^x{1001}$' }, text)).toEqual(text);
});

test('a field that is not required is left out when it is empty', () => {
  const properties = {
    note: { type: 'string', minLength: 5 },
    count: { type: 'integer' },
    sure: { type: 'boolean' },
    tags: { type: 'array', items: { enum: ['a'] }, minItems: 1 },
    odd: { type: 'object' },
  };
  expect(read(object(properties, []), {})).toEqual({ content: {} });
});

test('a form begins with the defaults of its question', () => {
  const fields = fieldsOf(
    object({
      name: { type: 'string', default: 'Ada' },
      count: { type: 'integer', default: 3 },
      sure: { type: 'boolean', default: false },
      region: { enum: ['eu', 'us'], enumNames: ['Europe'], default: 'us' },
      tags: { type: 'array', items: { enum: ['a', 'b'] }, default: ['b', 'z'] },
      odd: { type: 'string', default: 7 },
    }),
  );
  expect(readEntries(fields, initialEntries(fields))).toEqual({
    errors: new Map([['odd', 'Enter a value.']]),
  });
  expect(Object.fromEntries(initialEntries(fields))).toEqual({
    name: 'Ada',
    count: '3',
    sure: [1],
    region: [1],
    tags: [1],
  });
  expect(fields[3]).toMatchObject({ options: [{ label: 'Europe' }, { label: 'us' }] });
});

test('a default time is shown as a local one, and read again as the same', () => {
  const fields = fieldsOf(
    object({ at: { type: 'string', format: 'date-time', default: '2026-01-31T12:30:00Z' } }),
  );
  expect(readEntries(fields, initialEntries(fields))).toEqual({
    content: { at: '2026-01-31T12:30:00.000Z' },
  });
});

test('a field is called by its title, else by its name', () => {
  const [named, titled] = fieldsOf(
    object({ target_region: { type: 'string' }, x: { type: 'string', title: 'Reason' } }),
  );
  expect([named?.label, titled?.label]).toEqual(['Target region', 'Reason']);
  expect(readable('__')).toBe('__');
});

test.each([
  undefined,
  null,
  'x',
  [],
  { properties: 'x' },
  { properties: [null] },
  { properties: { a: null }, required: {} },
])('a malformed schema, %j, gives no error', (schema) => {
  expect(fieldsOf(schema).every(({ kind }) => kind === 'unsupported')).toBe(true);
});

test('a field named __proto__ is a field like any other', () => {
  const schema = JSON.parse('{"properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}');
  const reading = read(schema, JSON.parse('{"__proto__":"x"}'));
  expect(reading).toHaveProperty('content');
  if ('content' in reading) expect(Object.entries(reading.content)).toEqual([['__proto__', 'x']]);
});

test('what a question of an operation asks for is what its form gives', () => {
  const asked = z.object({
    approve: z.boolean().describe('Approve the release.'),
    reason: z.string().max(500).optional(),
    region: z.enum(['eu', 'us']),
    at: z.iso.datetime(),
    mail: z.email(),
    copies: z.int().min(1).max(9).default(1),
  });
  const schema = z.toJSONSchema(asked, { io: 'input', target: 'draft-7' });
  const fields = fieldsOf(schema);
  expect(fields.map(({ kind, required }) => `${kind} ${required}`)).toEqual([
    'choice true',
    'text false',
    'choice true',
    'text true',
    'text true',
    'number false',
  ]);
  const entries = new Map<string, Entry>([
    ...initialEntries(fields),
    ['approve', [0]],
    ['region', [1]],
    ['at', '2026-01-31T12:30'],
    ['mail', 'ada@example.com'],
  ]);
  const reading = readEntries(fields, entries);
  expect(asked.safeParse('content' in reading ? reading.content : undefined)).toMatchObject({
    success: true,
  });
});
