/** Keeps the list of jobs that the jobs page shows: newest first, without duplicates, from pages that overlap. */
import type { JobStatus, JobSummary, OperationInfo } from '../../shared/job.ts';
import { STATUSES } from '../../shared/job-status.ts';

export interface JobFilters {
  readonly status: string;
  readonly operation: string;
  /** Name of the subject, such as `project`. */
  readonly subjectName: string;
  readonly subject: string;
}

export const NO_FILTERS: JobFilters = { status: '', operation: '', subjectName: '', subject: '' };

/** Reads the filters of an address: `status=failed&operation=build&project=web`. */
export function readFilters(query: string): JobFilters {
  const parameters = new URLSearchParams(query);
  const status = parameters.get('status') ?? '';
  const subject = [...parameters].find(([name, value]) => !RESERVED.has(name) && value !== '');
  return {
    status: STATUSES.some((known) => known === status) ? status : '',
    operation: parameters.get('operation') ?? '',
    subjectName: subject?.[0] ?? '',
    subject: subject?.[1] ?? '',
  };
}

const RESERVED: ReadonlySet<string> = new Set(['status', 'operation', 'limit', 'cursor']);

/** Returns the query parameters of a list with these filters. */
export function filterQuery({ status, operation, subjectName, subject }: JobFilters): string {
  const parameters = new URLSearchParams({
    ...(status !== '' && { status }),
    ...(operation !== '' && { operation }),
    ...(subjectName !== '' && subject !== '' && { [subjectName]: subject }),
  });
  return parameters.toString();
}

/**
 * Adds the newest page to a list.
 * @param hasMore whether the page is not the end of the list
 * @returns the list; undefined when there may be a gap between the page and the list, so that the list must begin again
 */
export function mergeNewest(
  known: readonly JobSummary[],
  page: readonly JobSummary[],
  hasMore: boolean,
): readonly JobSummary[] | undefined {
  // A filtered page may be empty although older jobs match.
  if (page.length === 0 && hasMore) return known;
  const ids = new Set(page.map(({ job_id }) => job_id));
  const overlaps = known.some(({ job_id }) => ids.has(job_id));
  if (known.length > 0 && !overlaps && hasMore) return undefined;
  const oldest = page.at(-1)?.created_at ?? '';
  // A job between the newest and the oldest of the page that the page lacks has expired, or left the filter.
  const older = known.filter(({ job_id, created_at }) => !ids.has(job_id) && hasMore && created_at <= oldest);
  return [...page, ...older];
}

/** Adds the page after the last one. Jobs that the list has are not added again. */
export function appendPage(known: readonly JobSummary[], page: readonly JobSummary[]): readonly JobSummary[] {
  const ids = new Set(known.map(({ job_id }) => job_id));
  return [...known, ...page.filter(({ job_id }) => !ids.has(job_id))];
}

const MIN_REFRESH = 20;
const MAX_REFRESH = 100;

/** @returns how many of the newest jobs to read again: down to the oldest that has not ended, within bounds */
export function refreshSize(jobs: readonly JobSummary[]): number {
  const last = jobs.slice(0, MAX_REFRESH).findLastIndex(({ ended_at }) => ended_at === undefined);
  return Math.max(MIN_REFRESH, last + 1);
}

/** Whether the job at an index of the list is read again. The others are as they were when they were read. */
export function isRefreshed(index: number): boolean {
  return index < MAX_REFRESH;
}

export function countByStatus(jobs: readonly JobSummary[]): ReadonlyMap<JobStatus, number> {
  const counts = new Map(STATUSES.map((status) => [status, 0]));
  for (const { status } of jobs) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

/** Returns what a job is about, such as the name of a project. */
export function subjectOf(job: object, operation: OperationInfo | undefined): string | undefined {
  const name = operation?.subject;
  const value = name === undefined ? undefined : (job as Readonly<Record<string, unknown>>)[name];
  return typeof value === 'string' ? value : undefined;
}
