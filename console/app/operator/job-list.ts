/** Decides which jobs the page lists: the request, the order, the age, and the counts. */

import type { JobStatus } from '../../shared/job.ts';
import { hasEnded, OPEN_STATUSES, STATUSES } from '../../shared/job-status.ts';
import type { OperatorJob } from './views.ts';

export interface JobFilters {
  readonly owner: string;
  readonly operation: string;
  readonly status: JobStatus | '';
  /** Shows only jobs that were created longer ago, in minutes. */
  readonly olderThanMinutes: number;
}

export const NO_FILTERS: JobFilters = { owner: '', operation: '', status: '', olderThanMinutes: 0 };

/** Returns the statuses to choose from: ended jobs are listed only for a named owner. */
export function statusesOf({ owner }: Pick<JobFilters, 'owner'>): readonly JobStatus[] {
  return owner.trim() === '' ? OPEN_STATUSES : STATUSES;
}

export function isOpen({ status }: Pick<OperatorJob, 'status'>): boolean {
  return !hasEnded(status);
}

/** Reads the filters of the page's address. */
export function readFilters(query: string): JobFilters {
  const parameters = new URLSearchParams(query);
  const text = (name: string) => parameters.get(name) ?? '';
  const minutes = Number(text('older_than'));
  return {
    owner: text('owner'),
    operation: text('operation'),
    status: STATUSES.find((status) => status === text('status')) ?? '',
    olderThanMinutes: Number.isFinite(minutes) && minutes > 0 ? minutes : 0,
  };
}

/** Returns the query of the page's address with these filters. */
export function filterQuery({ owner, operation, status, olderThanMinutes }: JobFilters): string {
  return new URLSearchParams({
    ...(owner.trim() && { owner: owner.trim() }),
    ...(operation.trim() && { operation: operation.trim() }),
    ...(status && { status }),
    ...(olderThanMinutes > 0 && { older_than: String(olderThanMinutes) }),
  }).toString();
}

/** Returns the path of the list; a status that the list cannot have is left out. */
export function pathOf(filters: JobFilters, cursor?: string): string {
  const owner = filters.owner.trim();
  const operation = filters.operation.trim();
  const status = statusesOf(filters).find((one) => one === filters.status);
  const query = new URLSearchParams({
    limit: '100',
    ...(owner && { owner }),
    ...(operation && { operation }),
    ...(status && { status }),
    ...(cursor !== undefined && { cursor }),
  });
  return `/operator/jobs?${query}`;
}

/** Returns the jobs that are old enough, the oldest first. A job of two pages is listed once. */
export function listedJobs(
  jobs: readonly OperatorJob[],
  { olderThanMinutes }: Pick<JobFilters, 'olderThanMinutes'>,
  nowMs: number,
): readonly OperatorJob[] {
  const before = nowMs - olderThanMinutes * 60_000;
  const unique = [...new Map(jobs.map((job) => [job.job_id, job])).values()];
  return unique
    .filter(({ created_at }) => olderThanMinutes === 0 || Date.parse(created_at) <= before)
    .sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
}

/** Returns the number of jobs by a property, the largest first. */
export function countBy(
  jobs: readonly OperatorJob[],
  property: 'status' | 'operation' | 'owner',
): readonly (readonly [string, number])[] {
  const counts = new Map<string, number>();
  for (const job of jobs) counts.set(job[property], (counts.get(job[property]) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
}
