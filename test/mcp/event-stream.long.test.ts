/** Tests that a client with a bad connection misses none of a thousand events, which is too slow for `npm test`. */
import { test } from '@jest/globals';
import { sharedCloud } from '../support/shared-cloud.ts';
import { expectComplete, receiveThroughTenCuts } from './cut-streams.ts';

test('a client that loses its connection ten times receives each of a thousand events once, in order', async () => {
  expectComplete(await receiveThroughTenCuts(await sharedCloud(), 'cut', 1_000));
});
