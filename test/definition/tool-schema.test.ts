/** Checks the JSON Schema of tools: no reference, no recursion, no pattern that a client cannot compile, and nothing idle. */
import * as z from 'zod';
import { toolSchema } from '../../lambdas/definition/tool-schema.ts';

/** The schemas of the properties, and the warnings. */
function properties(shape: z.ZodRawShape): Readonly<Record<string, unknown>> {
  const { schema, warnings } = toolSchema(z.strictObject(shape), 'input');
  return { ...schema.properties, warnings };
}

test('any JSON is a schema without keywords, wherever it stands', () => {
  const { body, list, map, warnings } = properties({
    body: z.json().describe('The body.'),
    list: z.array(z.json()),
    map: z.record(z.string(), z.json()),
  });
  expect({ body, list, map, warnings }).toEqual({
    body: { description: 'The body.' },
    list: { type: 'array', items: {} },
    map: { type: 'object' },
    warnings: [],
  });
});

test('a schema with an id, or used twice, is repeated instead of referenced', () => {
  const name = z.string().max(9).meta({ id: 'name' });
  const { one, two } = properties({ one: name, two: name.describe('Another.') });
  expect({ one, two }).toEqual({
    one: { type: 'string', maxLength: 9 },
    two: { type: 'string', maxLength: 9, description: 'Another.' },
  });
});

test('a recursive schema ends at its first repetition, with a warning that names the place', () => {
  const folder = z.object({
    name: z.string(),
    get folders(): z.ZodOptional<z.ZodArray<z.ZodType>> {
      return z.array(folder).optional();
    },
  });
  const { root, warnings } = properties({ root: folder });
  expect(root).toEqual({
    type: 'object',
    properties: { name: { type: 'string' }, folders: { type: 'array', items: {} } },
    required: ['name'],
  });
  expect(warnings).toEqual([
    'input.root.folders is recursive, and clients see any JSON there. Describe it with .describe(), or use z.json().',
  ]);
  const { schema } = toolSchema(folder, 'input');
  expect(JSON.stringify(schema)).not.toContain('$ref');
});

test.each<[string, z.ZodType, string]>([
  ['a lookahead', z.string().regex(/^(?!x)y/), 'a lookaround'],
  ['a lookbehind', z.string().regex(/(?<=x)y/), 'a lookaround'],
  ['a backreference', z.string().regex(/(x)\1/), 'a backreference'],
  // JSON Schema has no flags: a client would refuse "X".
  ['a flag', z.string().regex(/^x$/i), 'a flag'],
  ['a lookahead beside another pattern', z.string().regex(/b/).regex(/(?=x)/), 'a lookaround'],
  ['a lookahead for names', z.record(z.string().regex(/^(?!x)y/), z.int()), 'a lookaround'],
  ['a lookahead for some names', z.looseRecord(z.string().regex(/^(?!x)y/), z.int()), 'a lookaround'],
  ['a lookahead in a list', z.array(z.string().regex(/^(?!x)y/)), 'a lookaround'],
  ['a lookahead in a choice', z.union([z.int(), z.string().regex(/^(?!x)y/)]), 'a lookaround'],
])('%s is left out, with a warning', (_what, type, reason) => {
  const { schema, warnings } = toolSchema(z.object({ it: type.optional() }), 'input');
  expect(JSON.stringify(schema)).not.toMatch(/\(\?[=!<]|\\\\1|\^x\$/);
  expect(warnings).toEqual([
    expect.stringMatching(new RegExp(`^input\\.it has the pattern .* with ${reason}`)),
  ]);
});

test('formats of Zod lose a pattern that is not portable, without a warning', () => {
  const { host, wait, id, warnings } = properties({
    host: z.hostname(),
    wait: z.iso.duration(),
    id: z.uuid(),
  });
  expect({ host, wait, warnings }).toEqual({
    host: { type: 'string', format: 'hostname' },
    wait: { type: 'string', format: 'duration' },
    warnings: [],
  });
  expect(id).toMatchObject({ format: 'uuid', pattern: expect.any(String) });
});

test('arguments with the names of keywords, and data that looks like a schema, stay as they are', () => {
  const { pattern, properties: list } = properties({
    pattern: z.string().default('(?=x)'),
    properties: z.array(z.string()).default(['$ref']),
  });
  expect({ pattern, list }).toEqual({
    pattern: { type: 'string', default: '(?=x)' },
    list: { type: 'array', items: { type: 'string' }, default: ['$ref'] },
  });
});

test('what says nothing is left out', () => {
  const { count, text, map, some } = properties({
    count: z.int(),
    text: z.string().min(1),
    map: z.record(z.string().max(255), z.int().min(0)).default({}),
    some: z.array(z.string()).default([]),
  });
  expect({ count, text, map, some }).toEqual({
    count: { type: 'integer' },
    text: { type: 'string' },
    map: { type: 'object', additionalProperties: { type: 'integer', minimum: 0 } },
    some: { type: 'array', items: { type: 'string' } },
  });
});
