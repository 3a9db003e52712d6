/** Promises about every job, whatever happens to it: checked over random sequences of writes on a real table. */
import { randomUUID } from 'node:crypto';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import fc from 'fast-check';
import { isTerminal, type Job } from '../../lambdas/jobs/job.ts';
import { JobStore, TransitionRefused } from '../../lambdas/jobs/job-store.ts';
import { timelineBytes } from '../../lambdas/jobs/timeline.ts';
import { startJobsTable, TABLE_NAME } from '../support/jobs-table.ts';

let table: Awaited<ReturnType<typeof startJobsTable>>;
let jobs: JobStore;

beforeAll(async () => {
  table = await startJobsTable();
  jobs = new JobStore({ client: table.client, tableName: TABLE_NAME });
});
afterAll(() => table.close());

const progress = fc.double({ min: 0, max: 1, noNaN: true }).map((value) => Number(value.toFixed(6)));
const lease = fc.constantFrom('a', 'b', 'c');
const write = fc.oneof(
  fc.record({ kind: fc.constant('begin' as const), lease, progress }),
  fc.record({ kind: fc.constant('report' as const), lease, progress }),
  fc.record({ kind: fc.constant('report' as const), lease, progress }),
  fc.record({ kind: fc.constant('complete' as const), lease, progress }),
  fc.record({ kind: fc.constant('fail' as const), lease: fc.option(lease, { nil: undefined }), progress }),
  fc.record({ kind: fc.constant('ask' as const), lease, progress, stale: fc.boolean() }),
  fc.record({ kind: fc.constant('answer' as const), complete: fc.boolean(), progress }),
  fc.record({ kind: fc.constant('refuse' as const), lease, progress }),
  fc.record({ kind: fc.constant('cancel' as const), owner: fc.constantFrom('alice', 'mallory'), progress }),
);
type Write = typeof write extends fc.Arbitrary<infer T> ? T : never;

/** @param current the job as it is. @default read from the table */
async function apply(jobId: string, action: Write, current?: Job): Promise<unknown> {
  const { version, owner, step } = current ?? (await read(jobId));
  switch (action.kind) {
    case 'ask':
      return jobs.requireInput({ jobId, version: action.stale ? version - 1 : version }, action.lease, {
        step: 'install',
        inputRequests: {},
        taskToken: 'token',
        message: 'May it?',
      });
    case 'answer':
      return jobs.answer({ jobId, version, owner, step }, {}, action.complete);
    case 'refuse':
      return jobs.refuse(jobId, action.lease, { message: 'No.' }, 60);
    case 'begin':
      return jobs.begin(jobId, { step: 'install', progress: action.progress, lease: action.lease });
    case 'report':
      return jobs.report(jobId, action.lease, { progress: action.progress });
    case 'complete':
      return jobs.complete(jobId, action.lease, { result: null }, 60);
    case 'fail':
      return jobs.fail(
        jobId,
        { code: 'SCRIPT_FAILED', message: 'It failed.', retryable: false },
        { lease: action.lease, retentionSeconds: 60 },
      );
    case 'cancel':
      return jobs.cancel(action.owner, { jobId, retentionSeconds: 60 });
  }
}

async function read(jobId: string): Promise<Job> {
  const { Item } = await table.client.send(
    new GetItemCommand({ TableName: TABLE_NAME, Key: { jobId: { S: jobId } }, ConsistentRead: true }),
  );
  return unmarshall(Item ?? {}) as Job;
}

async function createJob(): Promise<Job> {
  const { job } = await jobs.create({
    jobId: randomUUID(),
    owner: 'alice',
    operation: 'build',
    input: {},
    inputHash: '',
    retentionSeconds: 60,
    longestRunMs: 1_000,
  });
  return job;
}

test('a terminal status never changes, progress never falls, and the version grows by one at each write', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 15 }), async (writes) => {
      const { jobId } = await createJob();
      let before = await read(jobId);
      for (const action of writes) {
        const refused = await apply(jobId, action, before).then(
          () => false,
          (error) => {
            if (!(error instanceof TransitionRefused)) throw error;
            return true;
          },
        );
        const after = await read(jobId);
        if (refused || isTerminal(before.status)) expect(after).toEqual(before);
        else expect(after.version).toBe(before.version + 1);
        expect(after.progress).toBeGreaterThanOrEqual(before.progress);
        expect(isTerminal(after.status)).toBe('endedAt' in after);
        expect(isTerminal(after.status)).toBe(!('openOwner' in after));
        if (isTerminal(after.status)) expect(Object.keys(after)).not.toContain('taskToken');
        expect(timelineBytes(after.timeline ?? [])).toBe(after.timelineBytes ?? 0);
        before = after;
      }
    }),
    { numRuns: 80 },
  );
});

test('of writes that race, each that succeeds is one version, and one ending wins', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(write, { minLength: 2, maxLength: 12 }), async (writes) => {
      const { jobId } = await createJob();
      const outcomes = await Promise.allSettled(writes.map((action) => apply(jobId, action)));
      const succeeded = outcomes.filter(({ status }) => status === 'fulfilled').length;
      const endings = writes.filter(
        ({ kind }, index) =>
          ['complete', 'fail', 'cancel', 'refuse'].includes(kind) && outcomes[index]?.status === 'fulfilled',
      );
      expect((await read(jobId)).version).toBe(1 + succeeded);
      expect(endings.length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 40 },
  );
});
