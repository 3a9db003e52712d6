/** A stream's files: what a crash leaves is read, what is damaged is named, and a full disk is reported. */
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { StreamLog } from '../../../local/dynamodb/stream-log.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'stream-log-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const before = { Keys: { id: { S: 'a' } } };
const failures: Error[] = [];
const open = () => new StreamLog(directory, 'jobs', (error) => failures.push(error));
const write = (name: string, text: string) => writeFileSync(join(directory, name), text);

test('the part of a line that a crash has cut off is left out', () => {
  open().append({ before });
  write('jobs.jsonl', `${JSON.stringify({ before })}\n{"record":`);
  expect(open().readLines()).toEqual([{ before }]);
});

test.each(['{"record":\n', 'null\n', '{"record":{}}\n', '{}\n', '\n'])(
  'the damaged line %j is named',
  (text) => {
    write('jobs.jsonl', `${JSON.stringify({ before })}\n${text}`);
    expect(() => open().readLines()).toThrow(`${join(directory, 'jobs.jsonl')}, line 2, is damaged`);
    expect(() => open().readLines()).toThrow('delete it to start without it');
  },
);

test.each(['', '{"reader":', 'null', '{"reader":1}'])('the damaged positions %j are named', (text) => {
  write('jobs.positions.json', text);
  expect(() => open().readPositions()).toThrow(`${join(directory, 'jobs.positions.json')} is damaged`);
});

test.each([
  ['jobs.jsonl', 'jobs.jsonl', (log: StreamLog) => log.append({ before })],
  ['jobs.jsonl', 'jobs.jsonl.new', (log: StreamLog) => log.replaceLines([{ before }])],
  ['jobs.positions.json', 'jobs.positions.json.new', (log: StreamLog) => log.savePositions({ reader: '1' })],
])('a full disk is reported with the name of %s', (file, written, act) => {
  const log = open();
  symlinkSync('/dev/full', join(directory, written));
  failures.length = 0;
  const message = `${join(directory, file)} cannot be written (ENOSPC`;
  expect(() => act(log)).toThrow(message);
  expect(failures).toEqual([expect.objectContaining({ message: expect.stringContaining(message) })]);
});
