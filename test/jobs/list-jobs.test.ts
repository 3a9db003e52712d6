/** Tests how many reads a list makes, and where it continues. */
import type { JobSummary } from '../../lambdas/jobs/job.ts';
import type { ListPosition } from '../../lambdas/jobs/job-store.ts';
import { listJobs } from '../../lambdas/jobs/list-jobs.ts';

const about = (value: string) => ({ subjects: [{ name: 'project', value }] });

/** A store with jobs, the newest first, of which each third is about `web`. */
function storeOf(count: number) {
  const all = Array.from({ length: count }, (_, index): JobSummary => {
    const subject = { name: 'project', value: index % 3 === 0 ? 'web' : 'shop' };
    return { jobId: `${index}`, operation: 'build', status: 'running', createdAt: '', expiresAt: 0, subject };
  });
  const sizes: number[] = [];
  return {
    sizes,
    async list(_owner: string, { limit, after }: { readonly limit: number; readonly after?: ListPosition }) {
      sizes.push(limit);
      const start = after ? Number(after.jobId) + 1 : 0;
      const jobs = all.slice(start, start + limit).map(({ subject: _, ...job }) => job);
      const last = jobs.at(-1);
      // Like DynamoDB, it may say that there is more when there is not.
      return { jobs, ...(last && jobs.length === limit && { next: { jobId: last.jobId, createdAt: '' } }) };
    },
    summaries: async (_owner: string, jobs: readonly Pick<JobSummary, 'jobId'>[]) =>
      jobs.flatMap(({ jobId }) => all[Number(jobId)] ?? []),
  };
}

test('without a filter it is one query of the page', async () => {
  const store = storeOf(30);
  expect(await listJobs(store, 'alice', { limit: 20 })).toMatchObject({ next: { jobId: '19' } });
  expect(store.sizes).toEqual([20]);
});

test('with a filter it stops when the page is full, and continues after its last job', async () => {
  const store = storeOf(1_000);
  const { jobs, next } = await listJobs(store, 'alice', { limit: 40, filter: about('web') });
  expect([jobs.length, next?.jobId]).toEqual([40, '117']);
  expect(store.sizes).toEqual([100, 100]);
});

test('a full page at the end of the jobs is the last one', async () => {
  const { jobs, next } = await listJobs(storeOf(7), 'alice', { limit: 3, filter: about('web') });
  expect([jobs.length, next]).toEqual([3, undefined]);
});

test('a filter that nothing matches reads a thousand jobs, and continues there', async () => {
  const store = storeOf(1_500);
  const first = await listJobs(store, 'alice', { limit: 20, filter: about('none') });
  expect([first.jobs, first.next?.jobId]).toEqual([[], '999']);
  expect(store.sizes).toHaveLength(10);
  expect(await listJobs(store, 'alice', { limit: 20, after: first.next, filter: about('none') })).toEqual({
    jobs: [],
  });
});

test('a filter is compared like the value on the record: as one line', async () => {
  expect((await listJobs(storeOf(3), 'alice', { limit: 20, filter: about(' web\n') })).jobs).toHaveLength(1);
});
