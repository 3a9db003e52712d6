/** Tests that an input is shown without the properties that its operation marks as secret. */
import * as z from 'zod';
import type { OperationDefinition } from '../../lambdas/definition/operation-definition.ts';
import { visibleInput } from '../../lambdas/definition/visible-input.ts';

const secret = z.string().meta({ writeOnly: true });
const operation = {
  input: z.object({
    project: z.string(),
    password: z.string().meta({ format: 'password' }).optional(),
    logins: z.array(z.object({ user: z.string(), token: secret })).optional(),
    variables: z.record(z.string(), secret).optional(),
    target: z.union([z.object({ key: secret }), z.object({ name: z.string() })]).optional(),
    certificate: z.object({ pem: z.string() }).meta({ writeOnly: true }).optional(),
  }),
} as unknown as OperationDefinition;

test('secrets are hidden at every depth, and what the schema describes is as given', () => {
  const input = {
    project: 'web',
    password: 'hunter2',
    logins: [{ user: 'ada', token: 'hunter2' }],
    variables: { TOKEN: 'hunter2', constructor: 'hunter2' },
    target: { key: 'hunter2' },
    certificate: { pem: 'hunter2' },
    extra: { undescribed: 'hunter2' },
  };
  const shown = visibleInput(operation, input);
  expect(JSON.stringify(shown)).not.toContain('hunter2');
  expect(shown).toEqual({
    project: 'web',
    password: '(hidden)',
    logins: [{ user: 'ada', token: '(hidden)' }],
    variables: { TOKEN: '(hidden)', constructor: '(hidden)' },
    target: { key: '(hidden)' },
    certificate: '(hidden)',
    extra: '(hidden)',
  });
});

interface Node {
  readonly name: string;
  readonly token: string;
  readonly child?: Node | undefined;
}
const node: z.ZodType<Node> = z.lazy(() =>
  z.object({ name: z.string(), token: secret, child: node.optional() }),
);
const show = (type: z.ZodType, value: unknown): unknown => {
  const operation = { input: z.object({ secret: secret.optional(), value: type }) };
  return Object(visibleInput(operation as unknown as OperationDefinition, { value } as never)).value;
};
const H = '(hidden)';
const S = 'hunter2';

test('the tokens of a recursive schema are hidden at each level, and levels without end altogether', () => {
  const tree = { name: 'a', token: S, child: { name: 'b', token: S, child: { name: 'c', token: S } } };
  expect(show(node, tree)).toEqual({
    name: 'a',
    token: H,
    child: { name: 'b', token: H, child: { name: 'c', token: H } },
  });
  const itself = {
    input: z.object({
      name: z.string(),
      token: secret,
      get child() {
        return itself.input.optional();
      },
    }),
  };
  expect(visibleInput(itself as unknown as OperationDefinition, tree)).toEqual(show(node, tree));
  let deep: Node = { name: 'last', token: S };
  for (let level = 0; level < 5_000; level++) deep = { name: 'n', token: S, child: deep };
  const shown = JSON.stringify(show(node, deep));
  expect(shown).not.toContain(S);
  expect(shown).not.toContain('last');
});

test.each<[string, z.ZodType, unknown, unknown]>([
  ['the rest of a tuple', z.tuple([z.string()], secret), ['a', S, S], ['a', H, H]],
  ['an item of a tuple', z.tuple([secret, z.int()]), [S, 1], [H, 1]],
  ['a record', z.record(z.string(), secret), { a: S }, { a: H }],
  [
    'a loose record',
    z.looseRecord(z.string().regex(/^s_/i), secret),
    { S_a: S, other: S },
    { S_a: H, other: H },
  ],
  [
    'an intersection',
    z.intersection(z.object({ a: z.string(), b: secret }), z.object({ b: z.string(), c: z.int() })),
    { a: 'a', b: S, c: 1 },
    { a: 'a', b: H, c: 1 },
  ],
  [
    'a discriminated union',
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('key'), key: secret }),
      z.object({ kind: z.literal('none'), note: z.string().nullable() }),
    ]),
    { kind: 'key', key: S },
    { kind: 'key', key: H },
  ],
  ['a union of texts', z.union([z.int(), secret]), S, H],
  ['what is any JSON', z.object({ any: z.unknown() }), { any: { deep: S } }, { any: H }],
  ['a loose object', z.looseObject({ a: z.string() }), { a: 'a', b: S }, { a: 'a', b: H }],
  ['a transformed text', z.string().transform((text) => JSON.parse(text)), { deep: S }, H],
  [
    'the output of a pipe',
    z
      .string()
      .transform(Object)
      .pipe(z.object({ a: z.int(), b: secret })),
    { a: 1, b: S },
    { a: 1, b: H },
  ],
  ['a schema with an id', z.object({ a: secret }).meta({ id: 'with/slash~' }), { a: S }, { a: H }],
])('nothing secret of %s is shown', (_what, type, value, expected) => {
  expect(show(type, value)).toEqual(expected);
});

test.each<[string, z.ZodType, unknown]>([
  [
    'texts, numbers, booleans and null',
    z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])),
    ['a', 1.5, true, null],
  ],
  ['a stringbool', z.stringbool(), true],
  [
    'an enum, a literal and a default',
    z.tuple([z.enum(['a']), z.literal(7), z.int().default(1)]),
    ['a', 7, 1],
  ],
  ['an optional nullable object', z.object({ a: z.string() }).nullable().optional(), { a: 'a' }],
])('%s beside a secret stay', (_what, type, value) => {
  expect(show(type, value)).toEqual(value);
});

test('without secrets in the schema all is shown', () => {
  const open = { input: z.looseObject({}) } as unknown as OperationDefinition;
  expect(visibleInput(open, { any: [{ thing: 1 }] })).toEqual({ any: [{ thing: 1 }] });
});

test('of an operation that is gone, nothing is shown', () => {
  expect(visibleInput(undefined, { password: 'hunter2' })).toBeUndefined();
});
