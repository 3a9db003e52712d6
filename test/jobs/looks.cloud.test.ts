/** Tests which requests are a look at a job: its record then says so, and is the same otherwise. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Job } from '../../lambdas/jobs/job.ts';
import { JobStore } from '../../lambdas/jobs/job-store.ts';
import type { LocalCloud } from '../../local/cloud.ts';
import { apiClient } from '../support/openapi.ts';
import { legacy, modern } from '../support/rpc.ts';
import { sharedCloud, sharedUser } from '../support/shared-cloud.ts';
import { awsClients } from '../support/test-cloud.ts';

/** Steps wrote the job's record this long ago. */
const AGE_MS = 5_000;

let cloud: LocalCloud;
let dynamodb: DynamoDBClient;
let owner: string;

beforeAll(async () => {
  cloud = await sharedCloud();
  ({ dynamodb } = awsClients(cloud));
  owner = `arn:aws:iam::000000000000:user/${sharedUser('ada')}`;
});
afterAll(() => dynamodb.destroy());

function store(now: () => number): JobStore {
  return new JobStore({ client: dynamodb, tableName: cloud.outputs.JobsTableName ?? '', now });
}

/** A job whose only step runs, without an execution. */
async function runningJob() {
  const jobs = store(() => Date.now() - AGE_MS);
  const { job } = await jobs.create({
    jobId: randomUUID(),
    owner,
    operation: 'echo',
    input: {},
    inputHash: '',
    retentionSeconds: 60,
    longestRunMs: 60_000,
  });
  return jobs.begin(job.jobId, {
    step: 'echo',
    progress: 0,
    lease: 'a',
    stepFunction: { memoryMb: 512 },
  });
}

/** Returns the record once a look is on it: a slow function does not wait for the write. */
async function untilWatched(jobId: string): Promise<Partial<Job>> {
  for (;;) {
    const job = await store(Date.now).find(jobId);
    if (job?.watchedUntil !== undefined) return job;
    await delay(20);
  }
}

const check = (args: object) => (job_id: string) =>
  modern(cloud, 'tools/call', { name: 'check_job', arguments: { job_id, ...args } }, { capabilities: {} });

const LOOKS: Readonly<Record<string, (jobId: string) => Promise<unknown>>> = {
  check_job: check({}),
  'check_job that waits': check({ wait_seconds: 1 }),
  'tasks/get of 2025-11-25': (taskId) => legacy(cloud, 'tasks/get', { taskId }),
  'tasks/get of 2026-07-28': (taskId) => modern(cloud, 'tasks/get', { taskId }),
  'GET /jobs/{job_id}': (jobId) => apiClient(cloud, 'ada')(`GET /jobs/${jobId}`),
  read_log: (job_id) =>
    modern(cloud, 'tools/call', { name: 'read_log', arguments: { job_id } }, { capabilities: {} }),
  'the log as a resource': (jobId) => modern(cloud, 'resources/read', { uri: `job://${jobId}/log` }),
  'GET /jobs/{job_id}/log': (jobId) => apiClient(cloud, 'ada')(`GET /jobs/${jobId}/log`),
  'GET /operator/jobs/{job_id}': (jobId) => apiClient(cloud, 'operator')(`GET /operator/jobs/${jobId}`),
};

test.each(Object.keys(LOOKS))(
  '%s is a look, written once a minute and without a change otherwise',
  async (name) => {
    const before = await runningJob();
    const { jobId } = before;
    await LOOKS[name]?.(jobId);
    const { watchedUntil, ...after } = await untilWatched(jobId);
    expect(watchedUntil).toBeGreaterThan(Date.now() + 60_000);
    expect(after).toEqual(before);
    await LOOKS[name]?.(jobId);
    expect(await store(Date.now).find(jobId)).toEqual({ ...before, watchedUntil });
    await store(Date.now).cancel(owner, before);
    expect(await store(Date.now).find(jobId)).not.toHaveProperty('watchedUntil');
  },
);

test('a list of jobs, and the poll of another owner, are no looks', async () => {
  const before = await runningJob();
  const { jobId } = before;
  await apiClient(cloud, 'ada')('GET /jobs');
  await apiClient(cloud, 'mallory')(`GET /jobs/${jobId}`);
  await legacy(cloud, 'tasks/get', { taskId: jobId }, { owner: 'mallory' });
  expect(await store(Date.now).find(jobId)).toEqual(before);
  await store(Date.now).cancel(owner, before);
});

test('the jobs of a client that polls for progress events are watched from their start', async () => {
  const { error } = await modern(cloud, 'events/poll', { name: 'job.progress', cursor: null });
  expect(error).toBeUndefined();
  const before = await runningJob();
  // The events function hears of the start from the table's stream.
  expect(await untilWatched(before.jobId)).toEqual({ ...before, watchedUntil: expect.any(Number) });
  await store(Date.now).cancel(owner, before);
});
