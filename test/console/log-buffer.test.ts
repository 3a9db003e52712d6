/** Tests that a log of any size and any line stays small in the console. */
import { logQuery, mayHaveEarlier, nextLogMs } from '../../console/app/jobs/log-reading.ts';
import { appendLog, EMPTY_LOG, headingOf, type LogState, openLine } from '../../console/shared/log-buffer.ts';

const texts = ({ blocks }: LogState) => blocks.flatMap(({ lines }) => lines.map(({ text }) => text));

test('lines are joined over pages, and an unfinished one is shown', () => {
  const first = appendLog(EMPTY_LOG, 'one\r\ntw');
  expect([texts(first), openLine(first)?.text]).toEqual([['one'], 'tw']);
  const second = appendLog(first, 'o\n\nthree\n');
  expect([texts(second), openLine(second)]).toEqual([['one', 'two', '', 'three'], undefined]);
});

test('a line of a megabyte is cut, with the number of characters that are left out', () => {
  let log = EMPTY_LOG;
  for (let page = 0; page < 4; page++) log = appendLog(log, 'x'.repeat(250_000));
  expect(openLine(log)).toMatchObject({ text: 'x'.repeat(2_000), cut: 998_000 });
  log = appendLog(log, '\nnext\n');
  expect(log.blocks[0]?.lines[0]).toMatchObject({ cut: 998_000 });
  expect(log.characters).toBeLessThan(5_000);
  expect(texts(log)[1]).toBe('next');
});

test('50 MB keep the last 5,000 lines, and a full block stays the same object', () => {
  const page = `${'y'.repeat(127)}\n`.repeat(2_048);
  let log = EMPTY_LOG;
  for (let count = 0; count < 200; count++) {
    const full = log.blocks.findLast(({ lines }) => lines.length === 100);
    log = appendLog(log, page);
    if (full) expect(log.blocks.includes(full)).toBe(true);
    expect(log.lines).toBeLessThanOrEqual(5_100);
  }
  expect(log.dropped + log.lines).toBe(200 * 2_048);
  expect(log.blocks.at(-1)?.lines.at(-1)?.number).toBe(200 * 2_048 - 1);
});

test('long lines are bounded by their characters', () => {
  let log = EMPTY_LOG;
  for (let count = 0; count < 20; count++) log = appendLog(log, `${'z'.repeat(1_999)}\n`.repeat(130));
  expect(log.characters).toBeLessThan(1_300_000);
});

test('sequences for terminals are removed', () => {
  expect(texts(appendLog(EMPTY_LOG, '\u001b[31mred\u001b[0m \u001b]0;title\u0007end\n'))).toEqual([
    'red end',
  ]);
});

test('a heading is exactly as the service writes it', () => {
  expect(headingOf('== install ==')).toBe('step');
  expect(headingOf('-- attempt 2 --')).toBe('attempt');
  for (const text of ['== a', 'x == a ==', '-- attempt x --', `== ${'a'.repeat(65)} ==`]) {
    expect(headingOf(text)).toBeUndefined();
  }
});

test('the end is read first, then what follows; a filter stays', () => {
  expect(logQuery('end', '', undefined)).toBe('tail=65536');
  expect(logQuery('more', 'test', undefined)).toBe('tail=262144&step=test');
  expect(logQuery('start', '', undefined)).toBe('');
  expect(logQuery('end', 'a b', 'c=')).toBe('after=c%3D&step=a+b');
});

test('an end that is as long as asked for has something before it', () => {
  expect(mayHaveEarlier('end', { text: 'x'.repeat(65_000) })).toBe(true);
  expect(mayHaveEarlier('end', { text: 'é'.repeat(32_000) })).toBe(true);
  expect(mayHaveEarlier('end', { text: 'x'.repeat(1_000) })).toBe(false);
  expect(mayHaveEarlier('start', { text: 'x'.repeat(262_144) })).toBe(false);
});

test('the next page is read when the service says, at once when there is more, and not after the end', () => {
  expect(nextLogMs({ text: 'a', next_after: '', complete: false, poll_after_ms: 2_000 })).toBe(2_000);
  expect(nextLogMs({ text: 'a', next_after: '', complete: false })).toBe(250);
  expect(nextLogMs({ text: '', next_after: '', complete: false })).toBe(2_000);
  expect(nextLogMs({ text: 'a', next_after: '', complete: true })).toBeUndefined();
});
