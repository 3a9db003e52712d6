/** Tests that a run of chaos ends when nothing moves. */
import { expect, test } from '@jest/globals';
import { Patience } from './patience.ts';

test('a wait ends when nothing moves, and the next one at once', async () => {
  const patience = new Patience(() => '3 ended', 20);
  expect(await patience.until(() => false, 1)).toBe(false);
  expect(await patience.until(() => false, 60_000)).toBe(false);
});

test('a wait goes on while something moves, and ends when its condition is met', async () => {
  let checks = 0;
  const patience = new Patience(() => String(checks), 20);
  expect(await patience.until(() => ++checks > 50, 2)).toBe(true);
});
