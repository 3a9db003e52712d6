/** Collects the log of one attempt, cleaned: all of it in a file, the last lines in memory. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { StepLog } from '../definition/step-context.ts';
import { TAIL_LINE_CHARACTERS, TAIL_LINES } from '../jobs/bound-record.ts';
import { cleanText } from '../shared/clean-text.ts';
import { cutText, cutTextStart } from '../shared/cut-text.ts';

/** Cuts off longer logs with a notice, so that a script in an endless loop cannot fill the disk. */
export const MAX_LOG_BYTES = 50 * 1024 * 1024;

export class FileStepLog implements StepLog {
  readonly #directory: string;
  readonly #stream: WriteStream;
  #tail: string[] = [];
  #unfinishedLine = '';
  #bytes = 0;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#stream = createWriteStream(join(directory, 'log'));
    // A full disk fails the next write of the step and `close`. Without a listener it would end the process.
    this.#stream.on('error', (error) => console.error({ message: 'Failed to write a log', error }));
  }

  static async create(): Promise<FileStepLog> {
    return new FileStepLog(await mkdtemp(join(tmpdir(), 'log-')));
  }

  write(text: string): void {
    if (this.#bytes > MAX_LOG_BYTES) return;
    this.#bytes += Buffer.byteLength(text);
    this.#append(
      this.#bytes > MAX_LOG_BYTES
        ? `\nThe log ends here: it exceeded ${MAX_LOG_BYTES} bytes.\n`
        : cleanText(text),
    );
  }

  #append(text: string): void {
    this.#stream.write(text);
    const lines = (this.#unfinishedLine + text).split('\n');
    this.#unfinishedLine = cutTextStart(lines.pop() ?? '', TAIL_LINE_CHARACTERS);
    this.#tail = [...this.#tail, ...lines.map((line) => cutText(line, TAIL_LINE_CHARACTERS))].slice(
      -TAIL_LINES,
    );
  }

  /** @returns the last lines, oldest first */
  tail(): readonly string[] {
    return this.#unfinishedLine ? [...this.#tail, this.#unfinishedLine].slice(-TAIL_LINES) : this.#tail;
  }

  /** Flushes the log. @returns the path of its file; undefined for an empty log */
  async close(): Promise<string | undefined> {
    this.#stream.end();
    await finished(this.#stream);
    return this.#bytes > 0 ? String(this.#stream.path) : undefined;
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}
