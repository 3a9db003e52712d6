import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as z from 'zod';
import { normalizeArguments } from '../../lambdas/shared/normalize-arguments.ts';

const range = z.strictObject({ start: z.int().nonnegative(), end: z.int().positive().optional() });
const schema = z.strictObject({
  project: z.string().min(1),
  glob: z.string().min(1).optional(),
  note: z.string().optional(),
  url: z.url().optional(),
  kind: z.enum(['all', 'some']).default('all'),
  reason: z.string().min(1).nullable().optional(),
  size: z.int().min(1).optional(),
  ratio: z.number().default(1),
  exact: z.boolean().default(true),
  range: range.optional(),
  ranges: z.array(range).optional(),
  events: z
    .array(z.enum(['end', 'start']))
    .min(1)
    .optional(),
  remove: z.array(z.string().min(1)).default([]),
  where: z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()])).default({}),
  body: z.union([z.record(z.string(), z.json()), z.array(z.json())]).optional(),
});

const normalize = (args: object) => normalizeArguments(schema, { project: 'web', ...args });
const read = (args: object) => schema.parse(normalize(args));
const defaults = schema.parse({ project: 'web' });

describe('what says nothing is left out where it is optional', () => {
  const optional = Object.keys(schema.shape).filter((name) => name !== 'project');

  test('every optional argument may be null', () => {
    expect(read(Object.fromEntries(optional.map((name) => [name, null])))).toEqual({
      ...defaults,
      reason: null,
    });
  });

  test.each(['glob', 'url', 'kind', 'reason', 'size', 'exact', 'range', 'events', 'body'])(
    'an empty text for %s',
    (name) => {
      expect(read({ [name]: '' })).toEqual(defaults);
    },
  );

  test.each([
    ['an empty list that needs an item', { events: [] }],
    ['an object without its properties', { range: {} }],
    ['the word null for a number', { size: 'null' }],
    ['the word null for an object', { range: 'null' }],
    ['null for a property that a strict object does not have', { colour: null }],
  ])('%s', (_what, args) => {
    expect(read(args)).toEqual(defaults);
  });

  test('also within objects and lists', () => {
    expect(read({ range: { start: 0, end: null }, ranges: [{ start: 1, end: null }] })).toMatchObject({
      range: { start: 0 },
      ranges: [{ start: 1 }],
    });
  });
});

describe('what stays as it is', () => {
  test.each([
    ['an empty text that the schema accepts', { note: '' }],
    ['null that the schema accepts', { reason: null }],
    ['an empty list that the schema accepts', { remove: [] }],
    ['a text that looks like a number', { note: '30', glob: 'true', where: { id: '7' } }],
    ['a text that looks like JSON', { note: '{"a":1}', glob: '[slug]' }],
  ])('%s', (_what, args) => {
    expect(read(args)).toEqual({ ...defaults, ...args });
  });

  test.each([
    ['null for a required argument', { project: null }],
    ['an empty text for a required argument', { project: '' }],
    // Without it, the condition would be gone.
    ['null in a record', { where: { state: null } }],
    ['null in a list', { remove: ['a', null] }],
    ['a word for a number', { size: 'many' }],
    ['half a number', { size: '3O' }],
    ['a fraction for a whole number', { size: '1.5' }],
    ['yes for a boolean', { exact: 'yes' }],
    ['a number for a boolean', { exact: 1 }],
    ['JSON of another type', { range: '[1]' }],
    ['broken JSON', { range: '{"start":' }],
    ['a value that no item may be', { events: 'never' }],
    ['a single value for alternatives', { body: 'text' }],
    ['an unknown argument', { colour: 'red' }],
  ])('%s is an error', (_what, args) => {
    expect(schema.safeParse(normalize(args)).success).toBe(false);
  });

  test('a valid value is not even copied', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const args = { project: 'web', note: JSON.stringify(value), body: [value] };
        expect(normalizeArguments(schema, args)).toBe(args);
      }),
    );
  });
});

describe('what is converted', () => {
  test.each([
    ['a number in a text', { size: '30' }, { size: 30 }],
    ['a whole number with a fraction of zero', { size: '30.0' }, { size: 30 }],
    ['spaces around a number', { ratio: ' -2.5e1 ' }, { ratio: -25 }],
    ['a number too large for JavaScript', { ratio: JSON.parse('1e999') }, { ratio: Number.MAX_VALUE }],
    ['a boolean in a text', { exact: 'False' }, { exact: false }],
    ['an object in a text', { range: '{"start":"1","end":null}' }, { range: { start: 1 } }],
    ['a record in a text', { where: '{"state":"old"}' }, { where: { state: 'old' } }],
    ['a list in a text', { remove: '["a","b"]' }, { remove: ['a', 'b'] }],
    ['a list of texts in a list', { ranges: ['{"start":1}'] }, { ranges: [{ start: 1 }] }],
    ['a single value for a list', { events: 'end' }, { events: ['end'] }],
    ['a single object for a list', { ranges: { start: '1' } }, { ranges: [{ start: 1 }] }],
    ['a list for alternatives', { body: '[1]' }, { body: [1] }],
    ['an object for alternatives', { body: '{"a":null}' }, { body: { a: null } }],
  ])('%s', (_what, args, expected) => {
    expect(read(args)).toEqual({ ...defaults, ...expected });
  });

  test('all arguments in a text', () => {
    expect(schema.parse(normalizeArguments(schema, '{"project":"web","size":"3"}'))).toEqual({
      ...defaults,
      size: 3,
    });
  });

  test('the arguments of an alternative, with null for those of the others', () => {
    const answer = z.discriminatedUnion('action', [
      z.strictObject({ action: z.literal('accept'), content: z.record(z.string(), z.json()).default({}) }),
      z.strictObject({ action: z.literal('decline') }),
    ]);
    const answers = z.strictObject({ answers: z.record(z.string(), answer) });
    const given = {
      answers: '{"a":{"action":"decline","content":null},"b":{"action":"accept","content":null}}',
    };
    expect(answers.parse(normalizeArguments(answers, given))).toEqual({
      answers: { a: { action: 'decline' }, b: { action: 'accept', content: {} } },
    });
  });
});

test('nulls and texts for valid arguments change nothing', () => {
  const valid = fc.record(
    {
      glob: fc.string({ minLength: 1 }),
      size: fc.integer({ min: 1 }),
      ratio: fc.double({ noNaN: true, noDefaultInfinity: true }).map((ratio) => ratio + 0),
      exact: fc.boolean(),
      range: fc.record({ start: fc.nat(), end: fc.integer({ min: 1 }) }, { requiredKeys: ['start'] }),
      where: fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(fc.string(), fc.integer(), fc.boolean())),
    },
    { requiredKeys: [] },
  );
  const inText = new Set(['size', 'ratio', 'exact', 'range', 'where']);
  fc.assert(
    fc.property(valid, fc.func(fc.boolean()), (args, isText) => {
      const asTexts = Object.entries(args).map(([name, value]) =>
        inText.has(name) && isText(name) ? [name, JSON.stringify(value)] : [name, value],
      );
      const nulls = Object.keys(schema.shape)
        .filter((name) => name !== 'project' && name !== 'reason' && !Object.hasOwn(args, name))
        .map((name) => [name, null]);
      expect(read(Object.fromEntries([...asTexts, ...nulls]))).toEqual(read(args));
    }),
  );
});

test('undefined stays', () => {
  expect(normalizeArguments(schema, undefined)).toBeUndefined();
});

test('any value gives a value, and the same one when it is converted again', () => {
  const args = fc.dictionary(fc.constantFrom(...Object.keys(schema.shape), '__proto__', 'x'), fc.jsonValue());
  fc.assert(
    fc.property(fc.oneof(args, fc.jsonValue(), fc.json()), (value) => {
      const once = normalizeArguments(schema, value);
      expect(normalizeArguments(schema, once)).toEqual(once);
    }),
  );
});

describe('hostile arguments', () => {
  const tree: z.ZodType = z.lazy(() =>
    z.union([z.strictObject({ left: tree, right: tree }), z.number().max(9)]),
  );

  test.each([
    ['JSON in JSON in JSON', () => Array.from({ length: 12 }).reduce((text) => JSON.stringify([text]), 'x')],
    ['a deep tree', () => Array.from({ length: 100 }).reduce((left) => ({ left, right: '1' }), '99')],
    ['a very deep list', () => JSON.parse('['.repeat(1_000_000) + ']'.repeat(1_000_000))],
    ['a wide list', () => Array.from({ length: 20_000 }, () => '99')],
    ['a very wide list', () => Array.from({ length: 200_000 }, () => '99')],
    ['a long text', () => '['.repeat(1_000_000)],
    ['a text of many texts', () => JSON.stringify(Array.from({ length: 10_000 }, () => '[[]]'))],
  ])('%s ends soon', (_what, create) => {
    const lists = z.strictObject({ lists: z.array(z.union([z.array(tree), tree])), tree });
    const value = create();
    const startedAt = performance.now();
    normalizeArguments(lists, { lists: value, tree: value });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});
