/** Metric math, as far as the local cloud evaluates it. */
import { expect, test } from '@jest/globals';
import { parseExpression } from '../../../local/cloudwatch/metric-math.ts';

/** @param values of each id at the only data point */
function evaluate(text: string, values: Readonly<Record<string, number>> = {}): number | undefined {
  const series = Object.fromEntries(Object.entries(values).map(([id, value]) => [id, [value]]));
  return parseExpression(text).evaluate(series, 0);
}

test.each<[string, number | undefined]>([
  ['1 + 2 * 3 - 4 / 2', 5],
  ['(1 + 2) * -3', -9],
  ['100 * a / b', 25],
  ['IF(a > 1, b, 0)', 8],
  ['IF(a >= 2 AND b < 8, 1, 0)', 0],
  ['IF(a == 2 || b != 8, 1, 0)', 1],
  ['SUM([a, b, missing])', 10],
  ['MAX([a, b, missing])', 8],
  ['MIN([a, b, missing])', 2],
  ['MIN([a, FILL(missing, 0)])', 0],
  ['FILL(missing, 0) + a', 2],
  ['a + missing', 2],
  ['missing - a + 0 * b', -2],
  ['missing / a', 0],
  ['IF(FILL(b, 0) > 5, 1 - FILL(missing, 0) / b, 1)', 1],
])('%s is %s', (text, expected) => {
  expect(evaluate(text, { a: 2, b: 8 })).toBe(expected);
});

test.each([
  'missing + missing',
  '100 * missing',
  '(1 + 2) * missing',
  'missing > 1',
  'a / missing',
  'IF(missing, 1, 0)',
  'a / 0',
  'SUM([missing])',
  'MAX(missing)',
  'MIN([missing])',
  '-missing',
])('%s has no value', (text) => {
  expect(evaluate(text, { a: 2 })).toBeUndefined();
});

test('an expression names its operands once', () => {
  expect(parseExpression('a / (a + b)').ids).toEqual(['a', 'b']);
});

test.each([
  ['ANOMALY_DETECTION_BAND(a)', /uses ANOMALY_DETECTION_BAND, .* use IF, FILL, MAX, MIN, SUM/],
  ['a +', /has "its end"/],
  ['a b', /has "b"/],
  ['a ; b', /has "; b"/],
  ['IF(a, 1)', /"IF of 2 arguments"/],
  ['Errors', /has "Errors"/],
])('%s is refused', (text, message) => {
  expect(() => parseExpression(text)).toThrow(message);
});

test('FILL repeats the last value, and 0 by 0 is none', () => {
  const heartbeats = [undefined, 2, undefined, undefined, 3];
  const { evaluate } = parseExpression('FILL(beats, 0) / FILL(beats, REPEAT)');
  expect(heartbeats.map((_, index) => evaluate({ beats: heartbeats }, index))).toEqual([
    undefined,
    1,
    0,
    0,
    1,
  ]);
});
