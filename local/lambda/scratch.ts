/** Creates the temporary directory of each instance. Removes it with the processes that its programs have left. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The name has the process id, so that a later start knows the directories of a killed process. */
const PREFIX = 'lambda-';
const NAME = /^lambda-(\d+)-/;

/** Returns a new directory for TMPDIR. Programs of an instance inherit it, which marks their processes. */
export function createScratch(directory = tmpdir()): string {
  return mkdtempSync(join(directory, `${PREFIX}${process.pid}-`));
}

/** Ends the processes of instances, as the end of a machine does, then removes the directories. */
export async function removeScratches(...scratches: readonly string[]): Promise<void> {
  for (const pid of processesIn(scratches)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
  const options = { recursive: true, force: true, maxRetries: 3 };
  // A killed process may finish a write.
  await Promise.all(scratches.map((scratch) => rm(scratch, options).catch(() => {})));
}

/** Removes what instances of killed local clouds have left. */
export async function removeLeftScratches(directory = tmpdir()): Promise<void> {
  const names = await readdir(directory);
  const left = names.filter((name) => {
    const [, pid] = NAME.exec(name) ?? [];
    return pid !== undefined && !isAlive(Number(pid));
  });
  if (left.length > 0) await removeScratches(...left.map((name) => join(directory, name)));
}

/** Returns no process where the system is not Linux. */
function processesIn(scratches: readonly string[]): number[] {
  const isIn = (variable: string) =>
    scratches.some(
      (scratch) => variable === `TMPDIR=${scratch}` || variable.startsWith(`TMPDIR=${scratch}/`),
    );
  return entriesOfProc().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').some(isIn);
    } catch {
      // It has ended, or belongs to another user.
      return false;
    }
  });
}

function entriesOfProc(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
