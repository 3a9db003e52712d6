/** Lists an owner's jobs, newest first, that match filters. It reads the index first, then the records of its jobs. */
import { boundSubject } from './bound-record.ts';
import type { JobStatus, JobSubject, JobSummary } from './job.ts';
import type { JobStore, ListPosition } from './job-store.ts';

/** A job matches when it has all of these. */
export interface JobFilter {
  readonly operation?: string;
  readonly status?: JobStatus;
  readonly subjects?: readonly JobSubject[];
}

/** One batch read. */
const JOBS_PER_QUERY = 100;
/** Bounds the time of a call, and its reads to a thousand jobs. A page may then hold fewer jobs than asked for, even none. */
const MAX_QUERIES = 10;

/**
 * Without a filter, one query and one batch read. With one, up to ten of each.
 * @returns a page of at most `limit` jobs; `next` when there may be more
 */
export async function listJobs(
  jobs: Pick<JobStore, 'list' | 'summaries'>,
  owner: string,
  {
    limit,
    after,
    filter = {},
  }: { readonly limit: number; readonly after?: ListPosition; readonly filter?: JobFilter },
): Promise<{ readonly jobs: readonly JobSummary[]; readonly next?: ListPosition }> {
  const { operation, status, subjects = [] } = filter;
  const isFiltered = operation !== undefined || status !== undefined || subjects.length > 0;
  const wanted = subjects.map(boundSubject);
  const matches = (job: JobSummary) =>
    (status === undefined || job.status === status) &&
    wanted.every(({ name, value }) => job.subject?.name === name && job.subject.value === value);
  const found: JobSummary[] = [];
  let position = after;
  for (let queries = 0; queries < MAX_QUERIES; queries++) {
    const size = isFiltered ? JOBS_PER_QUERY : limit;
    const page = await jobs.list(owner, { limit: size, after: position, operation, status });
    const matching = (await jobs.summaries(owner, page.jobs)).filter(matches);
    const [taken, left] = [matching.slice(0, limit - found.length), matching.slice(limit - found.length)];
    found.push(...taken);
    const last = found.at(-1);
    if (left.length > 0 && last) return { jobs: found, next: positionOf(last) };
    if (!page.next) return { jobs: found };
    position = page.next;
    if (!isFiltered || found.length === limit) break;
  }
  return { jobs: found, next: position };
}

function positionOf({ jobId, createdAt }: JobSummary): ListPosition {
  return { jobId, createdAt };
}
