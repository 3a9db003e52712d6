/** Runs one program with all its descendants in a process group: read line by line, and ended as one. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the group: SIGTERM, then SIGKILL after two seconds. */
  readonly signal: AbortSignal;
  /** Called with each line of output, without its end, escape codes and control characters. */
  onLine(line: string, stream: 'stdout' | 'stderr'): void;
}

export interface ProcessEnd {
  /** Null when a signal killed the program. */
  readonly exitCode: number | null;
  readonly killedBy: NodeJS.Signals | null;
}

/** What is left of the step's time after an abort has to hold this and the reaping: the wrapper waits five seconds. */
const TERMINATION_GRACE_MS = 2_000;
/** A descendant in a group of its own may hold the pipes open for ever; it is not waited for longer than this. */
const OUTPUT_GRACE_MS = 1_000;
/** Output without line ends, such as a minified file, is passed on in pieces of this many characters. */
const MAX_LINE_CHARACTERS = 8_192;

/**
 * Resolves when the program has ended and, with it, its group: what a script leaves running in the background dies.
 * @throws the signal's reason when it aborts.
 */
export async function runProcess(options: ProcessOptions): Promise<ProcessEnd> {
  const { command, args, cwd, env, signal, onLine } = options;
  signal.throwIfAborted();
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  readLines(child.stdout, (line) => onLine(line, 'stdout'));
  readLines(child.stderr, (line) => onLine(line, 'stderr'));
  const closed = once(child, 'close');
  closed.catch(() => {});

  let deadline: NodeJS.Timeout | undefined;
  const killAll = () => killGroup(child.pid, 'SIGKILL');
  const terminate = () => {
    killGroup(child.pid, 'SIGTERM');
    deadline = setTimeout(killAll, TERMINATION_GRACE_MS);
  };
  signal.addEventListener('abort', terminate, { once: true });
  // Said when the machine is shut down, where that is said at all; a detached group would not hear it.
  process.once('SIGTERM', killAll);
  try {
    const [exitCode, killedBy] = await once(child, 'exit');
    killAll();
    await outputEnd(closed, [child.stdout, child.stderr]);
    signal.throwIfAborted();
    return { exitCode, killedBy };
  } finally {
    clearTimeout(deadline);
    signal.removeEventListener('abort', terminate);
    process.removeListener('SIGTERM', killAll);
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

async function outputEnd(closed: Promise<unknown>, streams: readonly Readable[]): Promise<void> {
  const deadline = setTimeout(() => {
    for (const stream of streams) stream.destroy();
  }, OUTPUT_GRACE_MS);
  await closed;
  clearTimeout(deadline);
}

function readLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    // A lone carriage return ends a line as well: progress bars are drawn with it.
    const lines = (rest + text).split(/\r?\n|\r/);
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(printable(line));
    while (rest.length > MAX_LINE_CHARACTERS) {
      onLine(printable(rest.slice(0, MAX_LINE_CHARACTERS)));
      rest = rest.slice(MAX_LINE_CHARACTERS);
    }
  });
  stream.on('close', () => {
    if (rest) onLine(printable(rest));
  });
}

/** Colours and cursor movements mean nothing in a log, and could mislead who reads it in a terminal. */
function printable(line: string): string {
  return stripVTControlCharacters(line).replace(/(?!\t)\p{Cc}/gu, '');
}
