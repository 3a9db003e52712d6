/** Tests which jobs the operator's page lists, and in which order. */
import {
  countBy,
  filterQuery,
  isOpen,
  listedJobs,
  NO_FILTERS,
  pathOf,
  readFilters,
  statusesOf,
} from '../../../console/app/operator/job-list.ts';
import type { OperatorJob } from '../../../console/app/operator/views.ts';

const NOW = Date.parse('2026-01-01T12:00:00.000Z');
const job = (job_id: string, created_at: string, others: Partial<OperatorJob> = {}): OperatorJob => ({
  job_id,
  owner: 'ada',
  operation: 'build',
  status: 'running',
  created_at,
  expires_at: created_at,
  ...others,
});
const old = job('old', '2026-01-01T10:00:00.000Z');
const young = job('young', '2026-01-01T11:58:00.000Z');

test('the path has only filters that are set, escaped', () => {
  expect(pathOf(NO_FILTERS)).toBe('/operator/jobs?limit=100');
  const owner = 'https://id.example.com/?a=b&c#ada ';
  expect(pathOf({ ...NO_FILTERS, owner, operation: ' build ', status: 'failed' }, 'x+y')).toBe(
    `/operator/jobs?${new URLSearchParams({ limit: '100', owner: owner.trim(), operation: 'build', status: 'failed', cursor: 'x+y' })}`,
  );
});

test('the status of ended jobs is offered and sent for a named owner only', () => {
  expect(statusesOf({ owner: ' ' })).toEqual(['pending', 'running', 'input_required']);
  expect(statusesOf({ owner: 'ada' })).toContain('failed');
  expect(pathOf({ ...NO_FILTERS, status: 'failed' })).toBe('/operator/jobs?limit=100');
  expect([isOpen(old), isOpen({ status: 'cancelled' })]).toEqual([true, false]);
});

test('the oldest jobs come first, each once, and young ones are left out on request', () => {
  const listed = (olderThanMinutes: number) =>
    listedJobs([young, old, young], { olderThanMinutes }, NOW).map(({ job_id }) => job_id);
  expect(listed(0)).toEqual(['old', 'young']);
  expect(listed(5)).toEqual(['old']);
  expect(listed(120)).toEqual(['old']);
  expect(listed(121)).toEqual([]);
});

test('jobs are counted, the most frequent first', () => {
  const other = job('other', old.created_at, { owner: 'eve', operation: 'constructor' });
  expect(countBy([other, old, young], 'owner')).toEqual([
    ['ada', 2],
    ['eve', 1],
  ]);
  expect(countBy([other], 'operation')).toEqual([['constructor', 1]]);
});

test('the address keeps the filters, and an address of something else has none', () => {
  const filters = { owner: 'alice', operation: 'build', status: 'failed', olderThanMinutes: 60 } as const;
  expect(readFilters(filterQuery(filters))).toEqual(filters);
  expect(readFilters('status=lost&older_than=-1&x=y')).toEqual(NO_FILTERS);
  expect(filterQuery(NO_FILTERS)).toBe('');
});
