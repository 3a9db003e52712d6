/** Tests that a client with a bad connection misses none of a thousand events, which is too slow for `npm test`. */
import { expect, test } from '@jest/globals';
import { sharedCloud } from '../support/shared-cloud.ts';
import { receiveThroughTenCuts } from './cut-streams.ts';

test('a client that loses its connection ten times receives each of a thousand events once, in order', async () => {
  const { cuts, seen, recorded, after } = await receiveThroughTenCuts(await sharedCloud(), 'cut', 1_000);
  expect({ cuts, seen }).toEqual({ cuts, seen: recorded });
  expect(cuts).toHaveLength(10);
  expect(after).toEqual([]);
});
