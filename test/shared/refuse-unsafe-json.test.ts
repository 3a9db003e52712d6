/** Tests that a property `__proto__` is refused, and a text about it is not. */
import { refuseUnsafeJson } from '../../lambdas/shared/refuse-unsafe-json.ts';

test.each(['{"__proto__":1}', '{"set":{"a":1,"__proto__":{}}}', '[{"\\u005f_proto__":1}]'])('%s', (json) => {
  expect(() => refuseUnsafeJson(JSON.parse(json))).toThrow(/__proto__, which is reserved.*Leave it out/);
});

test.each(['{"a":"__proto__"}', '["\\"__proto__\\":1"]', '{"proto":1}', 'null'])('%s is accepted', (json) => {
  refuseUnsafeJson(JSON.parse(json));
});

test('absent arguments are accepted', () => {
  refuseUnsafeJson(undefined);
});

test('500 levels are accepted, and more are refused without a stack overflow', () => {
  const lists = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
  refuseUnsafeJson(lists(500));
  for (const depth of [502, 4_000, 100_000])
    expect(() => refuseUnsafeJson(lists(depth))).toThrow(/500 levels/);
});
