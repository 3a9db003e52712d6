/** Measures the open jobs that a sweep finds. */
import type { OpenJob } from '../../jobs/job-store.ts';
import { addMetric } from '../../shared/observability/metrics.ts';

/**
 * Reads nothing more: the sweep has listed the jobs.
 * @param longestRunsMs by operation; jobs of another operation are not overdue, since the sweep ends them
 */
export function measureOpenJobs(
  opens: readonly OpenJob[],
  longestRunsMs: ReadonlyMap<string, number>,
  nowMs: number,
): void {
  const ages = opens.map(({ operation, createdAt }) => ({ operation, ageMs: nowMs - Date.parse(createdAt) }));
  const oldestMs = ages.reduce((longest, { ageMs }) => Math.max(longest, ageMs), 0);
  const overdue = ages.filter(({ operation, ageMs }) => ageMs > (longestRunsMs.get(operation) ?? Infinity));
  addMetric('OpenJobs', opens.length);
  addMetric('OldestOpenJob', Math.round(oldestMs / 1000));
  addMetric('OverdueJobs', overdue.length);
}
