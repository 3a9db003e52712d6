/** Tests which attributes of a job clients see, and under which names. */
import type { Job } from '../../lambdas/jobs/job.ts';
import {
  RESERVED_SUBJECTS,
  viewJob,
  viewQuestion,
  viewSummary,
  viewUpload,
} from '../../lambdas/jobs/job-view.ts';

const job: Job = {
  jobId: '7d5fbf9e-0000-4000-8000-000000000001',
  owner: 'alice',
  operation: 'build',
  status: 'pending',
  version: 1,
  progress: 0,
  input: {},
  inputHash: '',
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:01.000Z',
  retentionSeconds: 60,
  expiresAt: 1_767_225_660,
};
const form = { step: 'ask', message: 'Which?', schema: { type: 'object' } } as const;
const page = { step: 'ask', message: 'Sign in.', url: 'https://example.com/' } as const;
const file = { step: 'take', message: 'A file.', upload: { key: 'uploads/x', maxBytes: 5 } } as const;

test('a new job shows its times, no result and when to poll', () => {
  expect(viewJob(job)).toEqual({
    job_id: job.jobId,
    operation: 'build',
    status: 'pending',
    progress: 0,
    result: null,
    error: null,
    created_at: job.createdAt,
    updated_at: job.updatedAt,
    expires_at: '2026-01-01T00:01:00.000Z',
    poll_after_ms: 2_000,
  });
});

test('a better estimate replaces the poll interval', () => {
  expect(viewJob(job, 700).poll_after_ms).toBe(700);
});

test('a running job shows its step, its message and its start', () => {
  const running = {
    ...job,
    status: 'running',
    step: 'test',
    message: 'Testing.',
    startedAt: job.updatedAt,
  } as const;
  expect(viewJob(running)).toMatchObject({ step: 'test', message: 'Testing.', started_at: job.updatedAt });
});

test('a job that needs input shows its open requests', () => {
  const waiting: Job = {
    ...job,
    status: 'input_required',
    inputRequests: { form, page, file, old: form },
    answers: { old: { action: 'decline' } },
  };
  expect(viewJob(waiting).input_requests).toEqual({
    form: { message: 'Which?', schema: { type: 'object' } },
    page: { message: 'Sign in.', url: 'https://example.com/' },
    file: { message: 'A file.', upload: { method: 'PUT', max_bytes: 5 } },
  });
});

test('a job shows no requests in any other status', () => {
  expect(viewJob({ ...job, status: 'running', inputRequests: { form } })).not.toHaveProperty(
    'input_requests',
  );
});

test('a completed job shows its result and its end, and nothing to poll', () => {
  const completed = { ...job, status: 'completed', result: { x: 1 }, endedAt: job.updatedAt } as const;
  const view = viewJob(completed);
  expect(view).toMatchObject({ result: { x: 1 }, ended_at: job.updatedAt });
  expect(view).not.toHaveProperty('poll_after_ms');
  expect(view).not.toHaveProperty('result_object');
});

test('a large result shows its location', () => {
  const resultObject = { key: 'results/x', size: 5, sha256: 'ab' };
  expect(viewJob({ ...job, status: 'completed', resultObject })).toMatchObject({
    result: null,
    result_object: resultObject,
  });
});

test('a failed job shows its error and its last log lines', () => {
  const error = { code: 'STEP_CRASHED', message: 'It crashed.', retryable: true };
  expect(viewJob({ ...job, status: 'failed', error, logTail: ['one'] })).toMatchObject({
    error,
    log_tail: ['one'],
  });
});

test.each([
  ['a failed job without a log', { status: 'failed' }],
  ['a failed job with an empty log', { status: 'failed', logTail: [] }],
  ['a running job', { status: 'running', logTail: ['one'] }],
] as const)('%s shows no log lines', (_what, changes) => {
  expect(viewJob({ ...job, ...changes })).not.toHaveProperty('log_tail');
});

test('a question shows its form or its page', () => {
  expect(viewQuestion(form)).toEqual({ message: 'Which?', schema: { type: 'object' } });
  expect(viewQuestion(page)).toEqual({ message: 'Sign in.', url: 'https://example.com/' });
});

test('an upload shows a size only when one is required', () => {
  expect(viewUpload(file).upload).toStrictEqual({ method: 'PUT', max_bytes: 5 });
  expect(viewUpload({ ...file, upload: { ...file.upload, size: 0 } }).upload).toEqual({
    method: 'PUT',
    max_bytes: 5,
    size: 0,
  });
});

test('a job shows what it is about, under the name of the input property', () => {
  const about = { ...job, subject: { name: 'project', value: 'web' } };
  expect(viewJob(about)).toMatchObject({ job_id: job.jobId, project: 'web' });
  expect(viewSummary(about)).toMatchObject({ job_id: job.jobId, project: 'web' });
});

test('no property of a job can be the name of a subject', () => {
  const full: Job = {
    ...job,
    status: 'input_required',
    step: 'ask',
    message: 'Waits.',
    inputRequests: { form },
    resultObject: { key: 'k', size: 1, sha256: '' },
    startedAt: job.createdAt,
    endedAt: job.createdAt,
  };
  const failed: Job = { ...full, status: 'failed', logTail: ['one'] };
  const names = [
    ...Object.keys(viewJob(full)),
    ...Object.keys(viewJob(failed)),
    ...Object.keys(viewSummary(full)),
  ];
  expect(names.filter((name) => !RESERVED_SUBJECTS.has(name))).toEqual([]);
});

test('a summary has the attributes of a list, and an end only after it', () => {
  const summary = {
    job_id: job.jobId,
    operation: 'build',
    status: 'pending',
    created_at: job.createdAt,
    expires_at: '2026-01-01T00:01:00.000Z',
  };
  expect(viewSummary(job)).toEqual(summary);
  expect(viewSummary({ ...job, endedAt: job.updatedAt })).toEqual({ ...summary, ended_at: job.updatedAt });
});
