/** Tests the requests that the filter form leads to. */
import {
  filterQuery,
  hasFilters,
  listPath,
  NO_FILTERS,
  readFilters,
  replayBody,
  toIso,
} from '../../../console/app/webhooks/filters.ts';

const local = '2026-01-01T12:00';
const iso = new Date(local).toISOString();

test('without filters the list has no parameters, and a replay begins at the beginning', () => {
  expect(hasFilters(NO_FILTERS)).toBe(false);
  expect(listPath('ep_1', NO_FILTERS)).toBe('/endpoints/ep_1/deliveries');
  expect(replayBody(NO_FILTERS)).toEqual({ since: '2000-01-01T00:00:00.000Z' });
});

test('the list and the replay have the same filters, in UTC and without the spaces around them', () => {
  const filters = {
    status: 'failed',
    event: 'job.failed',
    jobId: ' 7D5FBF9E-0000-4000-8000-000000000001 ',
    operation: ' build ',
    since: local,
    until: '',
  } as const;
  const wanted = {
    status: 'failed',
    event: 'job.failed',
    job_id: '7d5fbf9e-0000-4000-8000-000000000001',
    operation: 'build',
    since: iso,
  };
  expect(hasFilters(filters)).toBe(true);
  expect(replayBody(filters)).toEqual(wanted);
  const { pathname, searchParams } = new URL(listPath('ep_1', filters, 'next'), 'https://api.example');
  expect([pathname, Object.fromEntries(searchParams)]).toEqual([
    '/endpoints/ep_1/deliveries',
    { ...wanted, cursor: 'next' },
  ]);
});

test('the address keeps the filters', () => {
  const filters = {
    status: 'failed',
    event: 'job.failed',
    jobId: 'x',
    operation: '&=',
    since: local,
    until: local,
  } as const;
  expect(readFilters(filterQuery(filters))).toEqual(filters);
  expect(filterQuery(NO_FILTERS)).toBe('');
  expect(readFilters('since=soon&other=1')).toEqual(NO_FILTERS);
});

test('an id is one part of a path, and a value one parameter', () => {
  expect(listPath('../jobs?', { ...NO_FILTERS, operation: '&status=x' })).toBe(
    '/endpoints/..%2Fjobs%3F/deliveries?operation=%26status%3Dx',
  );
});

test('a date field gives UTC, and nothing for any other text', () => {
  expect([toIso(local), toIso(''), toIso('soon')]).toEqual([iso, '', '']);
});
