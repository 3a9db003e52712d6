/** Tests the log of a step over its attempts: what later ones add, and what readers see in between. */

import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import * as z from 'zod';
import { defineOperation } from '../../lambdas/definition/define-operation.ts';
import type { FinishedStep } from '../../lambdas/definition/finished-step.ts';
import type { Step } from '../../lambdas/definition/step-context.ts';
import { createStepRunner, type StepEvent, type StepRunnerOptions } from '../../lambdas/runner/run-step.ts';
import { OperationError } from '../../lambdas/shared/errors.ts';
import { digestOf } from '../../lambdas/workspace/digest.ts';
import { MemoryFiles } from '../support/memory-files.ts';

const operation = defineOperation({
  name: 'sample',
  description: 'Two steps.',
  input: z.object({}),
  output: z.object({}),
  steps: { act: { retries: 3, inputTimeoutMs: 60_000 }, end: { calls: { max: 3, periodMs: 60_000 } } },
});
const PARTS = 'logs/job/act/';

let files: MemoryFiles;
let job: Record<string, unknown>;
beforeEach(() => {
  files = new MemoryFiles();
  job = { jobId: 'job', progress: 0, startedAt: '2026-01-01T00:00:00.000Z' };
  jest.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** Runs an attempt of the step. @returns the name of its error */
async function attempt(work: Step, event: Partial<StepEvent> = {}, others = {}): Promise<string | undefined> {
  const error = await outcome(work, event, others).catch((thrown) => thrown);
  return error instanceof Error ? error.name : undefined;
}

/** Runs an attempt of the step. @param others replaces methods of the job store @returns what its state gets */
async function outcome(work: Step, event: Partial<StepEvent>, others = {}): Promise<FinishedStep | null> {
  const run = createStepRunner({
    operation,
    steps: { act: work, end: work },
    jobs: {
      begin: async () => job,
      report: async () => {},
      ownsLease: async () => true,
      complete: async () => {},
      recordFailedAttempt: async () => {},
      ...others,
    },
    workspace: {
      upload: async (key: string, file: string, { signal }: { readonly signal: AbortSignal }) => {
        files.put(key, await readFile(file));
        return digestOf(file, signal);
      },
    },
    liveLogs: files,
    heartbeatMs: 10,
  } as never as StepRunnerOptions);
  const invocation = { awsRequestId: 'request', getRemainingTimeInMillis: () => 60_000 };
  const whole = { step: 'act', jobId: 'job', owner: 'ada', input: {}, finished: {}, attempt: 0, ...event };
  return run(whole, invocation);
}

test('an attempt that is retried is followed by the next, in one log', async () => {
  const flaky: Step = async ({ attempt: index, log }) => {
    log.write(`try ${index}`);
    if (index < 2) throw new OperationError('NOT_YET', 'Not yet.', { retryable: true });
    return {};
  };
  expect(await attempt(flaky)).toBe('RetryableStepError');
  expect(await attempt(flaky, { attempt: 1 })).toBe('RetryableStepError');
  expect(await attempt(flaky, { attempt: 2 })).toBeUndefined();
  expect(files.text('logs/job/act.log')).toBe('try 0\n-- attempt 2 --\ntry 1\n-- attempt 3 --\ntry 2');
  // Each was too short for a part.
  expect(files.writes).toEqual([]);
});

test('what a step prints before a question is read while it waits, and followed by the rest', async () => {
  const asking: Step = async ({ log, requestInput }) => {
    log.write('checking\n');
    requestInput({ sure: { message: 'Sure?', schema: z.object({ yes: z.boolean() }) } });
    log.write('done\n');
    return {};
  };
  expect(await attempt(asking)).toBe('InputRequired');
  expect(files.text(PARTS)).toBe('checking\n');
  job.inputRequests = { sure: { step: 'act', message: 'Sure?', schema: {} } };
  job.answers = { sure: { action: 'accept', content: { yes: true } } };
  expect(await attempt(asking)).toBeUndefined();
  expect(files.text('logs/job/act.log')).toBe('checking\n-- continued --\nchecking\ndone\n');
});

test('what a step prints before and after an API call is one log', async () => {
  const calling: Step = async ({ log, apis }) => {
    log.write(apis.last ? 'called\n' : 'calling\n');
    const request = { connection: 'crm', method: 'GET', path: '/', query: {}, hasBody: false };
    if (!apis.last) apis.call({ request, seconds: 0, message: 'Calling crm.', memory: null });
    return {};
  };
  expect(await attempt(calling, { step: 'end' })).toBeUndefined();
  expect(files.text('logs/job/end/')).toBe('calling\n');
  const next = { request: {}, seconds: 0, message: '', memory: null, state: '', count: 1, since: Date.now() };
  const finished = { end: { result: null, next } } as never;
  expect(await attempt(calling, { step: 'end', finished })).toBeUndefined();
  expect(files.text('logs/job/end.log')).toBe('calling\n-- continued --\ncalled\n');
});

describe('an attempt that has lost its lease', () => {
  const interrupted: Step = async ({ log, signal }) => {
    log.write('first line\n');
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    log.write('last line');
    return {};
  };
  const began = { step: 'act', began: 1 };
  const lose = (now: Record<string, unknown> | Error) => {
    job.timeline = [began];
    const find = async () => {
      if (now instanceof Error) throw now;
      return { ...job, ...now };
    };
    return attempt(interrupted, {}, { ownsLease: async () => false, find });
  };

  test('to a cancellation writes its last lines, also within eight seconds', async () => {
    expect(await lose({ status: 'cancelled' })).toBe('StepEnded');
    expect(files.text(PARTS)).toBe('first line\nlast line');
    expect(files.writes).toEqual([`${PARTS}00.log`]);
  });

  test.each([
    ['to a later attempt', { status: 'running', timeline: [began, began] }],
    ['to a later attempt that has ended the job', { status: 'completed', timeline: [began, began] }],
    ['to a later job of the same id', { status: 'cancelled', createdAt: 'later' }],
    ['of a job that cannot be read', new Error('throttled')],
  ])('%s writes nothing', async (_name, now) => {
    expect(await lose(now)).toBe('StepEnded');
    expect(files.writes).toEqual([]);
  });
});

test('a step that ends at once reads and writes nothing but its log', async () => {
  expect(await attempt(async ({ log }) => log.write('done\n') ?? {})).toBeUndefined();
  expect([files.lists, files.reads, files.writes]).toEqual([0, 0, []]);
});
