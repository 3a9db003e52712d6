/** Gives each step of a sandbox a machine without processes of earlier steps, and without files of other jobs. */
import { execFile } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endProcesses, ownsMachine } from './end-processes.ts';

const run = promisify(execFile);
let lastJobId: string | undefined;

/**
 * Ends what an interrupted step has left. Empties the temporary directory before the first step of a job on this machine; a
 * shared machine's directory has files of other programs, and stays.
 */
export async function cleanMachine(jobId: string): Promise<void> {
  await endProcesses();
  if (ownsMachine() && jobId !== lastJobId) {
    for (const name of await readdir(tmpdir())) await removeTree(join(tmpdir(), name));
  }
  lastJobId = jobId;
}

/** Removes a file or directory, also one whose directories are read-only, or nested deeper than a path can name. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch {
    await run('/bin/sh', ['-c', 'chmod -R u+rwx "$0"; exec rm -rf "$0"', path], { env: {} });
  }
}
