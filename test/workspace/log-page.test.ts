/** Tests that the pages of a log make up the whole, also while the log grows, and where its tail begins. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Job } from '../../lambdas/jobs/job.ts';
import { type LogPosition, readLogPage, readLogTail } from '../../lambdas/workspace/logs/log-page.ts';
import { findLogs } from '../../lambdas/workspace/logs/step-logs.ts';
import { buildOperation as operation } from '../support/build-operation.ts';
import { MemoryFiles } from '../support/memory-files.ts';

const steps = Object.keys(operation.steps);
const job = { jobId: 'job', status: 'running', startedAt: '2026-01-01T00:00:00.000Z' } as Job;
const START: LogPosition = { step: '', offset: 0 };
const PAGE = 256 * 1024;

let files: MemoryFiles;
beforeEach(() => {
  files = new MemoryFiles();
});

const put = (name: string, text: string | Buffer) => files.put(`logs/job/${name}.log`, text);

async function page(from: LogPosition, maxBytes = PAGE, step?: string) {
  const logs = await findLogs(job, operation, files);
  const chosen = step === undefined ? logs : logs.filter((log) => log.step === step);
  return readLogPage(chosen, from, { workspace: files, steps, maxBytes, hasHeadings: step === undefined });
}

async function tail(bytes: number, step?: string): Promise<string> {
  const logs = await findLogs(job, operation, files);
  const chosen = step === undefined ? logs : logs.filter((log) => log.step === step);
  const options = { workspace: files, steps, maxBytes: PAGE, hasHeadings: step === undefined };
  const { text, isEnd } = await readLogTail(chosen, bytes, options);
  expect(isEnd).toBe(true);
  return text;
}

test('each step is introduced by a line, and a step without output is not', async () => {
  put('install', 'added 3\n');
  put('test/00', 'ok\n');
  expect(await page(START)).toEqual({
    text: '== install ==\nadded 3\n== test ==\nok\n',
    next: { step: 'test', offset: 3 },
    isEnd: true,
  });
  expect(await page(START, PAGE, 'test')).toMatchObject({ text: 'ok\n', next: { step: 'test', offset: 3 } });
  expect(await page(START, PAGE, 'compile')).toEqual({ text: '', next: START, isEnd: true });
});

test('pages of any size make up the whole, though steps end, parts become one file and characters lie across cuts', async () => {
  const random = seeded(15);
  const LINE = 'ä€😀 and so on\n';
  /** What each step prints in the course of its attempts. */
  const printed = Object.fromEntries(steps.map((step) => [step, LINE.repeat(50 + random(400))]));
  let text = '';
  let next = START;
  const read = async () => {
    const result = await page(next, 40 + random(2_000));
    text += result.text;
    next = result.next;
    return result;
  };
  for (const step of steps) {
    const bytes = Buffer.from(printed[step] ?? '');
    for (let written = 0, start = 0, part = 0; written < bytes.length; ) {
      written = Math.min(bytes.length, written + 1 + random(3_000));
      put(`${step}/0${part}`, bytes.subarray(start, written));
      // A full part does not change any more.
      if (written - start > 4_000 && part < 9) [part, start] = [part + 1, written];
      for (let reads = random(3); reads > 0; reads -= 1) await read();
    }
    put(step, bytes);
  }
  while (!(await read()).isEnd);
  expect(text).toBe(steps.map((step) => `== ${step} ==\n${printed[step]}`).join(''));
  // Nothing is repeated at the end.
  expect(await page(next)).toEqual({ text: '', next, isEnd: true });
});

test('a log of 50 MB takes one list and at most two reads a page', async () => {
  const PART = 4 * 1024 * 1024;
  const bytes = Buffer.from('ä€😀 and so on\n'.repeat(2_900_000)).subarray(0, 12.5 * PART);
  for (let part = 0; part * PART < bytes.length; part += 1) {
    put(`compile/${String(part).padStart(2, '0')}`, bytes.subarray(part * PART, (part + 1) * PART));
  }
  const found: Buffer[] = [];
  for (let next = START, isEnd = false; !isEnd; ) {
    [files.lists, files.reads] = [0, 0];
    const result = await page(next, PAGE, 'compile');
    ({ next, isEnd } = result);
    expect(Buffer.byteLength(result.text)).toBeLessThanOrEqual(PAGE);
    expect([files.lists, files.reads <= 2]).toEqual([1, true]);
    found.push(Buffer.from(result.text));
  }
  expect(Buffer.concat(found).equals(bytes)).toBe(true);
});

test('a position after the end reads nothing and stays, and one in a step without a log reads the next', async () => {
  put('test', 'ok\n');
  const late = { step: 'test', offset: 1_000_000 };
  expect(await page(late)).toEqual({ text: '', next: late, isEnd: true });
  expect((await page({ step: 'compile', offset: 3 })).text).toBe('== test ==\nok\n');
});

test('a log of another encoding is shown as far as it is text', async () => {
  put('test', Buffer.from([0x61, 0xff, 0x62, 0x0a]));
  expect((await page(START, PAGE, 'test')).text).toBe('a�b\n');
});

describe('the tail', () => {
  beforeEach(() => {
    put('install', 'one\ntwo\n');
    put('compile/00', 'th');
    put('compile/01', 'ree\nfour\n');
  });

  test.each([
    [1, 'r\n'],
    [5, 'four\n'],
    [7, 'four\n'],
    [10, 'four\n'],
    [11, '== compile ==\nthree\nfour\n'],
    [26, '== compile ==\nthree\nfour\n'],
    [29, 'two\n== compile ==\nthree\nfour\n'],
    [1_000, '== install ==\none\ntwo\n== compile ==\nthree\nfour\n'],
  ])('of %s bytes begins with a complete line if there is one', async (bytes, text) => {
    expect(await tail(bytes)).toBe(text);
  });

  test('of one step has no line that names it', async () => {
    expect(await tail(1_000, 'compile')).toBe('three\nfour\n');
    expect(await tail(1_000, 'test')).toBe('');
  });

  test('of one long line begins within it, at a character', async () => {
    put('test', '€'.repeat(3_000_000));
    const text = await tail(100_000, 'test');
    expect(text).toBe('€'.repeat(text.length));
    expect(text.length).toBeGreaterThan(33_000);
    put('test', `${'x'.repeat(10_000_000)}\n`);
    expect(await tail(PAGE - 1, 'test')).toMatch(/^x{262142,262143}\n$/);
  });
});

/** Returns whole numbers below a limit, the same in each run. */
function seeded(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * limit);
  };
}
