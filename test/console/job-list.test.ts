/** Tests the list of jobs that the console keeps, and its filters. */
import {
  appendPage,
  countByStatus,
  filterQuery,
  mergeNewest,
  NO_FILTERS,
  readFilters,
  refreshSize,
  subjectOf,
} from '../../console/app/jobs/job-list.ts';
import { parseRoute } from '../../console/app/parse-route.ts';
import type { JobSummary } from '../../console/shared/job.ts';

/** The job of second `at`; a higher number is newer. */
function job(at: number, changes: Partial<JobSummary> = {}): JobSummary {
  return {
    job_id: `job-${at}`,
    operation: 'build',
    status: 'completed',
    created_at: new Date(at * 1000).toISOString(),
    ended_at: new Date(at * 1000 + 500).toISOString(),
    expires_at: new Date(at * 1000 + 9_000).toISOString(),
    ...changes,
  };
}
const jobs = (...numbers: number[]) => numbers.map((at) => job(at));
const ids = (list: readonly JobSummary[] | undefined) => list?.map(({ job_id }) => Number(job_id.slice(4)));

describe('the newest page', () => {
  test('adds new jobs before the known ones', () => {
    expect(ids(mergeNewest(jobs(3, 2, 1), jobs(5, 4, 3), true))).toEqual([5, 4, 3, 2, 1]);
  });

  test('replaces what it has', () => {
    const running = job(2, { status: 'running' });
    expect(mergeNewest([running, job(1)], [job(2)], true)?.[0]?.status).toBe('completed');
  });

  test('removes a job that left the filter, and keeps those below the page', () => {
    expect(ids(mergeNewest(jobs(4, 3, 2, 1), jobs(4, 2), true))).toEqual([4, 2, 1]);
  });

  test('that is the end of the list removes all others', () => {
    expect(ids(mergeNewest(jobs(4, 3, 2, 1), jobs(4, 3), false))).toEqual([4, 3]);
    expect(ids(mergeNewest(jobs(4, 3), [], false))).toEqual([]);
  });

  test('of a filter that finds nothing yet keeps the list', () => {
    expect(ids(mergeNewest(jobs(2, 1), [], true))).toEqual([2, 1]);
  });

  test('without a known job may leave a gap, so that the list begins again', () => {
    expect(mergeNewest(jobs(3, 2, 1), jobs(9, 8, 7), true)).toBeUndefined();
    expect(ids(mergeNewest([], jobs(9, 8), true))).toEqual([9, 8]);
  });

  test('is as long as needed to see open jobs, between 20 and 100', () => {
    expect(refreshSize(jobs(3, 2, 1))).toBe(20);
    const many = Array.from({ length: 300 }, (_, index) => job(300 - index));
    const open = { ...job(0), status: 'running' as const, ended_at: undefined as never };
    expect(refreshSize(many.with(49, open))).toBe(50);
    expect(refreshSize(many.with(250, open))).toBe(20);
  });
});

test('an older page is added without duplicates', () => {
  expect(ids(appendPage(jobs(5, 4), jobs(4, 3)))).toEqual([5, 4, 3]);
});

test('the newest page is merged into 10,000 jobs', () => {
  const many = Array.from({ length: 10_000 }, (_, index) => job(10_000 - index));
  expect(mergeNewest(many, [job(10_001), ...many.slice(0, 99)], true)).toHaveLength(10_001);
});

test('jobs are counted by status, in the order of a life', () => {
  expect([...countByStatus([job(1), job(2), job(3, { status: 'failed' })])]).toEqual([
    ['pending', 0],
    ['running', 0],
    ['input_required', 0],
    ['completed', 2],
    ['failed', 1],
    ['cancelled', 0],
  ]);
});

test('filters are in the address, and a status that does not exist is none', () => {
  const filters = { status: 'failed', operation: 'build', subjectName: 'project', subject: 'a b&c' };
  expect(readFilters(filterQuery(filters))).toEqual(filters);
  expect(readFilters('status=constructor&limit=9&cursor=x')).toEqual(NO_FILTERS);
  expect(filterQuery(NO_FILTERS)).toBe('');
});

test('the subject of a job is the property that its operation names', () => {
  const operation = { name: 'build', title: 'Build', subject: 'project' };
  expect(subjectOf({ project: 'web' }, operation)).toBe('web');
  expect(subjectOf({ project: 7 }, operation)).toBeUndefined();
  expect(subjectOf({ project: 'web' }, undefined)).toBeUndefined();
});

test.each([
  ['', { page: 'jobs', query: '' }],
  ['#/', { page: 'jobs', query: '' }],
  ['#/jobs?status=failed&x=?', { page: 'jobs', query: 'status=failed&x=?' }],
  ['#/jobs/a%2Fb', { page: 'jobs', id: 'a/b', query: '' }],
  ['#/jobs/%zz', { page: 'jobs', id: '%zz', query: '' }],
  ['#/deliveries/1.2.3?x=1', { page: 'deliveries', id: '1.2.3', query: 'x=1' }],
])('the address %s', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route);
});
