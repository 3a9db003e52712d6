/** Tests the order of a cancellation: the record first, then the execution. All stores are fakes. */
import { cancelJob } from '../../lambdas/executions/cancel.ts';
import type { Executions } from '../../lambdas/executions/executions.ts';
import type { ExecutionQueue } from '../../lambdas/executions/queue/execution-queue.ts';
import type { Job } from '../../lambdas/jobs/job.ts';
import { type JobStore, TransitionRefused } from '../../lambdas/jobs/job-store.ts';

const ID = '7d5fbf9e-0000-4000-8000-000000000001';
const found = { jobId: ID, owner: 'alice', status: 'running' } as Job;
const cancelled = { ...found, status: 'cancelled' } as Job;

let calls: unknown[];

function cancel({
  jobId = ID,
  job = found as Job | undefined,
  refusal = undefined as Error | undefined,
  stopError = undefined as Error | undefined,
} = {}): Promise<Job> {
  calls = [];
  const jobs = {
    get: async (...args: unknown[]) => {
      calls.push(['get', ...args]);
      return job;
    },
    cancel: async (...args: unknown[]) => {
      calls.push(['cancel', ...args]);
      if (refusal) throw refusal;
      return cancelled;
    },
  } as unknown as JobStore;
  const executions = {
    stop: async (...args: unknown[]) => {
      calls.push(['stop', ...args]);
      if (stopError) throw stopError;
    },
  } as unknown as Executions;
  const executionQueue = {
    send: async (...args: unknown[]) => void calls.push(['send', ...args]),
  } as unknown as ExecutionQueue;
  return cancelJob({ jobs, executions, executionQueue }, 'alice', jobId);
}

test('the record is cancelled before the execution is stopped', async () => {
  expect(await cancel()).toBe(cancelled);
  expect(calls).toEqual([
    ['get', 'alice', ID],
    ['cancel', 'alice', found, 'Cancelled on request.'],
    ['stop', cancelled, 'The job was cancelled.'],
  ]);
});

test('a malformed id is not found, without a read', async () => {
  await expect(cancel({ jobId: 'x' })).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
  expect(calls).toEqual([]);
});

test('a job that does not exist is not found', async () => {
  const jobs = { get: async () => undefined } as unknown as JobStore;
  const others = { executions: {} as Executions, executionQueue: {} as ExecutionQueue };
  await expect(cancelJob({ jobs, ...others }, 'alice', ID)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
});

test('a job that has ended is an error with its status', async () => {
  const refusal = new TransitionRefused('cancelled', { ...found, status: 'completed' });
  await expect(cancel({ refusal })).rejects.toMatchObject({
    code: 'JOB_ALREADY_ENDED',
    details: { status: 'completed' },
  });
});

test('a job that is gone by then is not found', async () => {
  const refusal = new TransitionRefused('cancelled', undefined);
  await expect(cancel({ refusal })).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
});

test('an error of the table is thrown, and the execution goes on', async () => {
  await expect(cancel({ refusal: new Error('throttled') })).rejects.toThrow('throttled');
  expect(calls).toHaveLength(2);
});

test('a job stays cancelled when its execution cannot be stopped, and is queued', async () => {
  const stopError = new Error('throttled');
  expect(await cancel({ stopError })).toBe(cancelled);
  expect(calls.at(-1)).toEqual(['send', cancelled, stopError]);
});
