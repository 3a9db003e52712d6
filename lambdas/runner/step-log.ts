/** The log of one attempt at a step: the whole in a file, the last lines in memory. */
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { StepLog } from '../definition/step-context.ts';

/** What a job shows of a log: enough for a model to see why something failed, little enough for its context. */
const TAIL_LINES = 20;
const TAIL_LINE_CHARACTERS = 200;

/** Past this many bytes a log is cut, and says so: a script in an endless loop must not fill the disk. */
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
    // A full disk fails what the step does next, and `close`; without a listener it would end the process.
    this.#stream.on('error', (error) => console.error({ message: 'A log cannot be written', error }));
  }

  static async create(): Promise<FileStepLog> {
    return new FileStepLog(await mkdtemp(join(tmpdir(), 'log-')));
  }

  write(text: string): void {
    if (this.#bytes > MAX_LOG_BYTES) return;
    this.#bytes += Buffer.byteLength(text);
    this.#append(
      this.#bytes > MAX_LOG_BYTES ? `\nThe log is cut here: it passed ${MAX_LOG_BYTES} bytes.\n` : text,
    );
  }

  #append(text: string): void {
    this.#stream.write(text);
    const lines = (this.#unfinishedLine + text).split('\n');
    this.#unfinishedLine = (lines.pop() ?? '').slice(-TAIL_LINE_CHARACTERS);
    this.#tail = [...this.#tail, ...lines.map((line) => line.slice(0, TAIL_LINE_CHARACTERS))].slice(
      -TAIL_LINES,
    );
  }

  /** The last lines, oldest first. */
  tail(): readonly string[] {
    return this.#unfinishedLine ? [...this.#tail, this.#unfinishedLine].slice(-TAIL_LINES) : this.#tail;
  }

  /** Flushes the log; the path of its file, or undefined when nothing was written. */
  async close(): Promise<string | undefined> {
    this.#stream.end();
    await finished(this.#stream);
    return this.#bytes > 0 ? String(this.#stream.path) : undefined;
  }

  async remove(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}
