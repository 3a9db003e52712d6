/** Tests the list of open jobs of all owners, on a real table. */
import { randomUUID } from 'node:crypto';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { jest } from '@jest/globals';
import type { Job } from '../../lambdas/jobs/job.ts';
import { JobStore } from '../../lambdas/jobs/job-store.ts';
import { OpenJobs, type OpenPosition } from '../../lambdas/jobs/open-jobs.ts';
import { startJobsTable, TABLE_NAME } from '../support/jobs-table.ts';

let table: Awaited<ReturnType<typeof startJobsTable>>;
let jobs: JobStore;
let openJobs: OpenJobs;
let nowMs = Date.now();

beforeEach(async () => {
  table = await startJobsTable();
  const options = { client: table.client, tableName: TABLE_NAME, now: () => nowMs };
  jobs = new JobStore(options);
  openJobs = new OpenJobs(options);
});
afterEach(() => table.close());

async function start(owner: string, operation = 'build'): Promise<Job> {
  const { job } = await jobs.create({
    jobId: randomUUID(),
    owner,
    operation,
    input: { secret: 'input' },
    subject: { name: 'project', value: 'secret' },
    inputHash: '',
    retentionSeconds: 60,
    longestRunMs: 1_000,
  });
  return job;
}

async function pages(query: Omit<Parameters<OpenJobs['list']>[0], 'after'>) {
  const listed: string[][] = [];
  let after: OpenPosition | undefined;
  do {
    const page = await openJobs.list({ ...query, after });
    listed.push(page.jobs.map(({ jobId }) => jobId));
    after = page.next;
  } while (after);
  return listed;
}

const ids = (started: readonly Job[]) => started.map(({ jobId }) => jobId).sort();

test('has the open jobs of all owners, page by page, without gap or repeat', async () => {
  const started = await Promise.all(Array.from({ length: 7 }, (_, index) => start(`owner${index % 3}`)));
  const [ended, ...open] = started;
  if (ended) await jobs.cancel(ended.owner, ended);
  const listed = await pages({ limit: 2 });
  expect(listed.flat().sort()).toEqual(ids(open));
  expect(listed.every(({ length }) => length <= 2)).toBe(true);
});

test('filters by operation and status, and fills its pages', async () => {
  const builds = await Promise.all(Array.from({ length: 4 }, () => start('ada')));
  const [running] = builds;
  await Promise.all(Array.from({ length: 30 }, () => start('eve', 'deploy')));
  if (running) await jobs.begin(running.jobId, { step: 'install', progress: 0, lease: 'l' });
  const listed = await pages({ limit: 3, operation: 'build' });
  expect(listed.flat().sort()).toEqual(ids(builds));
  expect(listed[0]).toHaveLength(3);
  expect((await pages({ limit: 3, status: 'running' })).flat()).toEqual([running?.jobId]);
  expect((await pages({ limit: 3, operation: 'gone' })).flat()).toEqual([]);
});

test('reads a thousand jobs at most, and continues there', async () => {
  const send = jest.spyOn(table.client, 'send');
  await start('ada');
  send.mockImplementation((async (command: unknown) =>
    command instanceof ScanCommand
      ? {
          Items: [],
          LastEvaluatedKey: { openOwner: { S: 'ada' }, createdAt: { S: '2026' }, jobId: { S: 'x' } },
        }
      : { Responses: {} }) as never);
  const page = await openJobs.list({ limit: 1, operation: 'build' });
  expect(page).toEqual({ jobs: [], next: { owner: 'ada', createdAt: '2026', jobId: 'x' } });
  expect(send.mock.calls.filter(([command]) => (command as object) instanceof ScanCommand)).toHaveLength(10);
  send.mockRestore();
});

test('reads no content of a job, and no job that has expired', async () => {
  const { jobId } = await start('ada');
  const [job] = await openJobs.find([jobId, randomUUID()]);
  expect(job).toMatchObject({ jobId, owner: 'ada', operation: 'build', status: 'pending', progress: 0 });
  expect(JSON.stringify(job)).not.toContain('secret');
  nowMs += 3_600_000;
  expect(await openJobs.find([jobId])).toEqual([]);
  expect((await openJobs.list({ limit: 1 })).jobs).toEqual([]);
  nowMs = Date.now();
});
