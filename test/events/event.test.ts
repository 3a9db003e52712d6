import { eventOf } from '../../lambdas/events/event.ts';
import { type Job, JobStatus } from '../../lambdas/jobs/job.ts';

const created: Job = {
  jobId: '7d5fbf9e-2f0c-4c35-9e63-1c0b0f8f6a11',
  owner: 'alice',
  operation: 'build',
  status: JobStatus.pending,
  version: 1,
  progress: 0,
  input: { project: 'x' },
  inputHash: '',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
  retentionSeconds: 60,
  expiresAt: 2_000_000_000,
};
const next = (before: Job, changes: Partial<Job>): Job => ({
  ...before,
  version: before.version + 1,
  ...changes,
});
const running = next(created, { status: JobStatus.running, updatedAt: '2026-01-01T00:00:01.500Z' });

test('a new record gives job.created', () => {
  expect(eventOf(undefined, created)).toMatchObject({
    id: `${created.jobId}.1`,
    type: 'job.created',
    timestamp: created.updatedAt,
    data: { job_id: created.jobId, status: 'pending' },
  });
});

test('a record that replaces an expired one gives job.created', () => {
  const before = next(running, { status: JobStatus.completed, createdAt: '2025-12-30T00:00:00.000Z' });
  expect(eventOf(before, created)?.type).toBe('job.created');
});

test.each([
  [created, next(created, { status: JobStatus.running }), 'job.started'],
  [running, next(running, { status: JobStatus.inputRequired }), 'job.input_required'],
  [next(running, { status: JobStatus.inputRequired }), next(running, {}), 'job.progress'],
  [running, next(running, { status: JobStatus.completed }), 'job.completed'],
  [running, next(running, { status: JobStatus.failed }), 'job.failed'],
  [created, next(created, { status: JobStatus.failed }), 'job.failed'],
  [created, next(created, { status: JobStatus.cancelled }), 'job.cancelled'],
])('from %# it is %s', (before, after, type) => {
  expect(eventOf(before, after)).toMatchObject({ type, id: `${after.jobId}.${after.version}` });
});

test('progress gives at most one event a second', () => {
  expect(eventOf(running, next(running, { updatedAt: '2026-01-01T00:00:01.999Z' }))).toBeUndefined();
  expect(eventOf(running, next(running, { updatedAt: '2026-01-01T00:00:02.000Z' }))?.type).toBe(
    'job.progress',
  );
});

test('the same change always gives the same event', () => {
  const after = next(running, { status: JobStatus.completed, result: { n: 1 } });
  expect(eventOf(running, after)).toEqual(eventOf(structuredClone(running), structuredClone(after)));
});

test('an event has a large result by pointer and no internal attributes', () => {
  const resultObject = { key: 'results/x.json', size: 100_000, sha256: 'ab' };
  const event = eventOf(running, next(running, { status: JobStatus.completed, resultObject }));
  expect(event?.data).toMatchObject({ result: null, result_object: resultObject });
  expect(JSON.stringify(event)).not.toMatch(/alice|inputHash|lease|openOwner/);
});
