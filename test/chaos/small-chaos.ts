/** Runs chaos as small as a test: without callers that never come back, whose jobs the reconciler starts minutes later. */
import { expect } from '@jest/globals';
import { type ChaosOutcome, runChaos } from './run-chaos.ts';

const FAULTS = ['killed', 'throttledTables', 'duplicatedRecords', 'failed on purpose'];

/** Expects that each fault has happened: a run without faults proves nothing. */
export function expectFaults(figures: ChaosOutcome['figures']): void {
  expect(FAULTS.filter((fault) => !(Number(figures[fault]) > 0))).toEqual([]);
}

/** @param killed the share of invocations that die, 0..1 */
export function runSmallChaos(
  assemblyDirectory: string,
  { jobs, killed }: { readonly jobs: number; readonly killed: number },
): Promise<ChaosOutcome> {
  return runChaos({
    jobs,
    // As many at once as two cores serve: each further instance of a function loads and compiles its code anew.
    burst: Math.min(Math.floor(jobs / 3), 40),
    inFlight: 16,
    seed: 17,
    failing: 0.3,
    throttled: 0.05,
    killed,
    hiddenSeconds: 10,
    abandons: false,
    patienceMs: 120_000,
    assemblyDirectory,
  });
}
