/** Tests the promises of `npm run chaos` with hundreds of jobs, which is too slow for `npm test`. */
import { expect, test } from '@jest/globals';
import { assemblies } from '../support/assemblies.ts';
import { expectFaults, runSmallChaos } from './small-chaos.ts';

test('three hundred jobs are neither lost nor twice nor stuck', async () => {
  const { broken, figures } = await runSmallChaos(assemblies.test, { jobs: 300, killed: 0.02 });
  expect(broken).toEqual({});
  expectFaults(figures);
}, 400_000);
