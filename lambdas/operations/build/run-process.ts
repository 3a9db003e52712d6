/** Runs a program, reads its output line by line, and ends all that it has started. */
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
  /** Receives each output line without line end, escape codes and control characters. */
  onLine(line: string, stream: 'stdout' | 'stderr'): void;
}

export interface ProcessEnd {
  /** Null when a signal killed the program. */
  readonly exitCode: number | null;
  readonly killedBy: NodeJS.Signals | null;
}

/** This and the end of the processes must fit into the five seconds that the runner waits after an abort. */
const TERMINATION_GRACE_MS = 2_000;
/** Longest wait for the pipes, which a descendant can keep open while its end takes time. */
const OUTPUT_GRACE_MS = 1_000;
/** Splits longer lines, such as minified files. */
const MAX_LINE_CHARACTERS = 8_192;

/**
 * Runs the program as the leader of a process group. Then kills the group, and what has left it: nothing that a script has
 * started outlives the program.
 * @throws the signal's reason when it aborts, or Error when a process does not end.
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
    await outputEnd(closed, [child.stdout, child.stderr]);
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
    // A lone carriage return also ends a line: progress bars use it.
    const lines = (rest + text).split(/\r?\n|\r/);
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(cleanText(line));
    while (rest.length > MAX_LINE_CHARACTERS) {
      const start = cutText(rest, MAX_LINE_CHARACTERS);
      onLine(cleanText(start));
      rest = rest.slice(start.length);
    }
  });
  stream.on('close', () => {
    if (rest) onLine(cleanText(rest));
  });
}
