/** Tests the failure that a job shows when its step could not record it. */

import { jest } from '@jest/globals';
import {
  type CaughtError,
  recordCaughtError,
  recordExecutionEnded,
} from '../../../lambdas/executions/endings/record-failure.ts';
import type { Job } from '../../../lambdas/jobs/job.ts';
import { type JobStore, TransitionRefused } from '../../../lambdas/jobs/job-store.ts';
import { log } from '../../../lambdas/shared/observability/log.ts';

const ID = '7d5fbf9e-0000-4000-8000-000000000001';
const REMEDY = 'Start the job again, or ask the operator to read the log of this job.';
const job = { jobId: ID, status: 'running', step: 'test', retentionSeconds: 60 } as Job;
const stored = { key: 'logs/x', size: 1, sha256: 'ab' };

let errors: ReturnType<typeof jest.spyOn>;
let failed: unknown[];
let asked: string[];

beforeEach(() => {
  errors = jest.spyOn(log, 'error').mockImplementation(() => {});
  failed = [];
  asked = [];
});
afterEach(() => jest.restoreAllMocks());

const storeOf = (found: Job | undefined, refusal?: Error) =>
  ({
    find: async (jobId: string) => {
      asked.push(jobId);
      return found;
    },
    fail: async (...args: unknown[]) => {
      if (refusal) throw refusal;
      failed.push(args);
    },
  }) as unknown as JobStore;

const caught = (name: string, Cause?: string): CaughtError => ({
  jobId: ID,
  finished: { install: { log: stored }, test: {} },
  caught: { Error: name, ...(Cause !== undefined && { Cause }) },
});

async function errorOf(error: string, changes: Partial<Job> = {}) {
  await recordCaughtError(storeOf({ ...job, ...changes }), caught(error));
  return (failed[0] as unknown[])[1];
}

test('a crash names the step and its cause, and keeps the logs of finished steps', async () => {
  await recordCaughtError(storeOf(job), caught('Runtime.ExitError'));
  const error = {
    code: 'STEP_CRASHED',
    message: `The step test crashed (Runtime.ExitError). ${REMEDY}`,
    step: 'test',
    retryable: true,
    details: { cause: 'Runtime.ExitError' },
  };
  expect(asked).toEqual([ID]);
  expect(failed).toStrictEqual([
    [ID, error, { logs: { install: stored }, retentionSeconds: 60, used: { transitions: 2 } }],
  ]);
  expect(errors).toHaveBeenCalledWith('A job failed outside of its step', {
    job_id: ID,
    code: 'STEP_CRASHED',
    cause: 'Runtime.ExitError',
  });
});

test.each([
  ['cut off', '{"errorType":"RetryableStepError","errorMessage":"{\\"error\\":{\\"code\\":\\"A'],
  ['empty', undefined],
])('a retryable failure whose cause is %s fails the job with a clear message', async (_what, Cause) => {
  await recordCaughtError(storeOf(job), caught('RetryableStepError', Cause));
  const error = {
    code: 'STEP_CRASHED',
    message: `The step test failed in all its attempts. Its error is unreadable: Step Functions cut it off. ${REMEDY}`,
    step: 'test',
    retryable: true,
    details: { cause: 'RetryableStepError' },
  };
  expect(failed).toStrictEqual([
    [ID, error, { logs: { install: stored }, retentionSeconds: 60, used: { transitions: 2 } }],
  ]);
});

test('a crash before the first step names no step', async () => {
  expect(await errorOf('Runtime.ExitError', { step: undefined })).toStrictEqual({
    code: 'STEP_CRASHED',
    message: `The first step crashed (Runtime.ExitError). ${REMEDY}`,
    retryable: true,
    details: { cause: 'Runtime.ExitError' },
  });
});

test.each(['States.Timeout', 'Sandbox.Timedout'])('%s is a timeout of the step', async (error) => {
  expect(await errorOf(error)).toMatchObject({
    code: 'STEP_TIMED_OUT',
    message: `The step test timed out. ${REMEDY}`,
    details: { cause: error },
  });
});

describe('a sandbox without a report', () => {
  const began = { step: 'test', began: 1 };
  const heartbeatTimeout = (changes: Partial<Job>, finished: CaughtError['finished'] = {}) =>
    recordCaughtError(storeOf({ ...job, ...changes }), { ...caught('States.HeartbeatTimeout'), finished });

  test('crashed when its step had begun', async () => {
    await heartbeatTimeout({ timeline: [began] }, { install: {} });
    expect((failed[0] as unknown[])[1]).toMatchObject({
      message: `The step test crashed (Sandbox.ExitError). ${REMEDY}`,
      details: { cause: 'Sandbox.ExitError' },
    });
  });

  test.each<[string, Partial<Job>, CaughtError['finished']]>([
    ['The first step', { step: undefined, timeline: undefined }, {}],
    ['The step after test', { timeline: [began] }, { test: {} }],
    ['The step test', { timeline: [began, { step: 'test', failed: 2, code: 'BUSY', message: '' }] }, {}],
  ])('%s did not start: an operator has to know', async (what, changes, finished) => {
    await heartbeatTimeout(changes, finished);
    expect((failed[0] as unknown[])[1]).toMatchObject({
      code: 'STEP_CRASHED',
      message: `${what} did not start: no report of its sandbox arrived. ${REMEDY}`,
      details: { cause: 'States.HeartbeatTimeout' },
    });
  });
});

describe('a timeout while the job needs input', () => {
  const upload = { step: 'test', message: 'A file.', upload: { key: 'uploads/x', maxBytes: 1 } };
  const asking = { status: 'input_required', inputRequests: {} } as const;
  const awaiting = { status: 'input_required', inputRequests: { upload } } as const;

  test.each([
    [asking, 'The questions of test were not answered in time. Start the job again.'],
    [
      { ...asking, step: undefined },
      'The questions of the job were not answered in time. Start the job again.',
    ],
    [awaiting, 'The file for test did not arrive in time. Start the job again.'],
    [{ ...awaiting, step: undefined }, 'The file for the job did not arrive in time. Start the job again.'],
  ])('of %j is explained', async (changes, message) => {
    expect(await errorOf('States.Timeout', changes)).toMatchObject({ code: 'INPUT_TIMED_OUT', message });
  });

  test('is no timeout of input for another error', async () => {
    expect(await errorOf('Runtime.ExitError', asking)).toMatchObject({ code: 'STEP_CRASHED' });
  });
});

test('a failure without further retries is recorded as its step reported it', async () => {
  const error = { code: 'BUSY', message: 'Busy.', retryable: true };
  const used = { invocations: 1, mbMs: 512_000, transitions: 1 };
  const failure = { error, logTail: ['one'], logs: { test: stored }, used };
  const cause = JSON.stringify({ errorMessage: JSON.stringify(failure) });
  await recordCaughtError(storeOf(job), caught('RetryableStepError', cause));
  expect(failed).toStrictEqual([
    [
      ID,
      error,
      {
        logTail: ['one'],
        logs: { install: stored, test: stored },
        retentionSeconds: 60,
        used: { invocations: 1, mbMs: 512_000, transitions: 3 },
      },
    ],
  ]);
});

test('a job that does not exist is left alone', async () => {
  await recordCaughtError(storeOf(undefined), caught('x'));
  await recordExecutionEnded(storeOf(undefined), { detail: { name: ID, status: 'FAILED' } });
  expect(failed).toEqual([]);
});

test('a job that has ended keeps its end', async () => {
  const refusal = new TransitionRefused('failed', { ...job, status: 'cancelled' });
  await expect(recordCaughtError(storeOf(job, refusal), caught('x'))).resolves.toBeUndefined();
  expect(errors).not.toHaveBeenCalled();
});

test('an error of the table is thrown', async () => {
  await expect(recordCaughtError(storeOf(job, new Error('throttled')), caught('x'))).rejects.toThrow(
    'throttled',
  );
});

describe('an execution that ended before its job', () => {
  test('tells when its operation was removed', async () => {
    const event = { detail: { name: ID, status: 'ABORTED' } } as const;
    await recordExecutionEnded(storeOf(job), event, new Set(['another']));
    expect(failed).toMatchObject([[ID, { code: 'OPERATION_REMOVED', retryable: false }, {}]]);
  });

  const end = async (error?: string | null, name = ID) => {
    await recordExecutionEnded(storeOf(job), { detail: { name, status: 'ABORTED', error } });
    return (failed[0] as unknown[] | undefined)?.[1];
  };

  test('stops the job, which can be started again', async () => {
    expect(await end()).toStrictEqual({
      code: 'EXECUTION_STOPPED',
      message: `The execution ended as ABORTED before the job ended. ${REMEDY}`,
      step: 'test',
      retryable: true,
      details: { cause: 'ABORTED' },
    });
    expect(failed).toStrictEqual([[ID, expect.anything(), { retentionSeconds: 60 }]]);
    expect(asked).toEqual([ID]);
  });

  test.each(['', null])('with the error %j has its status as its cause', async (error) => {
    expect(await end(error)).toMatchObject({ details: { cause: 'ABORTED' } });
  });

  test.each(['Other', 'constructor'])('with the unknown error %s has it as its cause', async (error) => {
    expect(await end(error)).toMatchObject({
      message: `The execution ended as ABORTED before the job ended. ${REMEDY}`,
      retryable: true,
      details: { cause: error },
    });
  });

  test.each([
    [
      'States.DataLimitExceeded',
      'Its data exceeded 256 KiB, the limit of Step Functions. Request less data.',
    ],
    [
      'States.Runtime',
      'It received data that Step Functions cannot process, such as bytes that are not text. Request different data.',
    ],
  ])('with %s explains it and is not retryable', async (error, remedy) => {
    expect(await end(error)).toMatchObject({
      message: `The execution ended as ABORTED before the job ended. ${remedy}`,
      retryable: false,
      details: { cause: error },
    });
  });

  test('under another name leaves the job alone', async () => {
    expect(await end(undefined, `${ID}-1`)).toBeUndefined();
    expect(asked).toEqual([ID]);
  });
});

test('an execution that is not named like a job causes no read', async () => {
  await recordExecutionEnded(storeOf(job), { detail: { name: 'nightly-import', status: 'FAILED' } });
  expect(asked).toEqual([]);
});
