/** The place on this machine where one step of one job works: private, alone, and gone when the step fails. */
import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxContext } from 'mcp-async-operations/steps';

export interface JobDirectory {
  /** Everything below; the other paths are inside. */
  readonly root: string;
  /** The project's files. */
  readonly tree: string;
  /** Names the snapshot that the tree equals; absent when it may equal none. See tree.ts. */
  readonly marker: string;
  /** HOME of the project's scripts. */
  readonly home: string;
  /** TMPDIR of the project's scripts. */
  readonly scratch: string;
  /** npm's cache. One for each job: a project's script could poison a shared one for the next project. */
  readonly npmCache: string;
}

/**
 * Runs a step's work in the job's directory, which may still hold what an earlier step left there.
 *
 * The directories of other jobs are removed first: the disk of a warm machine stays bounded, and no project's script
 * finds another project's files. That takes a temporary directory which one function instance has for itself, as Lambda
 * gives it: a function instance runs one step at a time.
 *
 * @throws what the work throws, or the signal's reason once it has aborted.
 */
export async function inJobDirectory<T>(
  { jobId, signal }: Pick<SandboxContext, 'jobId' | 'signal'>,
  work: (directory: JobDirectory) => Promise<T>,
): Promise<T> {
  // Asked again each time and of `process.env`, which test runners replace and `tmpdir` does not see.
  const jobs = join(process.env.TMPDIR ?? tmpdir(), 'jobs');
  await mkdir(jobs, { recursive: true, mode: 0o700 });
  // Fails when somebody else made the directory: then nothing may be put there.
  await chmod(jobs, 0o700);
  for (const other of await readdir(jobs)) {
    if (other !== jobId) await rm(join(jobs, other), { recursive: true, force: true });
  }

  const root = join(jobs, jobId);
  const ofScripts = join(root, 'scripts');
  const directory: JobDirectory = {
    root,
    tree: join(root, 'tree'),
    marker: join(root, 'snapshot'),
    home: join(ofScripts, 'home'),
    scratch: join(ofScripts, 'scratch'),
    npmCache: join(ofScripts, 'npm-cache'),
  };
  try {
    // Only the tree passes from step to step: a warm machine must not show a script more than a cold one.
    await rm(ofScripts, { recursive: true, force: true });
    await mkdir(directory.home, { recursive: true });
    await mkdir(directory.scratch, { recursive: true });
    return await work(directory);
  } catch (error) {
    await rm(root, { recursive: true, force: true });
    // What an abort breaks off fails in its own ways; the reason is what the caller asked with.
    signal.throwIfAborted();
    throw error;
  }
}
