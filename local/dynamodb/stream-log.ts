/** A table's stream on disk: a line for what happened, and how far each reader has come. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Before, StreamRecord } from './stream-record.ts';

/** Each write leaves a line before it is tried, and a record when it has changed something. */
export type LogLine = { readonly before: Before } | { readonly record: StreamRecord };

/** By reader, the sequence number of the last record that it has passed. */
export type Positions = Readonly<Record<string, string>>;

/** Synchronous: a line takes microseconds, and so the order on disk is the order of the sequence numbers. */
export class StreamLog {
  readonly #lines: string;
  readonly #positions: string;

  /** Keeps `<tableName>.jsonl` and `<tableName>.positions.json` in the directory. */
  constructor(directory: string, tableName: string) {
    mkdirSync(directory, { recursive: true });
    this.#lines = join(directory, `${tableName}.jsonl`);
    this.#positions = join(directory, `${tableName}.positions.json`);
  }

  readLines(): LogLine[] {
    if (!existsSync(this.#lines)) return [];
    // What follows the last line break was cut by the end of the process, and its write never acknowledged.
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

/** Written whole or not at all, however the process ends. */
function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
