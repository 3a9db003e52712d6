/** Creates the private directory of one job on this machine, and removes it when a step fails. */
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeTree, type SandboxContext } from 'mcp-async-operations/steps';
import { writeCommands } from './managers/commands.ts';
import { writeSettings } from './managers/settings.ts';

/** Paths of a job's directory. */
export interface JobDirectory {
  /** Contains all other paths. */
  readonly root: string;
  /** The project's files. */
  readonly tree: string;
  /** File with the SHA-256 of the snapshot that equals the tree; absent when the tree may differ. See tree.ts. */
  readonly marker: string;
  /** First directory in PATH of the project's scripts. */
  readonly commands: string;
  /**
   * HOME of the project's scripts, with the caches of the package managers. Each job has its own: a project's script could poison
   * a shared cache for the next project.
   */
  readonly home: string;
  /** TMPDIR of the project's scripts. */
  readonly scratch: string;
}

/**
 * Runs work in the job's directory, which can still contain files of an earlier step.
 *
 * It first removes the directories of other jobs. This bounds the disk use of a warm machine, and no script finds files of
 * another project. It requires a temporary directory per function instance, as Lambda provides it. An instance runs one step at
 * a time.
 *
 * @throws the error of the work, or the signal's reason after an abort.
 */
export async function withJobDirectory<T>(
  { jobId, signal }: Pick<SandboxContext, 'jobId' | 'signal'>,
  work: (directory: JobDirectory) => Promise<T>,
): Promise<T> {
  // Reads `process.env` each time: test runners replace it, and `tmpdir` does not notice.
  const jobs = join(process.env.TMPDIR ?? tmpdir(), 'jobs');
  await mkdir(jobs, { recursive: true, mode: 0o700 });
  // Fails when another user owns the directory, which is then unsafe to use.
  await chmod(jobs, 0o700);
  for (const other of await readdir(jobs)) {
    if (other !== jobId) await removeTree(join(jobs, other));
  }

  const root = join(jobs, jobId);
  const scripts = join(root, 'scripts');
  const directory: JobDirectory = {
    root,
    tree: join(root, 'tree'),
    marker: join(root, 'snapshot'),
    commands: join(scripts, 'bin'),
    home: join(scripts, 'home'),
    scratch: join(scripts, 'scratch'),
  };
  try {
    // Only the tree passes between steps: a script must see the same on a warm and on a cold machine.
    await removeTree(scripts);
    await mkdir(directory.home, { recursive: true });
    await mkdir(directory.scratch, { recursive: true });
    await writeCommands(directory.commands);
    await writeSettings(directory.home);
    return await work(directory);
  } catch (error) {
    await removeTree(root);
    // An abort causes various errors; the signal's reason is the one to report.
    signal.throwIfAborted();
    throw error;
  }
}
