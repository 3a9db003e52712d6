/** Tests the log of a step: many small writes, texts cut anywhere, and a writer that waits for the disk. */
import { readFile } from 'node:fs/promises';
import { FileStepLog } from '../../lambdas/runner/step-log.ts';

let log: FileStepLog;
beforeEach(async () => {
  log = await FileStepLog.create();
});
afterEach(() => log.remove());

async function content(): Promise<string> {
  const file = await log.close();
  return file === undefined ? '' : readFile(file, 'utf8');
}

test('a million characters written one by one are the log, and its last lines', async () => {
  const line = `${'x'.repeat(49)}\n`;
  for (let index = 0; index < 1_000_000; index++) log.write(line[index % 50] ?? '');
  expect(log.size).toBe(1_000_000);
  expect(log.endsLine).toBe(true);
  expect(log.tail()).toEqual(Array.from({ length: 20 }, () => 'x'.repeat(49)));
  expect((await content()) === line.repeat(20_000)).toBe(true);
});

test.each([
  ['a character', '😀', '😀'],
  ['a line end', '\r\n', '\n'],
  ['an escape code', '\u001b[31mred\u001b[0m', 'red'],
])('%s that is written in parts is whole', async (_, sequence, clean) => {
  // Some lie across the length at which a log is cleaned.
  for (let index = 0; index < 10_000; index++) for (const unit of `${sequence}-`.split('')) log.write(unit);
  expect((await content()) === `${clean}-`.repeat(10_000)).toBe(true);
});

test('what was written is read at once', async () => {
  log.write('first');
  expect(log.tail()).toEqual(['first']);
  log.write(' line\nsecond');
  expect((await log.read(0, 17)).toString()).toBe('first line\nsecond');
  log.append(Buffer.from(' line\n'));
  log.write('third');
  expect(await content()).toBe('first line\nsecond line\nthird');
});

test('a writer that waits leaves little in memory', async () => {
  for (let index = 0; index < 200; index++) {
    log.write('x'.repeat(99_999));
    log.write('\n');
    await log.drain();
  }
  expect((await content()).length).toBe(20_000_000);
});
