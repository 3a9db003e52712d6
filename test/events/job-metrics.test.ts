/** Tests which metrics the changes of jobs give, and the documents of a batch. */
import { jest } from '@jest/globals';
import { type JobChange, jobMetricsOf, publishJobMetrics } from '../../lambdas/events/job-metrics.ts';
import type { Job } from '../../lambdas/jobs/job.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import { metricDocumentsOf, sumsOf, valuesOf } from '../support/metric-documents.ts';

const pending = {
  jobId: '11111111-1111-4111-8111-111111111111',
  owner: 'alice',
  operation: 'build',
  status: 'pending',
  version: 1,
  progress: 0,
  createdAt: '2026-01-01T00:00:00.000Z',
  updatedAt: '2026-01-01T00:00:00.000Z',
} as Job;
const running: Job = {
  ...pending,
  status: 'running',
  startedAt: '2026-01-01T00:00:01.500Z',
  step: 'compile',
};
const ended = { endedAt: '2026-01-01T00:01:00.000Z' } as const;
const failed: Job = {
  ...running,
  ...ended,
  status: 'failed',
  error: { code: 'COMPILE_FAILED', message: 'It failed.', retryable: false },
};

describe('a change gives', () => {
  test.each<[string, Job | undefined, Job, object]>([
    ['a created job', undefined, pending, { JobsCreated: 1 }],
    ['a retry', undefined, { ...pending, retriedFrom: 'earlier' }, { JobsCreated: 1, JobsRetried: 1 }],
    [
      'a created job that replaces an expired one',
      { ...failed, createdAt: '2025-12-01T00:00:00.000Z' },
      pending,
      { JobsCreated: 1 },
    ],
    ['a started job and the time before it', pending, running, { JobsStarted: 1, QueuedTime: 1_500 }],
    [
      'a completed job and its time',
      running,
      { ...running, ...ended, status: 'completed' },
      {
        JobsCompleted: 1,
        JobDuration: 60_000,
        JobCost: expect.any(Number),
      },
    ],
    [
      'a cancelled job that never started',
      pending,
      { ...pending, ...ended, status: 'cancelled' },
      {
        JobsCancelled: 1,
        JobDuration: 60_000,
        JobCost: expect.any(Number),
      },
    ],
    ['nothing for progress', running, { ...running, progress: 0.5 }, {}],
    ['nothing for a question', running, { ...running, status: 'input_required' }, {}],
    ['nothing for an answer', { ...running, status: 'input_required' }, running, {}],
  ])('%s', (_what, before, after, values) => {
    expect(jobMetricsOf({ before, after })).toEqual({ values });
  });

  test('a failed job with its code', () => {
    expect(jobMetricsOf({ before: running, after: failed })).toEqual({
      values: { JobsFailed: 1, JobDuration: 60_000, JobCost: expect.any(Number) },
      code: 'COMPILE_FAILED',
    });
  });

  test.each([
    ['STEP_CRASHED', 'Runtime.ExitError', 1],
    ['EXECUTION_STOPPED', 'ABORTED', 1],
    ['START_FAILED', undefined, 1],
    // Code of an owner can end its sandbox.
    ['STEP_CRASHED', 'Sandbox.ExitError', undefined],
    ['STEP_TIMED_OUT', 'States.Timeout', undefined],
    ['COMPILE_FAILED', undefined, undefined],
  ])('for a job that failed with %s by %s: %s failures of executions', (code, cause, count) => {
    const error = { code, message: 'It failed.', retryable: true, ...(cause && { details: { cause } }) };
    const { values } = jobMetricsOf({ before: running, after: { ...failed, error } });
    expect(values.ExecutionFailures).toBe(count);
  });

  test('the time of all waits for people, up to the end of the job for an open one', () => {
    const at = (seconds: number) => Date.parse(pending.createdAt) + seconds * 1_000;
    const timeline: Job['timeline'] = [
      { step: 'approve', began: at(2) },
      { step: 'approve', asked: at(3) },
      { step: 'approve', answered: at(13) },
      { step: 'release', began: at(14) },
      { step: 'release', asked: at(40) },
    ];
    const asked: Job = { ...running, status: 'input_required', timeline, step: 'release' };
    const { values } = jobMetricsOf({ before: asked, after: { ...asked, ...ended, status: 'cancelled' } });
    expect(values.InputWaitTime).toBe(30_000);
  });

  test('no time below zero when clocks differ', () => {
    const { values } = jobMetricsOf({
      before: pending,
      after: { ...running, startedAt: '2025-12-31T23:59:59.000Z' },
    });
    expect(values.QueuedTime).toBe(0);
  });
});

describe('a batch', () => {
  test('of 100 records of five operations gives five documents', async () => {
    const operations = ['build', 'deploy', 'search', 'download', 'upload'];
    const changes = Array.from({ length: 100 }, (_, index): JobChange => {
      const operation = operations[index % 5] ?? '';
      return { before: { ...running, operation }, after: { ...failed, operation } };
    });
    const documents = await metricDocumentsOf(() => publishJobMetrics(changes), { operations });
    expect(documents).toHaveLength(5);
    expect(documents.map(({ operation }) => operation)).toEqual(operations);
    for (const document of documents) {
      expect(valuesOf(document, 'JobsFailed')).toEqual([20]);
      expect(valuesOf(document, 'JobDuration')).toHaveLength(20);
      expect(document.codes).toEqual(Array(20).fill('COMPILE_FAILED'));
    }
    expect(sumsOf(documents)).toMatchObject({ JobsFailed: 100, 'JobsFailed search': 20 });
  });

  test('has no value of a caller, an owner or a job in a dimension', async () => {
    const hostile: Job = {
      ...failed,
      owner: 'owner-7',
      callback: { url: 'https://example.com/secret', events: [] },
      error: { code: 'A_CODE', message: 'message-7', retryable: false },
    };
    const documents = await metricDocumentsOf(() => publishJobMetrics([{ before: running, after: hostile }]));
    for (const { _aws, ...properties } of documents) {
      const names = new Set(_aws.CloudWatchMetrics.flatMap(({ Dimensions }) => Dimensions.flat()));
      expect([...names].sort()).toEqual(['operation', 'service']);
      expect(properties).toMatchObject({ operation: 'build', codes: ['A_CODE'] });
      expect(JSON.stringify(properties)).not.toMatch(/owner-7|example\.com|message-7|11111111/);
    }
  });

  test('of a removed operation counts for the deployment', async () => {
    const after = { ...failed, operation: 'removed' };
    const documents = await metricDocumentsOf(() =>
      publishJobMetrics([{ before: { ...running, operation: 'removed' }, after }]),
    );
    expect(sumsOf(documents)).toEqual({ JobsFailed: 1, JobDuration: 60_000, JobCost: expect.any(Number) });
    expect(documents[0]).not.toHaveProperty('operation');
  });

  test('with a record that metrics cannot read is written without its operation', async () => {
    const logged = jest.spyOn(log, 'error').mockImplementation(() => {});
    const broken = { ...failed, operation: 'deploy', timeline: 'none' } as unknown as Job;
    const documents = await metricDocumentsOf(() =>
      publishJobMetrics([
        { before: { ...running, operation: 'deploy' }, after: broken },
        { before: running, after: failed },
      ]),
    );
    expect(sumsOf(documents)).toMatchObject({ JobsFailed: 1, 'JobsFailed build': 1 });
    expect(logged).toHaveBeenCalledTimes(1);
    logged.mockRestore();
  });
});
