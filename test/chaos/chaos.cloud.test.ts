/** Tests that jobs and events survive what `npm run chaos` does, with fewer jobs. */
import { expect, test } from '@jest/globals';
import { assemblies } from '../support/assemblies.ts';
import { startTestCloud } from '../support/test-cloud.ts';
import { ChangeLog } from './change-log.ts';
import { ownersOf } from './plan.ts';
import { runChaos } from './run-chaos.ts';

const JOBS = 300;

test('nothing is lost, twice or stuck when functions die, calls are throttled, and messages come twice', async () => {
  const log = new ChangeLog(ownersOf(JOBS));
  const cloud = await startTestCloud({
    allowLoopbackWebhooks: true,
    onTableChange: (record) => log.add(record),
  });
  const { broken, figures } = await runChaos(cloud, log, {
    jobs: JOBS,
    // As many at once as two cores serve: each further instance of a function loads and compiles its code anew.
    burst: 40,
    inFlight: 16,
    seed: 17,
    failing: 0.3,
    throttled: 0.05,
    killed: 0.02,
    hiddenSeconds: 10,
    abandons: false,
    patienceMs: 120_000,
    assemblyDirectory: assemblies.test,
  });
  expect(broken).toEqual({});
  expect(figures.killed).toBeGreaterThan(0);
  expect(figures.throttledTables).toBeGreaterThan(0);
  expect(figures.duplicatedRecords).toBeGreaterThan(0);
  expect(figures['failed on purpose']).toBeGreaterThan(0);
  await cloud.close();
}, 400_000);
