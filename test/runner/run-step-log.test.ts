/** Tests the log of a step over its attempts: what later ones add, and what readers see in between. */

import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import * as z from 'zod';
import { defineOperation } from '../../lambdas/definition/define-operation.ts';
import type { FinishedStep } from '../../lambdas/definition/finished-step.ts';
import type { Step } from '../../lambdas/definition/step-context.ts';
import { createStepRunner, type StepEvent, type StepRunnerOptions } from '../../lambdas/runner/run-step.ts';
import { OperationError } from '../../lambdas/shared/errors.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import { digestOf } from '../../lambdas/workspace/digest.ts';
import { MemoryFiles } from '../support/memory-files.ts';

const operation = defineOperation({
  name: 'sample',
  description: 'Two steps.',
  input: z.object({}),
  output: z.object({}),
  steps: { act: { retries: 3, inputTimeoutMs: 60_000 }, end: { calls: { max: 200, periodMs: 86_400_000 } } },
});
const PARTS = 'logs/job/act/';

let files: MemoryFiles;
let job: Record<string, unknown>;
beforeEach(() => {
  files = new MemoryFiles();
  job = { jobId: 'job', progress: 0, startedAt: '2026-01-01T00:00:00.000Z' };
  jest.spyOn(log, 'warn').mockImplementation(() => {});
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
      readLease: async () => ({}),
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

describe('a step that polls an API', () => {
  /** Prints before each of its calls. */
  const polling =
    (calls: number, seconds: number, line: (index: number) => string): Step =>
    async ({ log, apis }) => {
      const index = apis.last?.count ?? 0;
      if (line(index)) log.write(line(index));
      const request = { connection: 'crm', method: 'GET', path: '/', query: {}, hasBody: false };
      if (index < calls) apis.call({ request, seconds, message: 'Polling crm.', memory: null });
      return {};
    };
  /** Runs the step as its state machine would, which passes the step's output on as JSON. */
  async function poll(step: Step, { at = 0, from = null as FinishedStep | null, until = 1_000 } = {}) {
    let end = from;
    for (let count = at; count < until; count += 1) {
      const finished = end ? JSON.parse(JSON.stringify({ end })) : {};
      end = await outcome(step, { step: 'end', finished });
      if (!end) return null;
      expect(JSON.stringify(end.printed).length).toBeLessThan(6_000);
    }
    return end;
  }
  const whole = (calls: number, line: (index: number) => string) =>
    Array.from({ length: calls + 1 }, (_, index) => line(index)).join('-- continued --\n');

  test('and prints nothing costs no request for its log', async () => {
    await poll(polling(100, 30, () => ''));
    expect([files.lists, files.reads, files.writes]).toEqual([0, 0, []]);
  });

  test('and prints one line costs one write', async () => {
    await poll(polling(100, 30, (index) => (index === 0 ? 'polling\n' : '')));
    expect([files.lists, files.reads, files.writes]).toEqual([0, 0, ['logs/job/end/00.log']]);
    expect(files.text('logs/job/end.log')).toBe('polling\n');
  });

  test('and prints each time costs one write and at most one read a call, and one list', async () => {
    const line = (index: number) => `${String(index).padEnd(100, '.')}\n`;
    const step = polling(100, 30, line);
    const end = await poll(step, { until: 100 });
    expect(files.text('logs/job/end/')).toBe(whole(99, line));
    // The first calls, until the log has 4 KiB, read nothing.
    expect([files.lists, files.writes.length]).toEqual([0, 100]);
    expect(files.reads).toBeLessThan(70);
    await poll(step, { at: 100, from: end });
    expect(files.text('logs/job/end.log')).toBe(whole(100, line));
    expect([files.lists, files.writes.length]).toEqual([1, 100]);
  });

  test('and prints much reads no sealed part again before its end', async () => {
    const line = (index: number) => `${`${index}`.padEnd(499_999, '.')}\n`;
    const sizes: number[] = [];
    const { read } = files;
    files.read = (key, start, end) => {
      sizes.push(end - start);
      return read.call(files, key, start, end);
    };
    const step = polling(20, 30, line);
    const end = await poll(step, { until: 20 });
    expect(Math.max(...sizes)).toBeLessThan(1024 * 1024);
    expect(new Set(files.writes).size).toBe(7);
    await poll(step, { at: 20, from: end });
    expect(files.text('logs/job/end.log')).toBe(whole(20, line));
  });

  test('every moment writes once in eight seconds, and loses no line of a killed attempt', async () => {
    const line = (index: number) => `${index}\n`;
    const step = polling(20, 0, line);
    const end = await poll(step, { until: 10 });
    expect(files.writes).toHaveLength(1);
    expect(files.text('logs/job/end/')).toBe('0\n');
    const finished = JSON.parse(JSON.stringify({ end }));
    const retried = await outcome(step, { step: 'end', finished, attempt: 1 });
    await poll(step, { at: 11, from: retried });
    const parts = whole(20, line).split('-- continued --\n10\n');
    expect(files.text('logs/job/end.log')).toBe(parts.join('-- attempt 2 --\n10\n'));
  });

  test('reads the log after a question, which the state machine knows nothing of', async () => {
    const line = (index: number) => `${index}\n`;
    const end = await poll(polling(2, 30, line), { until: 1 });
    files.put('logs/job/end/00.log', '0\n-- continued --\nasking\n');
    job.inputRequests = { sure: { step: 'end', message: 'Sure?', schema: {} } };
    await poll(polling(2, 30, line), { at: 1, from: end });
    const all = '0\n-- continued --\nasking\n-- continued --\n1\n-- continued --\n2\n';
    expect(files.text('logs/job/end.log')).toBe(all);
    expect(files.lists).toBe(1);
  });

  test('keeps the end of a log whose start cannot be read', async () => {
    const line = (index: number) => `${String(index).padEnd(3_000, '.')}\n`;
    const end = await poll(polling(3, 30, line), { until: 3 });
    jest.spyOn(files, 'list').mockRejectedValue(new Error('S3 responded with 503'));
    await poll(polling(3, 30, line), { at: 3, from: end });
    const text = files.text('logs/job/end.log');
    expect(text).not.toContain('\0');
    expect(whole(3, line).endsWith(text)).toBe(true);
    expect(text.length).toBeGreaterThan(4_096);
  });
});

describe('an attempt that has lost its lease', () => {
  const interrupted: Step = async ({ log, signal }) => {
    log.write('first line\n');
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    log.write('last line');
    return {};
  };
  const began = { step: 'act', began: 1 };
  const later = { step: 'act', began: 2 };
  const lose = (now: Record<string, unknown> | Error) => {
    job.timeline = [began];
    const find = async () => {
      if (now instanceof Error) throw now;
      return { ...job, ...now };
    };
    return attempt(interrupted, {}, { readLease: async () => undefined, find });
  };

  test('to a cancellation writes its last lines, also within eight seconds', async () => {
    expect(await lose({ status: 'cancelled' })).toBe('StepEnded');
    expect(files.text(PARTS)).toBe('first line\nlast line');
    expect(files.writes).toEqual([`${PARTS}00.log`]);
  });

  test.each([
    ['to a later attempt', { status: 'running', timeline: [began, later] }],
    ['to a later attempt that has ended the job', { status: 'completed', timeline: [began, later] }],
    ['to a later attempt, of a timeline that is full', { status: 'cancelled', timeline: [later] }],
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
