/** Runs other programs, and ends all that still run when this process ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

export interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv;
  /** @default the current folder */
  readonly cwd?: string;
}

export interface ServerOptions extends ProgramOptions {
  /** Receives what the program prints. */
  readonly logFile: string;
}

/** Time to end by itself after SIGTERM. */
const END_MS = 5_000;
const running = new Set<ChildProcess>();

/**
 * Runs a program to its end.
 * @returns what it printed
 * @throws Error with the end of its output when it fails
 */
export function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<string> {
  const child = start(command, args, options, 'ignore');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject).on('close', (code, signal) => {
      if (code === 0) return resolve(output);
      const printed = output.trim().split('\n').slice(-30).join('\n');
      reject(new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}:\n${printed}`));
    });
  });
}

/**
 * Starts a server that prints its port as its first line, and ends when its standard input ends.
 * @returns the port, and a function that ends the server
 * @throws Error with the end of its output, when the server ends before it prints a port
 */
export async function startServer(
  command: string,
  args: readonly string[],
  { logFile, ...options }: ServerOptions,
): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const child = start(command, args, options, 'pipe');
  const log = createWriteStream(logFile);
  let lastError = '';
  child.stderr?.on('data', (data: Buffer) => {
    lastError = data.toString().trim();
  });
  child.stderr?.pipe(log);
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const port = await new Promise<number>((resolve, reject) => {
    lines.once('line', (line) => resolve(Number(line)));
    child.once('error', reject).once('close', (code, signal) => {
      reject(new Error(`${command} ${args.join(' ')} ended with ${signal ?? code}:\n${lastError}`));
    });
  });
  lines.on('line', (line) => log.write(`${line}\n`));
  return { port, stop: () => end(child) };
}

/** Runs a program that prints to this program's output, and ends when its standard input ends. @returns its exit code; 1 when a signal ended it */
export async function runAttached(
  command: string,
  args: readonly string[],
  { env, cwd }: ProgramOptions,
): Promise<number> {
  const child = spawn(command, args, { env, cwd, stdio: ['pipe', 'inherit', 'inherit'], detached: true });
  running.add(child);
  const [code] = await once(child, 'close');
  running.delete(child);
  return code ?? 1;
}

/** Starts a program in a process group of its own, so that the programs that it starts can be ended with it. */
function start(
  command: string,
  args: readonly string[],
  { env, cwd }: ProgramOptions,
  stdin: 'ignore' | 'pipe',
): ChildProcess {
  const child = spawn(command, args, { env, cwd, stdio: [stdin, 'pipe', 'pipe'], detached: true });
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (!running.has(child)) return;
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), END_MS);
  await closed;
  clearTimeout(timer);
  signalGroup(child, 'SIGKILL');
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // The group has ended.
  }
}

/** Ends all programs, and waits for them. */
export async function endPrograms(): Promise<void> {
  await Promise.all([...running].map(end));
}

process.on('exit', () => {
  for (const child of running) signalGroup(child, 'SIGKILL');
});
