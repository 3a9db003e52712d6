/** Every scenario of the official suite that applies passes, in both revisions; and those of tasks. */
import { judge, stale, Verdict } from './expectations.ts';
import { runConformance } from './run.ts';
import type { ScenarioResult } from './suite.ts';

let results: readonly ScenarioResult[];

beforeAll(async () => {
  results = await runConformance();
}, 240_000);

test('nothing fails that can apply', () => {
  const failed = results
    .map((result) => ({ ...result, ...judge(result) }))
    .filter(({ verdict }) => verdict === Verdict.failed);
  expect(failed).toEqual([]);
});

test('nothing is said not to apply that does', () => {
  expect(stale(results)).toEqual([]);
});

test('all scenarios of tasks pass but the one that the suite skips', () => {
  const tasks = results.filter(({ scenario }) => scenario.startsWith('tasks-'));
  expect(tasks.filter((result) => judge(result).verdict === Verdict.passed)).toHaveLength(9);
  expect(tasks.find((result) => judge(result).verdict !== Verdict.passed)).toMatchObject({
    scenario: 'tasks-status-notifications',
    failures: [],
    skipped: 1,
  });
});

test('both revisions were run whole', () => {
  const run = (revision: string) => results.filter((result) => result.revision === revision).length;
  expect([run('2025-11-25'), run('2026-07-28')]).toEqual([33, 50]);
});
