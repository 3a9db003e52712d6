/** Collects the log of a step, cleaned: all of it in a file, the last lines of this attempt in memory. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdtemp, open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { StepLog } from '../definition/step-context.ts';
import { TAIL_LINE_CHARACTERS, TAIL_LINES } from '../jobs/bound-record.ts';
import { cleanText } from '../shared/clean-text.ts';
import { cutText, cutTextStart, splitText } from '../shared/cut-text.ts';
import { drained } from '../shared/drained.ts';
import { log } from '../shared/observability/log.ts';
import { GATHER_CHARACTERS, incompleteEnd } from './sandbox/gather-output.ts';

/** Code units to clean and to cut into lines at a time: a step may print all of its output at once. */
const PIECE_CHARACTERS = 64 * 1024;

/** Cuts off longer logs with a notice, so that a script in an endless loop cannot fill the disk. */
export const MAX_LOG_BYTES = 50 * 1024 * 1024;
export const LOG_LIMIT_NOTICE = `\nThe log ends here: it exceeded ${MAX_LOG_BYTES} bytes.\n`;

export class FileStepLog implements StepLog {
  readonly #directory: string;
  readonly #file: string;
  readonly #stream: WriteStream;
  #tail: string[] = [];
  #unfinishedLine = '';
  #size = 0;
  #endsLine = true;
  /** Written, and not yet cleaned: a step may print characters one by one. */
  #gathered = '';

  private constructor(directory: string) {
    this.#directory = directory;
    this.#file = join(directory, 'log');
    // Appends, also behind the gap that `skip` leaves.
    this.#stream = createWriteStream(this.#file, { flags: 'a' });
    // A full disk fails the next write of the step and `close`. Without a listener it would end the process.
    this.#stream.on('error', (error) => log.error('Failed to write a log', { error }));
  }

  static async create(): Promise<FileStepLog> {
    return new FileStepLog(await mkdtemp(join(tmpdir(), 'log-')));
  }

  /** Bytes. */
  get size(): number {
    this.#settle('');
    return this.#size;
  }

  /** Whether the last line is complete. */
  get endsLine(): boolean {
    this.#settle('');
    return this.#endsLine;
  }

  write(text: string): void {
    this.#gathered += text;
    if (this.#gathered.length >= GATHER_CHARACTERS) this.#settle(incompleteEnd(this.#gathered));
  }

  drain(): Promise<void> {
    return drained(this.#stream);
  }

  /** Cleans and appends what was written. @param kept its end, which waits for more */
  #settle(kept: string): void {
    const text = this.#gathered.slice(0, this.#gathered.length - kept.length);
    this.#gathered = kept;
    for (const piece of splitText(text, PIECE_CHARACTERS)) {
      if (this.#size > MAX_LOG_BYTES) return;
      const bytes = this.#appendText(cleanText(piece));
      // A sandbox adds the notice itself.
      if (bytes > MAX_LOG_BYTES && !piece.endsWith(LOG_LIMIT_NOTICE)) this.#appendText(LOG_LIMIT_NOTICE);
    }
  }

  /** Appends clean text that is not among the last lines. */
  append(bytes: Buffer): void {
    this.#settle('');
    this.#append(bytes);
  }

  #append(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#stream.write(bytes);
    this.#size += bytes.length;
    this.#endsLine = bytes.at(-1) === '\n'.charCodeAt(0);
  }

  /** Leaves a gap of so many bytes at the start of an empty log, for `fill`. */
  async skip(bytes: number): Promise<void> {
    await this.#flush();
    await truncate(this.#file, bytes);
    this.#size = bytes;
  }

  /** Writes bytes into the gap, from `start`. */
  async fill(start: number, bytes: Buffer): Promise<void> {
    const file = await open(this.#file, 'r+');
    try {
      await file.write(bytes, 0, bytes.length, start);
    } finally {
      await file.close();
    }
  }

  /** Removes the first bytes. */
  async drop(bytes: number): Promise<void> {
    await this.#flush();
    await writeFile(this.#file, (await readFile(this.#file)).subarray(bytes));
    this.#size -= bytes;
  }

  /** Reads the bytes from `start`, inclusive, to `end`, exclusive, both inside the log. A full disk has fewer of them. */
  async read(start: number, end: number): Promise<Buffer<ArrayBuffer>> {
    await this.#flush();
    const file = await open(this.#file);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  async #flush(): Promise<void> {
    this.#settle('');
    await new Promise((resolve) => this.#stream.write('', resolve));
  }

  /** @returns the size of the log */
  #appendText(text: string): number {
    this.#append(Buffer.from(text));
    this.recall(text);
    return this.#size;
  }

  /** Adds clean text, which is in the log already, to the last lines. */
  recall(text: string): void {
    const lines = (this.#unfinishedLine + text).split('\n');
    this.#unfinishedLine = cutTextStart(lines.pop() ?? '', TAIL_LINE_CHARACTERS);
    const last = lines.slice(-TAIL_LINES).map((line) => cutText(line, TAIL_LINE_CHARACTERS));
    this.#tail = [...this.#tail, ...last].slice(-TAIL_LINES);
  }

  /** @returns the last lines, oldest first */
  tail(): readonly string[] {
    this.#settle('');
    return this.#unfinishedLine ? [...this.#tail, this.#unfinishedLine].slice(-TAIL_LINES) : this.#tail;
  }

  /** Flushes the log. @returns the path of its file; undefined for an empty log */
  async close(): Promise<string | undefined> {
    this.#settle('');
    this.#stream.end();
    await finished(this.#stream);
    return this.#size > 0 ? this.#file : undefined;
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}
