/** Tests that jobs and events survive what `npm run chaos` does, with few jobs. CI runs more of them: `chaos.long.test.ts`. */
import { expect, test } from '@jest/globals';
import { assemblies } from '../support/assemblies.ts';
import { expectFaults, runSmallChaos } from './small-chaos.ts';

test('nothing is lost, twice or stuck when functions die, calls are throttled, and messages come twice', async () => {
  const { broken, figures } = await runSmallChaos(assemblies.test, { jobs: 15, killed: 0.08 });
  expect(broken).toEqual({});
  expectFaults(figures);
}, 200_000);
