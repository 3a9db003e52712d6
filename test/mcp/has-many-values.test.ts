/** Tests how values of a body are counted before it is parsed. */
import { hasManyValues, MAX_VALUES } from '../../lambdas/mcp/has-many-values.ts';

const many = MAX_VALUES + 1;

test.each([
  ['empty lists', `[${'[],'.repeat(many)}[]]`],
  ['empty objects', `[${'{},'.repeat(many)}{}]`],
  ['numbers', `[${'1,'.repeat(many)}1]`],
  ['lists in lists', '['.repeat(many)],
  ['texts', `[${'"",'.repeat(many)}""]`],
  ['names', `{${'"a":1,'.repeat(many)}"b":1}`],
  ['values after a text with quotes', `["\\"\\\\",${'1,'.repeat(many)}1]`],
])('%s are too many', (_, json) => {
  expect(hasManyValues(json)).toBe(true);
});

test.each([
  ['a text of commas and brackets', JSON.stringify({ text: '[{,'.repeat(many) })],
  ['a text of quotes', JSON.stringify({ text: '",'.repeat(many) })],
  ['a text of backslashes', JSON.stringify({ text: '\\",'.repeat(many) })],
  ['a text without an end', `["${','.repeat(many)}`],
  ['half as many values', `[${'1,'.repeat(many / 2)}1]`],
])('%s has few values', (_, json) => {
  expect(hasManyValues(json)).toBe(false);
});
