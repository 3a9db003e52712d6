/** Tests when a running step writes its log, how often, and how a later attempt continues it. */

import { truncate } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { LiveLog } from '../../lambdas/runner/live-log.ts';
import { FileStepLog, MAX_LOG_BYTES } from '../../lambdas/runner/step-log.ts';
import { log } from '../../lambdas/shared/observability/log.ts';
import { countedUse, countingUse } from '../../lambdas/shared/usage.ts';
import { MemoryFiles } from '../support/memory-files.ts';

const job = { jobId: 'job', startedAt: '2026-01-01T00:00:00.500Z' };
const PARTS = 'logs/job/compile/';
const MIB = 1024 * 1024;

let files: MemoryFiles;
beforeEach(() => {
  files = new MemoryFiles();
  jest.spyOn(log, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** A log in memory: fake timers do not wait for a disk. */
class MemoryLog {
  #bytes = Buffer.alloc(0);
  get size() {
    return this.#bytes.length;
  }
  get endsLine() {
    return this.#bytes.length === 0 || this.#bytes.at(-1) === 10;
  }
  write(text: string) {
    this.append(Buffer.from(text));
  }
  async drain() {}
  append(bytes: Buffer) {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
  }
  async read(start: number, end: number) {
    return this.#bytes.subarray(start, end);
  }
  async skip(bytes: number) {
    this.#bytes = Buffer.alloc(bytes);
  }
  async fill(start: number, bytes: Buffer) {
    bytes.copy(this.#bytes, start);
  }
  async drop(bytes: number) {
    this.#bytes = this.#bytes.subarray(bytes);
  }
}

describe('while a step runs', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: Date.parse('2026-01-01T00:01:00.000Z') });
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const create = () => new LiveLog({ log: new MemoryLog(), files, job, step: 'compile' });

  /** Prints a line each so many milliseconds. @returns the longest time until a line was written, in milliseconds */
  async function print(live: LiveLog, forMs: number, everyMs: number): Promise<number> {
    let longest = 0;
    const waiting: number[] = [];
    let shown = 0;
    for (let passed = 0; passed < forMs; passed += everyMs) {
      live.write('line\n');
      waiting.push(Date.now());
      await jest.advanceTimersByTimeAsync(everyMs);
      for (const lines = files.text(PARTS).length / 5; shown < lines; shown += 1) {
        longest = Math.max(longest, Date.now() - (waiting.shift() ?? 0));
      }
    }
    for (const since of waiting) longest = Math.max(longest, Date.now() - since);
    return longest;
  }

  test('a line is written within eight seconds, and not more often', async () => {
    const live = create();
    expect(await print(live, 14 * 60_000, 2_000)).toBeLessThanOrEqual(10_000);
    await live.stop();
    expect(files.writes.length).toBeGreaterThan(90);
    expect(files.writes.length).toBeLessThanOrEqual(105);
    expect(new Set(files.writes)).toEqual(new Set([`${PARTS}00.log`]));
  });

  test('four chatty steps of two minutes together take twelve writes', async () => {
    for (let step = 0; step < 4; step += 1) {
      const live = create();
      await print(live, 30_000, 500);
      await live.stop();
    }
    expect(files.writes).toHaveLength(12);
  });

  test('a step that ends within eight seconds, or prints nothing, writes nothing', async () => {
    const live = create();
    await print(live, 7_500, 500);
    await live.stop();
    const silent = create();
    await jest.advanceTimersByTimeAsync(60_000);
    await silent.stop();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(files.writes).toEqual([]);
  });

  test('a step that prints once is written once', async () => {
    const live = create();
    live.write('Waiting.\n');
    await jest.advanceTimersByTimeAsync(600_000);
    expect(files.writes).toEqual([`${PARTS}00.log`]);
    await live.stop();
  });

  test('a burst is written in parts of 4 MiB, which do not change any more', async () => {
    const live = create();
    live.write('ä'.repeat(5 * MIB));
    await jest.advanceTimersByTimeAsync(8_000);
    expect(files.writes).toEqual(['00', '01', '02'].map((part) => `${PARTS}${part}.log`));
    live.write('end\n');
    await jest.advanceTimersByTimeAsync(8_000);
    expect(files.writes.slice(3)).toEqual([`${PARTS}02.log`]);
    expect(files.text(PARTS)).toBe(`${'ä'.repeat(5 * MIB)}end\n`);
    await live.stop();
  });

  test('a write that fails is repeated, also when the step prints nothing more', async () => {
    const live = create();
    files.failure = new Error('S3 responded with 503');
    live.write('line\n');
    await jest.advanceTimersByTimeAsync(8_000);
    files.failure = undefined;
    await jest.advanceTimersByTimeAsync(8_000);
    expect(files.text(PARTS)).toBe('line\n');
    expect(files.writes).toHaveLength(2);
    await live.stop();
  });

  test('nothing is written after the end', async () => {
    const live = create();
    live.write('line\n');
    await live.stop();
    live.write('late\n');
    await live.flush();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(files.writes).toEqual([]);
  });
});

describe('a later attempt', () => {
  /** Runs an attempt that prints, and ends without its whole log. @returns its log as the step would store it */
  async function attempt(heading: string, ...lines: readonly string[]): Promise<string> {
    const log = await FileStepLog.create();
    const live = new LiveLog({ log, files, job, step: 'compile' });
    await live.resume(heading);
    for (const line of lines) live.write(line);
    await live.flush();
    await live.stop();
    const text = (await log.read(0, log.size)).toString();
    await log.close();
    await log.remove();
    return text;
  }

  test('continues the log of a killed one after a line that introduces it', async () => {
    await attempt('', 'one\n', 'tw');
    expect(await attempt('-- attempt 2 --', 'three\n')).toBe('one\ntw\n-- attempt 2 --\nthree\n');
    // Says nothing, and leaves no line.
    expect(await attempt('-- attempt 3 --')).toBe('one\ntw\n-- attempt 2 --\nthree\n');
    expect(files.text(PARTS)).toBe('one\ntw\n-- attempt 2 --\nthree\n');
  });

  test('continues the whole log of a failed one, whose parts may lack its last lines', async () => {
    await attempt('', 'one\n');
    files.put('logs/job/compile.log', 'one\ntwo\n');
    files.put('logs/job/compile_more.log', 'of another step, and longer');
    const whole = 'one\ntwo\n-- attempt 2 --\nthree\n';
    expect(await attempt('-- attempt 2 --', 'three\n')).toBe(whole);
    expect(files.text(PARTS)).toBe(whole);
  });

  test('continues in the middle of a part, and after a full one', async () => {
    const text = `${'x'.repeat(99)}\n`.repeat(60_000);
    await attempt('', text);
    files.writes.length = 0;
    expect((await attempt('-- attempt 2 --', 'more\n')).length).toBe(text.length + 21);
    expect(files.writes).toEqual([`${PARTS}01.log`]);
    expect(files.text(PARTS)).toBe(`${text}-- attempt 2 --\nmore\n`);
  });

  test('begins anew after an expired job of the same id', async () => {
    const before = Date.parse(job.startedAt) - 1_000;
    files.put(`${PARTS}00.log`, 'of an expired job\n', before);
    files.put('logs/job/compile.log', 'of an expired job\n', before);
    expect(await attempt('-- attempt 2 --', 'new\n')).toBe('new\n');
    expect(files.text(PARTS)).toBe('new\n');
  });

  test('that cannot read the earlier log leaves it as it is', async () => {
    await attempt('', 'one\n');
    jest.spyOn(files, 'read').mockRejectedValue(new Error('S3 responded with 503'));
    expect(await attempt('-- attempt 2 --', 'two\n')).toBe('two\n');
    expect(files.text(PARTS)).toBe('one\n');
  });
});

test('a log that does not answer holds no attempt up', async () => {
  const timeout = jest.spyOn(AbortSignal, 'timeout').mockImplementation(() => AbortSignal.abort('too late'));
  const hangs = (signal: AbortSignal | undefined) =>
    new Promise<never>((_resolve, reject) => {
      if (signal?.aborted) reject(signal.reason);
    });
  files.put(`${PARTS}00.log`, 'one\n');
  const { list } = files;
  const log = new MemoryLog();
  for (const step of ['list', 'read'] as const) {
    if (step === 'list') files.list = (_prefix, { signal } = {}) => hangs(signal);
    else files.list = list;
    files.read = (_key, _start, _end, signal) => hangs(signal);
    const live = new LiveLog({ log, files, job, step: 'compile' });
    await live.resume('-- attempt 2 --');
    await live.stop();
  }
  expect(timeout.mock.calls).toEqual([[10_000], [10_000]]);
  expect(log.size).toBe(0);
}, 2_000);

test('a full disk uploads what it has, and no zero bytes', async () => {
  jest.spyOn(log, 'error').mockImplementation(() => {});
  const stepLog = await FileStepLog.create();
  const live = new LiveLog({ log: stepLog, files, job, step: 'compile' });
  live.write('kept, and lost\n');
  await truncate((await stepLog.close()) ?? '', 4);
  await live.flush();
  await live.flush();
  expect(files.text(PARTS)).toBe('kept');
  expect(files.writes).toHaveLength(1);
  await live.stop();
  await stepLog.remove();
});

test('a hostile log is clean, bounded and whole', async () => {
  const log = await FileStepLog.create();
  const live = new LiveLog({ log, files, job, step: 'compile' });
  live.write('\u001b[31mred\u001b[0m \0\ud83d\u202e end\n');
  live.write('x'.repeat(10 * MIB));
  const LINES = `ä€😀\n${'and so on, and on, and on, and on, and on, and on, and on\n'.repeat(1_100)}`;
  for (let size = 0; size < MAX_LOG_BYTES; size += Buffer.byteLength(LINES)) live.write(LINES);
  live.write('too late\n');
  await live.flush();
  await live.stop();
  expect(log.size).toBeGreaterThan(MAX_LOG_BYTES);
  expect(log.size).toBeLessThan(MAX_LOG_BYTES + 70_000);
  const text = files.text(PARTS);
  expect(Buffer.byteLength(text)).toBe(log.size);
  expect(text.slice(0, 9)).toBe('red  end\n');
  expect(text).toMatch(/\nThe log ends here: it exceeded 52428800 bytes\.\n$/);
  expect(text).not.toContain('\ufffd');
  expect(log.tail().every((line) => line.length <= 200)).toBe(true);
  await log.close();
  await log.remove();
});

test('what a log stores counts once, however often its last part is written', async () => {
  const log = await FileStepLog.create();
  const live = new LiveLog({ log, files, job, step: 'compile' });
  const used = await countingUse(async () => {
    for (const line of ['one', 'two', 'three']) {
      live.write(line);
      await live.flush();
    }
    return countedUse();
  });
  await live.stop();
  expect(used.byteDays).toBe(8 * log.size);
  await log.close();
  await log.remove();
});
