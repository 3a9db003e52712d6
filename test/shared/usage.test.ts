/** Tests the counts of an invocation. */
import { setTimeout as delay } from 'node:timers/promises';
import { countedUse, countingUse, countUse, sumUsage } from '../../lambdas/shared/usage.ts';

test('invocations in one process count apart, also in their timers', async () => {
  const count = (times: number) =>
    countingUse(async () => {
      for (let index = 0; index < times; index += 1) {
        await delay(1);
        countUse('gets');
      }
      return countedUse();
    });
  expect(await Promise.all([count(2), count(3)])).toEqual([{ gets: 2 }, { gets: 3 }]);
});

test('nothing counts outside of an invocation', () => {
  countUse('gets');
  expect(countedUse()).toEqual({});
});

test('a count is a whole number that a record can store, whatever a sandbox reports', () => {
  const counted = countingUse(() => {
    for (const amount of [Number.NaN, -5, 0, 0.2, Number.POSITIVE_INFINITY]) countUse('byteDays', amount);
    return countedUse();
  });
  expect(counted).toEqual({ byteDays: 1e15 + 1 });
});

test('a sum leaves out zeros and absent usages', () => {
  expect(sumUsage([{ puts: 1 }, undefined, { puts: 2, gets: 0 }])).toEqual({ puts: 3 });
});
