/** Tests that questions which cannot be recorded end their job with a clear failure. */
import { jest } from '@jest/globals';
import type { Questions } from '../../lambdas/definition/questions.ts';
import type { Job } from '../../lambdas/jobs/job.ts';
import { type JobStore, TransitionRefused } from '../../lambdas/jobs/job-store.ts';
import { recordInputRequests } from '../../lambdas/runner/record-input-requests.ts';
import { InputRequired } from '../../lambdas/runner/request-input.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import type { Usage } from '../../lambdas/shared/usage.ts';

const job = { jobId: 'job', status: 'running', version: 3, retentionSeconds: 60 } as Job;
const questions: Questions = { approve: { step: 'release', message: 'Why?', url: 'https://example.com/' } };
const cause = JSON.stringify({ errorMessage: new InputRequired(questions).message });

let failed: unknown[];
let required: unknown[];
beforeEach(() => {
  failed = [];
  required = [];
});

function record(found: Job, Cause: string, refusal?: Error): Promise<void> {
  const jobs = {
    find: async () => found,
    fail: async (...args: unknown[]) => {
      failed.push(args);
      if (refusal) throw refusal;
    },
    requireInput: async (...args: unknown[]) => void required.push(args),
  } as unknown as JobStore;
  const event = { taskToken: 't', jobId: 'job', step: 'release', asked: { Cause } };
  return recordInputRequests(jobs, event, { awsRequestId: 'lease' });
}

test('questions go on record', async () => {
  await record(job, cause);
  expect(required).toMatchObject([[job, 'lease', { inputRequests: questions, taskToken: 't' }]]);
});

test('an attempt that asks is billed from its begin, not from that of its step', async () => {
  const attemptBegan = Date.now() - 100;
  const timeline = [{ step: 'release', began: attemptBegan - 3_600_000 }];
  await record({ ...job, attemptBegan, timeline, stepFunction: { memoryMb: 10 } }, cause);
  const [[, , { used }]] = required as [[unknown, unknown, { used: Usage }]];
  expect(used.mbMs).toBeGreaterThanOrEqual(1_000);
  expect(used.mbMs).toBeLessThan(100_000);
});

test('a cause that was cut off fails the job, and ends its execution', async () => {
  const message =
    'The questions of step release are unreadable: Step Functions cut them off. Ask the operator to shorten them.';
  await expect(record(job, cause.slice(0, -5))).rejects.toMatchObject({ name: 'StepEnded', message });
  const error = { code: 'INTERNAL_ERROR', message, step: 'release', retryable: false };
  expect(failed).toEqual([['job', error, { retentionSeconds: 60 }]]);
});

test('all questions of a job together have a limit', async () => {
  const asked = { message: 'x'.repeat(16_000), step: 'release', url: 'https://example.com/' };
  const inputRequests = { a: asked, b: asked, c: asked, d: asked, e: asked };
  await expect(record({ ...job, inputRequests }, cause)).rejects.toThrow(
    /All questions of the job take 80\d\d\d bytes; the limit is 65536/,
  );
  expect(failed).toHaveLength(1);
});

test('a job that has ended meanwhile keeps its end', async () => {
  const refusal = new TransitionRefused('failed', job);
  await expect(record(job, '{', refusal)).rejects.toMatchObject({ name: 'StepEnded' });
});

test('a table that throttles a read or a write has the state try again', async () => {
  jest.spyOn(log, 'error').mockImplementation(() => {});
  const throttled = () =>
    Promise.reject(Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' }));
  const event = { taskToken: 't', jobId: 'job', step: 'release', asked: { Cause: cause } };
  const stores = [{ find: throttled }, { find: async () => job, requireInput: throttled }];
  for (const jobs of stores) {
    const recording = recordInputRequests(jobs as unknown as JobStore, event, { awsRequestId: 'lease' });
    await expect(recording).rejects.toMatchObject({ name: 'StepInterrupted' });
  }
  jest.restoreAllMocks();
});
