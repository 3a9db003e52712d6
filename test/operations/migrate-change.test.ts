/** Tests how `migrate` reads its arguments and decides about an item, without a table. */
import { decide, type Item } from '../../lambdas/operations/migrate/change.ts';
import { migrate } from '../../lambdas/operations/migrate/operation.ts';

const parse = (args: object) => migrate.input.safeParse({ table: 'orders', ...args });
function kindOf(args: object, item: Item): string {
  return decide(parse(args).data ?? fail(), 'id', { id: { S: '1' }, ...item }).kind;
}
function fail(): never {
  throw new Error('The arguments are invalid.');
}

test.each([
  [0.0000001, '0.0000001'],
  [1e-7, '1E-7'],
  [1e15, '1000000000000000'],
  [0.1, '0.10'],
  [-0, '0'],
  [-0, '-0'],
  [0, '0E-10'],
  [100, '1E+2'],
  [-1.5, '-15e-1'],
  [9_007_199_254_740_991, '9007199254740991'],
  [1e-130, '1E-130'],
])('the number %d equals the stored %s', (given, N) => {
  expect(kindOf({ where: { n: given }, set: { x: true } }, { n: { N } })).toBe('update');
  expect(kindOf({ set: { n: given } }, { n: { N } })).toBe('already');
});

test.each([
  [9_007_199_254_740_991, '9007199254740992'],
  [0.1, '0.10000000000000000000000000000000000001'],
  [1, '-1'],
  [1e-7, '1e-8'],
  [0, '1E-130'],
])('the number %d does not equal the stored %s', (given, N) => {
  expect(kindOf({ where: { n: given }, set: { x: true } }, { n: { N } })).toBe('unmatched');
  expect(kindOf({ set: { n: given } }, { n: { N } })).toBe('update');
});

test.each(['1', 'true'])('the number 1 and the text %j differ, and so do true and "true"', (S) => {
  expect(kindOf({ where: { n: JSON.parse(S) }, set: { x: 1 } }, { n: { S } })).toBe('unmatched');
});

test.each([9_007_199_254_740_992, -9_007_199_254_740_992, 1e20, 1e40, 1e126, 1e-131, 1e-300])(
  'the number %d is refused by name in set and where',
  (number) => {
    for (const name of ['set', 'where']) {
      const { success, error } = parse({ set: { x: 1 }, [name]: { rate: number } });
      expect([success, error?.issues.map(({ path }) => path)]).toEqual([false, [[name, 'rate']]]);
      expect(error?.issues[0]?.message).toMatch(
        /^JSON or DynamoDB cannot hold.*Give 0, or a size of 1e-130 to 9007199254740991/,
      );
    }
  },
);

describe.each([
  'constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  'a.b',
  '#a',
  ':v0',
  'a b',
  '😀',
])('an attribute named %s', (name) => {
  const values = JSON.parse(`{${JSON.stringify(name)}:"v"}`);

  test.each([
    ['where', { where: values, set: { x: true } }, 'update', 'unmatched'],
    ['set', { set: values }, 'already', 'update'],
    ['remove', { remove: [name] }, 'update', 'already'],
    ['rename', { rename: JSON.parse(`{${JSON.stringify(name)}:"new"}`) }, 'update', 'already'],
    ['rename to it', { rename: { old: name } }, 'conflict', 'update'],
  ])('%s: an item with it, and one without', (_where, args, present, absent) => {
    const old = { old: { S: 'o' } };
    expect(kindOf(args, { ...old, [name]: { S: 'v' } })).toBe(present);
    expect(kindOf(args, old)).toBe(absent);
  });
});

test.each([{ remove: ['__proto__'] }, { rename: { a: '__proto__' } }, { set: { '': 1 } }, { remove: [''] }])(
  'the name in %j is refused',
  (args) => {
    expect(parse(args).success).toBe(false);
  },
);
