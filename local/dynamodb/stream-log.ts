/** Stores a table's stream on disk: a line for each write and record, and the position of each reader. */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { damaged, notWritten, type OnFailure, readJson, replaceFile } from '../shared/data-files.ts';
import type { BeforeImage, StreamRecord } from './stream-record.ts';

/** Each write leaves a line before it runs, and a record when it has changed an item. */
export type LogLine = { readonly before: BeforeImage } | { readonly record: StreamRecord };

/** The sequence number of the last record that a reader has finished, by reader. */
export type Positions = Readonly<Record<string, string>>;

const REMEDY =
  'Restore it from a copy, or delete it to start without it: events of its changes that were not delivered yet are lost.';

/** Writes synchronously: a line takes microseconds, and the order on disk is the order of the sequence numbers. */
export class StreamLog {
  readonly #lines: string;
  readonly #positions: string;
  readonly #onFailure: OnFailure;

  /** Creates `<tableName>.jsonl` and `<tableName>.positions.json` in the directory. */
  constructor(directory: string, tableName: string, onFailure: OnFailure) {
    mkdirSync(directory, { recursive: true });
    this.#lines = join(directory, `${tableName}.jsonl`);
    this.#positions = join(directory, `${tableName}.positions.json`);
    this.#onFailure = onFailure;
  }

  /** @throws Error naming the file and the remedy */
  readLines(): LogLine[] {
    let text: string;
    try {
      text = readFileSync(this.#lines, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw damaged(this.#lines, error, REMEDY);
    }
    // Text after the last line break is incomplete: the process ended before it acknowledged that write.
    return text
      .split('\n')
      .slice(0, -1)
      .map((line, index) => this.#parse(line, index));
  }

  /** @throws Error naming the file and the remedy */
  readPositions(): Positions {
    const isText = (position: unknown) => typeof position === 'string';
    const isValid = (positions: Positions) => Object.values(positions).every(isText);
    return readJson(this.#positions, isValid, REMEDY) ?? {};
  }

  append(line: LogLine): void {
    this.#write(this.#lines, (file) => appendFileSync(file, `${JSON.stringify(line)}\n`));
  }

  replaceLines(lines: readonly LogLine[]): void {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    this.#write(this.#lines, (file) => replaceFile(file, text));
  }

  savePositions(positions: Positions): void {
    this.#write(this.#positions, (file) => replaceFile(file, JSON.stringify(positions)));
  }

  #parse(text: string, index: number): LogLine {
    try {
      const line = JSON.parse(text);
      // Throws for a line of another form.
      return (line.record ? line.record.dynamodb.SequenceNumber : line.before.Keys) && line;
    } catch (error) {
      throw damaged(`${this.#lines}, line ${index + 1},`, error, REMEDY);
    }
  }

  /** A failed append can leave part of a line, to which a later one would be joined: the cloud must end. */
  #write(file: string, write: (file: string) => void): void {
    try {
      write(file);
    } catch (error) {
      const failure = notWritten(file, error);
      this.#onFailure(failure);
      throw failure;
    }
  }
}
