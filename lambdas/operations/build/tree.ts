/**
 * Passes a project's tree between steps, which can run on different machines or again after a crash.
 *
 * A step that changes the tree saves it as a snapshot in the workspace. A later step restores the snapshot, which costs nothing
 * when the local tree still equals it. The marker file records this:
 *
 *     restore(a) ── marker: a ── change ── no marker ── save ── upload ── marker: b
 *
 * A crash at any point leaves a correct marker or none. The bucket's lifecycle rule deletes snapshots: it expires `work/` after
 * a day, also for jobs that never reach their last step.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import { removeTree, type SandboxContext } from 'mcp-async-operations/steps';
import { Unpack } from 'tar';
import { leftOutSentence } from '../project/file-kinds.ts';
import { pack } from '../project/pack.ts';
import { feed, writeArchive } from '../project/tar-stream.ts';
import { walk } from '../project/walk.ts';
import type { JobDirectory } from './job-directory.ts';
import { limits } from './limits.ts';
import { type Snapshot, snapshotKey } from './operation.ts';

type TreeContext = Pick<SandboxContext, 'jobId' | 'signal' | 'workspace'>;

/** Every level compresses node_modules to about a fifth; the lowest is four times as fast as the default. */
const SNAPSHOT_GZIP_LEVEL = 1;

/** Restores the local tree from a snapshot. */
export async function restoreTree(
  { workspace, signal }: TreeContext,
  directory: JobDirectory,
  snapshot: Snapshot,
): Promise<void> {
  if ((await readMarker(directory)) === snapshot.sha256) return;
  await clearMarker(directory);
  await removeTree(directory.tree);
  await mkdir(directory.tree, { recursive: true });

  const archive = join(directory.root, 'snapshot.tar.gz');
  const { sha256 } = await workspace.download(snapshot.key, archive, {
    signal,
    maxBytes: limits.snapshotBytes,
    missing: new Error(`The snapshot ${snapshot.key} is missing in the workspace. Start the job again.`),
    tooLarge: snapshotTooLarge(),
  });
  // An abandoned attempt can have written another snapshot.
  if (sha256 !== snapshot.sha256)
    throw new Error(`The snapshot ${snapshot.key} has changed since it was saved. Start the job again.`);
  const maxBytes = limits.treeBytes;
  const tooLarge = new Error(
    `The snapshot ${snapshot.key} unpacks to more than the limit of ${maxBytes} bytes.`,
  );
  // Unlike an uploaded source, a snapshot may contain links to anywhere, because the project's scripts created them.
  const unpack = new Unpack({
    cwd: directory.tree,
    strict: true,
    preservePaths: true,
    preserveOwner: false,
    maxDepth: Number.POSITIVE_INFINITY,
  });
  await feed(unpack, archive, { maxBytes, tooLarge }, signal);
  await rm(archive);
  await writeFile(directory.marker, snapshot.sha256);
}

/** Removes the marker. Call it before you change the tree. */
export async function clearMarker(directory: JobDirectory): Promise<void> {
  await rm(directory.marker, { force: true });
}

/** Saves the local tree as the snapshot of a step. The log names the files that are left out. */
export async function saveTree(
  { jobId, workspace, signal, log }: TreeContext & Pick<SandboxContext, 'log'>,
  directory: JobDirectory,
  step: string,
): Promise<Snapshot> {
  const archive = join(directory.root, 'snapshot.tar.gz');
  const { files, leftOut } = await walk(directory.tree);
  const packed = pack({
    directory: directory.tree,
    // An archive without an entry is invalid: the directory itself is one.
    paths: ['.', ...files.map(({ path }) => path)],
    bound: { maxBytes: limits.treeBytes, tooLarge: treeTooLarge() },
    leftOut,
  });
  await writeArchive(packed, archive, {
    level: SNAPSHOT_GZIP_LEVEL,
    bound: { maxBytes: limits.snapshotBytes, tooLarge: snapshotTooLarge() },
    signal,
  });
  if (leftOut.length > 0) log.write(leftOutSentence(leftOut));
  const key = snapshotKey(jobId, step);
  const { sha256 } = await workspace.upload(key, archive, { signal, contentType: 'application/gzip' });
  await rm(archive);
  await writeFile(directory.marker, sha256);
  return { key, sha256 };
}

async function readMarker({ marker }: JobDirectory): Promise<string | undefined> {
  try {
    return await readFile(marker, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function snapshotTooLarge(): OperationError {
  return projectTooLarge('compressed project', limits.snapshotBytes);
}

function treeTooLarge(): OperationError {
  return projectTooLarge('project', limits.treeBytes);
}

function projectTooLarge(what: string, limitBytes: number): OperationError {
  return new OperationError(
    'SOURCE_TOO_LARGE',
    `The ${what} with its dependencies exceeds the limit of ${formatBytes(limitBytes)}. Remove dependencies or large files.`,
    { details: { limit_bytes: limitBytes } },
  );
}
