/** Runs a program, reads its output in whole lines, and ends all that it has started. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { cutText } from 'mcp-async-operations/operation';
import { cleanText, endProcesses } from 'mcp-async-operations/steps';

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Complete environment; the program inherits nothing else. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the group on abort: SIGTERM, then SIGKILL after two seconds. */
  readonly signal: AbortSignal;
  /** Writes stderr into stdout, so that their lines keep their order. @default two streams, each in its own order */
  readonly mergesErrors?: boolean;
  /**
   * Receives output: one line or more, each with its end, without escape codes and control characters. The program is paused until
   * the promise resolves.
   */
  onLines(text: string, stream: 'stdout' | 'stderr'): Promise<void> | void;
}

export interface ProcessEnd {
  /** Null when a signal killed the program. */
  readonly exitCode: number | null;
  readonly killedBy: NodeJS.Signals | null;
}

/** This and the end of the processes must fit into the five seconds that the runner waits after an abort. */
const TERMINATION_GRACE_MS = 2_000;
/** Longest silence of the pipes after the end: a descendant can keep them open while its end takes time. */
const OUTPUT_GRACE_MS = 1_000;
/** Characters read after the end, more than the buffers of a pipe hold: a descendant can print without end. */
const OUTPUT_GRACE_CHARACTERS = 1024 * 1024;
const MERGE_ERRORS = 'exec "$0" "$@" 2>&1';
/** Splits longer lines, such as minified files. */
const MAX_LINE_CHARACTERS = 8_192;

/**
 * Runs the program as the leader of a process group. Then kills the group, and what has left it: nothing that a script has
 * started outlives the program.
 * @throws the signal's reason when it aborts, or Error when a process does not end.
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessEnd> {
  const { cwd, env, signal, mergesErrors = false, onLines } = options;
  signal.throwIfAborted();
  const [command, ...args] = mergesErrors
    ? ['/bin/sh', '-c', MERGE_ERRORS, options.command, ...options.args]
    : [options.command, ...options.args];
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const outputs = [
    new Output(child.stdout, (text) => onLines(text, 'stdout')),
    new Output(child.stderr, (text) => onLines(text, 'stderr')),
  ];

  let deadline: NodeJS.Timeout | undefined;
  const kill = () => killGroup(child.pid, 'SIGKILL');
  const terminate = () => {
    killGroup(child.pid, 'SIGTERM');
    deadline = setTimeout(kill, TERMINATION_GRACE_MS);
  };
  signal.addEventListener('abort', terminate, { once: true });
  // A shutdown can send SIGTERM, which does not reach a detached group.
  const shutDown = () => {
    kill();
    endProcesses().catch(() => {});
  };
  process.once('SIGTERM', shutDown);
  try {
    const [exitCode, killedBy] = await once(child, 'exit');
    kill();
    await endProcesses();
    await Promise.all(outputs.map((output) => output.end()));
    signal.throwIfAborted();
    return { exitCode, killedBy };
  } finally {
    clearTimeout(deadline);
    signal.removeEventListener('abort', terminate);
    process.removeListener('SIGTERM', shutDown);
  }
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Reads the lines of a stream, no faster than they are taken. */
class Output {
  readonly #stream: Readable;
  readonly #onLines: (text: string) => Promise<void> | void;
  readonly #read: Promise<void>;
  /** The start of a line. */
  #rest = '';
  /** A lone carriage return also ends a line: progress bars use it. Before a line feed it is half of a line end. */
  #endsWithReturn = false;
  #isTaken = true;
  #silence: NodeJS.Timeout | undefined;
  #charactersLeft = Number.POSITIVE_INFINITY;

  constructor(stream: Readable, onLines: (text: string) => Promise<void> | void) {
    this.#stream = stream;
    this.#onLines = onLines;
    this.#read = this.#readAll();
    this.#read.catch(() => {});
  }

  /** Resolves when all is taken. Call it after the end of the program. @throws the error of `onLines` */
  async end(): Promise<void> {
    this.#charactersLeft = OUTPUT_GRACE_CHARACTERS;
    this.#silence = setTimeout(() => {
      if (this.#isTaken) this.#stream.destroy();
    }, OUTPUT_GRACE_MS);
    await this.#read.finally(() => clearTimeout(this.#silence));
  }

  async #readAll(): Promise<void> {
    this.#stream.setEncoding('utf8');
    try {
      for await (const text of this.#stream) {
        const lines = this.#linesOf(text);
        this.#isTaken = false;
        if (lines) await this.#onLines(cleanText(lines));
        this.#isTaken = true;
        this.#silence?.refresh();
        this.#charactersLeft -= text.length;
        if (this.#charactersLeft < 0) break;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
    }
    if (this.#rest) await this.#onLines(`${cleanText(this.#rest)}\n`);
  }

  /** @returns the lines that the text completes, and the start of a line that is too long */
  #linesOf(chunk: string): string {
    const text = this.#rest + (this.#endsWithReturn && chunk.startsWith('\n') ? chunk.slice(1) : chunk);
    this.#endsWithReturn = text.endsWith('\r');
    const end = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1;
    let lines = text.slice(0, end);
    this.#rest = text.slice(end);
    while (this.#rest.length > MAX_LINE_CHARACTERS) {
      const start = cutText(this.#rest, MAX_LINE_CHARACTERS);
      lines += `${start}\n`;
      this.#rest = this.#rest.slice(start.length);
    }
    return lines;
  }
}
