/** Stores a table's stream on disk: a line for each write and record, and the position of each reader. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BeforeImage, StreamRecord } from './stream-record.ts';

/** Each write leaves a line before it runs, and a record when it has changed an item. */
export type LogLine = { readonly before: BeforeImage } | { readonly record: StreamRecord };

/** The sequence number of the last record that a reader has finished, by reader. */
export type Positions = Readonly<Record<string, string>>;

/** Writes synchronously: a line takes microseconds, and the order on disk is the order of the sequence numbers. */
export class StreamLog {
  readonly #lines: string;
  readonly #positions: string;

  /** Creates `<tableName>.jsonl` and `<tableName>.positions.json` in the directory. */
  constructor(directory: string, tableName: string) {
    mkdirSync(directory, { recursive: true });
    this.#lines = join(directory, `${tableName}.jsonl`);
    this.#positions = join(directory, `${tableName}.positions.json`);
  }

  readLines(): LogLine[] {
    if (!existsSync(this.#lines)) return [];
    // Text after the last line break is incomplete: the process ended before it acknowledged that write.
    const whole = readFileSync(this.#lines, 'utf8').split('\n').slice(0, -1);
    return whole.map((line) => JSON.parse(line) as LogLine);
  }

  readPositions(): Positions {
    return existsSync(this.#positions) ? JSON.parse(readFileSync(this.#positions, 'utf8')) : {};
  }

  append(line: LogLine): void {
    appendFileSync(this.#lines, `${JSON.stringify(line)}\n`);
  }

  replaceLines(lines: readonly LogLine[]): void {
    replaceFile(this.#lines, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  savePositions(positions: Positions): void {
    replaceFile(this.#positions, JSON.stringify(positions));
  }
}

/** Replaces the file atomically, even when the process ends meanwhile. */
function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
