/** Collects matches: the first ones in memory for the result, all of them in a file. */
import { appendFile, writeFile } from 'node:fs/promises';
import type { Match } from './operation.ts';

/** With the rest of the result it stays below 64 KiB, the limit of a job record. */
const MAX_INLINE_BYTES = 48 * 1024;
const BUFFER_CHARACTERS = 64 * 1024;

export class Matches {
  readonly file: string;
  readonly first: Match[] = [];
  total = 0;
  #inlineBytes = 0;
  #unwritten = '';

  private constructor(file: string) {
    this.file = file;
  }

  /** @param earlier lines that an earlier run wrote to such a file */
  static async open(file: string, earlier = ''): Promise<Matches> {
    const matches = new Matches(file);
    await writeFile(file, earlier);
    for (const line of earlier.split('\n').filter(Boolean)) matches.#count(line);
    return matches;
  }

  async add(match: Match): Promise<void> {
    const line = JSON.stringify(match);
    this.#count(line);
    this.#unwritten += `${line}\n`;
    if (this.#unwritten.length > BUFFER_CHARACTERS) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.#unwritten;
    this.#unwritten = '';
    if (text) await appendFile(this.file, text);
  }

  #count(line: string): void {
    this.total += 1;
    this.#inlineBytes += Buffer.byteLength(line) + 1;
    // Keeps the first matches without a gap.
    if (this.first.length === this.total - 1 && this.#inlineBytes <= MAX_INLINE_BYTES) {
      this.first.push(JSON.parse(line) as Match);
    }
  }
}
