import { randomUUID } from 'node:crypto';
import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { hashInput, type Job, type JobSummary, jobIdForKey } from '../../lambdas/jobs/job.ts';
import { JobStore, type ListPosition, type NewJob, TransitionRefused } from '../../lambdas/jobs/job-store.ts';
import { JobsTable } from '../../lambdas/jobs/jobs-table.ts';
import { type JobFilter, listJobs } from '../../lambdas/jobs/list-jobs.ts';
import { startJobsTable, TABLE_NAME } from '../support/jobs-table.ts';

let table: Awaited<ReturnType<typeof startJobsTable>>;
let now = Date.parse('2026-01-01T00:00:00.000Z');
let jobs: JobStore;

beforeAll(async () => {
  table = await startJobsTable();
  jobs = new JobStore({ client: table.client, tableName: TABLE_NAME, now: () => now });
});
afterAll(() => table.close());

const HOUR_MS = 3_600_000;

function newJob(overrides: Partial<NewJob> = {}): NewJob {
  return {
    jobId: randomUUID(),
    owner: 'alice',
    operation: 'build',
    input: { project: 'x' },
    inputHash: hashInput({ project: 'x' }),
    retentionSeconds: 3_600,
    longestRunMs: HOUR_MS,
    ...overrides,
  };
}

async function createJob(overrides: Partial<NewJob> = {}): Promise<Job> {
  return (await jobs.create(newJob(overrides))).job;
}

/** The record as DynamoDB has it, with what no reader is shown. */
async function record(jobId: string) {
  const { Item } = await table.client.send(
    new GetItemCommand({ TableName: TABLE_NAME, Key: { jobId: { S: jobId } } }),
  );
  return Item && unmarshall(Item);
}

async function openJobIds(): Promise<string[]> {
  const { Items = [] } = await table.client.send(
    new QueryCommand({
      TableName: TABLE_NAME,
      IndexName: JobsTable.openIndex.name,
      KeyConditionExpression: 'openOwner = :owner',
      ExpressionAttributeValues: { ':owner': { S: 'alice' } },
    }),
  );
  return Items.map((item) => unmarshall(item).jobId);
}

const failure = { code: 'SCRIPT_FAILED', message: 'It failed.', retryable: false } as const;

test('a job goes from pending over running to completed, and each write is one version', async () => {
  const { jobId } = await createJob();
  expect(await jobs.get('alice', jobId)).toMatchObject({ status: 'pending', version: 1, progress: 0 });
  await jobs.begin(jobId, { step: 'install', progress: 0, lease: 'a' });
  await jobs.report(jobId, 'a', { progress: 0.1, message: 'Unpacked.' });
  await jobs.begin(jobId, { step: 'compile', progress: 0.5, lease: 'b' });
  const job = await jobs.complete(jobId, 'b', { result: { artifact: '/builds/x.tar.gz' } }, 3_600);
  expect(job).toMatchObject({ status: 'completed', version: 5, progress: 1, step: 'compile' });
  expect(await jobs.get('alice', jobId)).toEqual(
    expect.objectContaining({ result: { artifact: '/builds/x.tar.gz' } }),
  );
});

test('the time of expiry is a backstop at first, and moves to the end plus the retention', async () => {
  const { jobId, expiresAt } = await createJob({ retentionSeconds: 600 });
  expect(expiresAt).toBe((now + HOUR_MS) / 1000 + 600);
  now += 10_000;
  const job = await jobs.cancel('alice', { jobId, retentionSeconds: 600 });
  expect(job.expiresAt).toBe(now / 1000 + 600);
});

test('a job past its expiry is gone for every reader, though DynamoDB has not deleted it', async () => {
  const { jobId } = await createJob({ owner: 'gone', retentionSeconds: 60 });
  await jobs.cancel('gone', { jobId, retentionSeconds: 60 });
  now += 61_000;
  expect(await jobs.get('gone', jobId)).toBeUndefined();
  expect((await jobs.list('gone', { limit: 10 })).jobs).toEqual([]);
  expect(await record(jobId)).toBeDefined();
});

test("somebody else's job is not found, not listed and not cancelled", async () => {
  const job = await createJob();
  expect(await jobs.get('mallory', job.jobId)).toBeUndefined();
  expect((await jobs.list('mallory', { limit: 10 })).jobs).toEqual([]);
  await expect(jobs.cancel('mallory', job)).rejects.toMatchObject({
    name: 'TransitionRefused',
    job: undefined,
  });
  expect(await jobs.get('alice', job.jobId)).toMatchObject({ status: 'pending', version: 1 });
});

test.each(['completed', 'failed', 'cancelled'] as const)('nothing follows %s', async (status) => {
  const job = await createJob();
  const { jobId } = job;
  await jobs.begin(jobId, { step: 'install', progress: 0, lease: 'a' });
  if (status === 'completed') await jobs.complete(jobId, 'a', { result: null }, 60);
  if (status === 'failed') await jobs.fail(jobId, failure, { lease: 'a', retentionSeconds: 60 });
  if (status === 'cancelled') await jobs.cancel('alice', job);
  const before = await record(jobId);

  const later = [
    jobs.begin(jobId, { step: 'test', progress: 1, lease: 'b' }),
    jobs.report(jobId, 'a', { progress: 1 }),
    jobs.complete(jobId, 'a', { result: 1 }, 60),
    jobs.fail(jobId, failure, { retentionSeconds: 60 }),
    jobs.cancel('alice', job),
  ];
  const outcomes = await Promise.allSettled(later);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: expect.any(TransitionRefused) });
  expect(await record(jobId)).toEqual(before);
});

test('an invocation that lost the job to a later one writes nothing any more', async () => {
  const { jobId } = await createJob();
  await jobs.begin(jobId, { step: 'install', progress: 0, lease: 'first' });
  await jobs.begin(jobId, { step: 'install', progress: 0, lease: 'second' });
  expect(await jobs.readLease(jobId, 'first')).toBeUndefined();
  expect(await jobs.readLease(jobId, 'second')).toBeDefined();
  await expect(jobs.report(jobId, 'first', { progress: 0.9 })).rejects.toThrow(TransitionRefused);
  await expect(jobs.complete(jobId, 'first', { result: 1 }, 60)).rejects.toThrow(TransitionRefused);
  await expect(jobs.fail(jobId, failure, { lease: 'first', retentionSeconds: 60 })).rejects.toThrow(
    TransitionRefused,
  );
});

test('an attempt after a crash keeps the progress that the one before had reached', async () => {
  const { jobId } = await createJob();
  await jobs.begin(jobId, { step: 'install', progress: 0, lease: 'first' });
  await jobs.report(jobId, 'first', { progress: 0.2 });
  const job = await jobs.begin(jobId, { step: 'install', progress: 0, lease: 'second' });
  expect(job.progress).toBe(0.2);
  await expect(jobs.report(jobId, 'second', { progress: 0.1 })).rejects.toThrow(TransitionRefused);
});

test('the same idempotency key gives the same job, also when called twenty times at once', async () => {
  const jobId = jobIdForKey('alice', 'build', 'key-1');
  const calls = Array.from({ length: 20 }, () => jobs.create(newJob({ jobId, idempotent: true })));
  const answers = await Promise.all(calls);
  expect(answers.filter(({ created }) => created)).toHaveLength(1);
  expect(new Set(answers.map(({ job }) => job.jobId))).toEqual(new Set([jobId]));
});

test('an idempotency key with other input is refused, and the first job stays as it was', async () => {
  const jobId = jobIdForKey('alice', 'build', 'key-2');
  await jobs.create(newJob({ jobId }));
  const before = await record(jobId);
  const other = newJob({ jobId, input: { project: 'y' }, inputHash: hashInput({ project: 'y' }) });
  await expect(jobs.create(other)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect(await record(jobId)).toEqual(before);
});

test('an idempotency key may be used again once its job has expired, and the execution gets another name', async () => {
  const jobId = jobIdForKey('alice', 'build', 'key-3');
  const first = await createJob({ jobId, idempotent: true, retentionSeconds: 60 });
  now += HOUR_MS + 61_000;
  const { job, created } = await jobs.create(newJob({ jobId, idempotent: true }));
  expect(created).toBe(true);
  expect(job.createdAt).not.toBe(first.createdAt);
});

test('keys of other owners and operations give other ids', () => {
  const ids = [
    jobIdForKey('alice', 'build', 'k'),
    jobIdForKey('bob', 'build', 'k'),
    jobIdForKey('alice', 'deploy', 'k'),
    jobIdForKey('alice', 'build', 'k2'),
    // Parts that would run together if they were simply joined.
    jobIdForKey('alicebuild', '', 'k'),
  ];
  expect(new Set(ids).size).toBe(ids.length);
});

test('a listing is the newest first, in pages that together hold each job once', async () => {
  const ids: string[] = [];
  for (let index = 0; index < 7; index++) {
    // Two by two at the same millisecond: the position must tell them apart.
    if (index % 2 === 0) now += 1_000;
    ids.push((await createJob({ owner: 'pager' })).jobId);
  }
  const seen: string[] = [];
  let after: Parameters<JobStore['list']>[1]['after'];
  do {
    const page = await jobs.list('pager', { limit: 2, after });
    seen.push(...page.jobs.map(({ jobId }) => jobId));
    after = page.next;
  } while (after);
  expect([...seen].sort()).toEqual([...ids].sort());
  expect(seen[0]).toBe(ids.at(-1));
});

test('a filtered list finds each job once, whatever the size of its pages', async () => {
  const expected: string[] = [];
  for (let index = 0; index < 12; index++) {
    if (index % 3 === 0) now += 1_000;
    const subject = { name: 'project', value: index % 2 ? 'web' : 'shop' };
    const job = await createJob({ owner: 'filterer', operation: index % 4 ? 'build' : 'deploy', subject });
    if (index % 3 === 1) await jobs.begin(job.jobId, { step: 'install', progress: 0, lease: 'a' });
    if (index % 3 === 2) await jobs.cancel('filterer', job);
    if (index % 2) expected.push(job.jobId);
  }
  const read = async (filter: JobFilter, limit: number) => {
    const pages: JobSummary[][] = [];
    let after: ListPosition | undefined;
    do {
      const page = await listJobs(jobs, 'filterer', { limit, after, filter });
      pages.push([...page.jobs]);
      after = page.next;
    } while (after);
    return pages;
  };
  for (const limit of [1, 2, 5, 6, 100]) {
    const pages = await read({ subjects: [{ name: 'project', value: 'web' }] }, limit);
    expect(pages.every((page) => page.length <= limit)).toBe(true);
    expect(
      pages
        .flat()
        .map(({ jobId }) => jobId)
        .sort(),
    ).toEqual([...expected].sort());
  }
  expect((await read({ operation: 'deploy' }, 2)).flat()).toHaveLength(3);
  const [running] = await read({ status: 'running', operation: 'build' }, 100);
  expect(running).toMatchObject([
    { status: 'running', startedAt: expect.any(String), subject: { name: 'project' } },
    { status: 'running' },
    { status: 'running' },
  ]);
  expect(await read({ subjects: [{ name: 'table', value: 'web' }] }, 2)).toEqual([[]]);
  expect(await jobs.summaries('mallory', running ?? [])).toEqual([]);
});

test('the open index holds a job from its creation to its end', async () => {
  const job = await createJob();
  expect(await openJobIds()).toContain(job.jobId);
  await jobs.begin(job.jobId, { step: 'install', progress: 0, lease: 'a' });
  expect(await openJobIds()).toContain(job.jobId);
  await jobs.cancel('alice', job);
  expect(await openJobIds()).not.toContain(job.jobId);
  expect(await record(job.jobId)).not.toHaveProperty('openOwner');
});

describe('the timeline', () => {
  const step = 'compile';

  test('is written by the writes of the job, in their order', async () => {
    const { jobId } = await createJob();
    const times: number[] = [];
    const tick = () => {
      now += 1_000;
      times.push(now);
    };
    tick();
    await jobs.begin(jobId, { step: 'install', progress: 0, lease: 'a' });
    tick();
    const ended = { step: 'install', ended: now - 500 };
    await jobs.begin(jobId, { step, progress: 0.5, lease: 'b', ended });
    tick();
    await jobs.recordFailedAttempt(jobId, 'b', { step, code: 'FAILED', message: 'No.' });
    tick();
    const job = await jobs.begin(jobId, { step, progress: 0.5, lease: 'c' });
    tick();
    await jobs.requireInput(job, 'd', { step, inputRequests: {}, taskToken: 'token', message: 'May it?' });
    const waiting = (await jobs.get('alice', jobId)) as Job;
    tick();
    const resumed = await jobs.answer(waiting, {}, true);
    expect(resumed.timeline).toEqual([
      { step: 'install', began: times[0] },
      ended,
      { step, began: times[1] },
      { step, failed: times[2], code: 'FAILED', message: 'No.' },
      { step, began: times[3] },
      { step, asked: times[4] },
      { step, answered: times[5] },
    ]);
    expect(resumed.version).toBe(7);
  });

  test('has no attempt for a step that goes on after an API call, and no answer before the last', async () => {
    const { jobId } = await createJob();
    await jobs.begin(jobId, { step, progress: 0, lease: 'a' });
    const { timeline } = await jobs.begin(jobId, { step, progress: 0, lease: 'b', continues: true });
    expect(timeline).toHaveLength(1);
    const job = (await jobs.get('alice', jobId)) as Job;
    await jobs.requireInput(job, 'c', { step, inputRequests: {}, taskToken: 'token', message: 'May it?' });
    const waiting = (await jobs.get('alice', jobId)) as Job;
    expect((await jobs.answer(waiting, {}, false)).timeline).toHaveLength(2);
  });

  test('has clean and short errors', async () => {
    const { jobId } = await createJob();
    await jobs.begin(jobId, { step, progress: 0, lease: 'a' });
    await jobs.recordFailedAttempt(jobId, 'a', {
      step,
      code: 'X',
      message: `\u001b[31m${'x'.repeat(300_000)}`,
    });
    const { timeline = [] } = (await jobs.get('alice', jobId)) as Job;
    expect(timeline[1]).toMatchObject({ code: 'X', message: expect.stringMatching(/^x{1,199}…$/) });
  });

  test('records a failure once, and its use, when the end is repeated', async () => {
    const { jobId } = await createJob();
    await jobs.begin(jobId, { step, progress: 0, lease: 'a' });
    const failure = { step, code: 'FAILED', message: 'No.', used: { puts: 2 } };
    await jobs.recordFailedAttempt(jobId, 'a', failure);
    const once = await jobs.get('alice', jobId);
    await jobs.recordFailedAttempt(jobId, 'a', failure);
    expect(await jobs.get('alice', jobId)).toEqual(once);
  });

  test('records no failure of an attempt that another one has replaced', async () => {
    const { jobId } = await createJob();
    await jobs.begin(jobId, { step, progress: 0, lease: 'a' });
    await jobs.begin(jobId, { step, progress: 0, lease: 'b' });
    const late = jobs.recordFailedAttempt(jobId, 'a', { step, code: 'FAILED', message: 'No.' });
    await expect(late).rejects.toThrow(TransitionRefused);
  });

  test('stays below 4 KiB over thirty attempts, and keeps the first and the latest ones', async () => {
    const { jobId } = await createJob();
    const started = now;
    for (let attempt = 0; attempt < 30; attempt++) {
      now += 1_000;
      const begun = await jobs.begin(jobId, { step, progress: 0, lease: `${attempt}` });
      await jobs.recordFailedAttempt(jobId, `${attempt}`, { step, code: 'FAILED', message: 'x'.repeat(500) });
      const stored = { timeline: begun.timeline, timelineBytes: begun.timelineBytes };
      expect(Buffer.byteLength(JSON.stringify(stored))).toBeLessThan(4_096);
    }
    const { version, timeline = [] } = (await jobs.get('alice', jobId)) as Job;
    expect(version).toBe(61);
    const begins = timeline.flatMap((event) => ('began' in event ? event.began : []));
    expect([begins[0], begins.at(-1)]).toEqual([started + 1_000, now]);
    expect(timeline).toContainEqual({ step, omitted: 30 - begins.length });
  });

  test('of an external state machine replaces the recorded one, and is bounded', async () => {
    const job = await createJob();
    const timeline = Array.from({ length: 300 }, (_, index) => ({ step: `s${index}`, began: index }));
    const seen = { step: 's299', progress: 0.5, message: 'Running s299.', timeline };
    const updated = await jobs.recordProgress(job, seen);
    expect(updated.timeline).toEqual(timeline.slice(-(updated.timeline?.length ?? 0)));
    const ended = await jobs.complete(
      job.jobId,
      undefined,
      { result: 1, timeline: timeline.slice(0, 2) },
      60,
    );
    expect(ended).toMatchObject({ timeline: timeline.slice(0, 2), timelineBytes: 48 });
  });

  test('of a job that began before there was one has what follows', async () => {
    const { jobId } = await createJob();
    await jobs.begin(jobId, { step, progress: 0, lease: 'a', continues: true });
    expect(await record(jobId)).not.toHaveProperty('timeline');
    const { timeline } = await jobs.begin(jobId, { step: 'test', progress: 0.5, lease: 'b' });
    expect(timeline).toEqual([{ step: 'test', began: now }]);
  });
});
