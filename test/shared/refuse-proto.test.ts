/** Tests that a property `__proto__` is refused, and a text about it is not. */
import { refuseProto } from '../../lambdas/shared/refuse-proto.ts';

test.each(['{"__proto__":1}', '{"set":{"a":1,"__proto__":{}}}', '[{"\\u005f_proto__":1}]'])('%s', (json) => {
  expect(() => refuseProto(JSON.parse(json))).toThrow(/__proto__, which is reserved.*Leave it out/);
});

test.each(['{"a":"__proto__"}', '["\\"__proto__\\":1"]', '{"proto":1}', 'null'])('%s is accepted', (json) => {
  refuseProto(JSON.parse(json));
});

test('absent arguments are accepted', () => {
  refuseProto(undefined);
});

test('a hundred thousand lists in lists overflow no stack', () => {
  refuseProto(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)));
});
