/** Ends the processes that a step in a sandbox leaves behind, also those that left its process group. */
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A program to start, with its complete environment. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Returns whether the machine serves this process alone, as on Lambda, whose paths these are. Anywhere else, such as on the
 * local cloud, processes and files of other programs are around.
 */
export function ownsMachine(): boolean {
  return process.env.LAMBDA_RUNTIME_DIR === '/var/runtime' && process.execPath.startsWith('/var/lang/');
}

/** Processes of Lambda: those that run before the first step. Undefined on a shared machine. */
const ownProcesses = ownsMachine() ? new Set(identities()) : undefined;

/** On a shared machine, marks the processes of this sandbox. */
const MARK = randomInt(2 ** 40, 2 ** 47);
const MARK_VARIABLE = 'SANDBOX_MARK';
/** Linux limits no file locks, but children inherit the limit, also those with another environment. */
const SET_LIMIT = `ulimit -w ${MARK} 2>/dev/null || ulimit -x ${MARK} 2>/dev/null; exec "$0" "$@"`;
const MARKED_LIMIT = new RegExp(`^Max file locks +${MARK} `, 'm');

/** Processes end within milliseconds, but a program that starts others all the time can escape some passes. */
const LIMIT_MS = 1_000;
/** Passes that find nothing while other processes come and go. */
const QUIET_PASSES = 3;

/**
 * Returns a program that `endProcesses` finds with all its descendants, on Linux also where the machine is shared. Start
 * every program of a sandbox this way, unless it inherits `process.env`.
 */
export function marked({ command, args, env }: Program): Program {
  if (ownProcesses || process.platform !== 'linux') return { command, args, env };
  return {
    command: '/bin/sh',
    args: ['-c', SET_LIMIT, command, ...args],
    env: { ...env, [MARK_VARIABLE]: String(MARK) },
  };
}

/** Marks the programs that inherit `process.env`. */
export function markEnvironment(): void {
  if (!ownProcesses) process.env[MARK_VARIABLE] = String(MARK);
}

/**
 * Kills every process that the steps of this sandbox have started, until none is left: on Lambda all but Lambda's own, on a
 * shared machine those of `marked` programs. Call it before you save files that such a process could change.
 * @throws Error when processes are left after a second
 */
export async function endProcesses(): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  for (let quiet = 0; quiet < QUIET_PASSES; ) {
    const { killed, vanished } = killAll();
    if (killed.length === 0 && vanished === 0) return;
    if (killed.length > 0 && Date.now() > deadline) {
      throw new Error(
        `Processes of the step did not end: ${killed.join(', ')}. Start the job again; it gets a new machine.`,
      );
    }
    quiet = killed.length === 0 ? quiet + 1 : 0;
    await delay(1);
  }
}

/** Kills in one pass. A process that vanished may have left another, which this pass has not seen. */
function killAll(): { readonly killed: readonly number[]; readonly vanished: number } {
  const killed: number[] = [];
  let vanished = 0;
  for (const { pid, identity } of others(() => vanished++)) {
    if (ownProcesses ? ownProcesses.has(identity) : !isMarked(pid)) continue;
    try {
      process.kill(pid, 'SIGKILL');
      killed.push(pid);
    } catch {
      // It has ended, or belongs to another user, and so to no step.
    }
  }
  return { killed, vanished };
}

function identities(): string[] {
  return [...others()].map(({ identity }) => identity);
}

/** Yields the other processes that run, the newest first. Process ids alone are used again. */
function* others(onVanished: () => void = () => {}): Generator<{ pid: number; identity: string }> {
  const ids = entriesOfProc().flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  for (const pid of ids.sort((a, b) => b - a)) {
    if (pid === process.pid) continue;
    const stat = read(pid, 'stat');
    if (stat === undefined) onVanished();
    // The name of the program comes before, and may contain spaces and parentheses.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
    const [state = 'X', startTime] = [fields[0], fields[19]];
    // Z is a zombie, X is dead.
    if (state !== 'Z' && state !== 'X') yield { pid, identity: `${pid} ${startTime}` };
  }
}

/** @returns none where the system is not Linux */
function entriesOfProc(): string[] {
  try {
    return readdirSync('/proc');
  } catch {
    return [];
  }
}

function isMarked(pid: number): boolean {
  if (MARKED_LIMIT.test(read(pid, 'limits') ?? '')) return true;
  return (read(pid, 'environ') ?? '').split('\0').includes(`${MARK_VARIABLE}=${MARK}`);
}

/** @returns undefined when the process has ended, or belongs to another user */
function read(pid: number, file: 'environ' | 'limits' | 'stat'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
