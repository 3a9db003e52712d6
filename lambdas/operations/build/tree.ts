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
import { Pack, Unpack } from 'tar';
import { feed, writeArchive } from '../project/tar-stream.ts';
import type { JobDirectory } from './job-directory.ts';
import { limits } from './limits.ts';
import { type Snapshot, snapshotKey } from './operation.ts';

type TreeContext = Pick<SandboxContext, 'jobId' | 'signal' | 'workspace'>;

/** Every level compresses node_modules to about a fifth; the lowest is four times as fast as the default. */
const SNAPSHOT_GZIP_LEVEL = 1;
/** Text compresses tenfold and more. This limit only prevents that a broken snapshot fills the disk. */
const MAX_SNAPSHOT_RATIO = 20;

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
  const maxBytes = limits.snapshotBytes * MAX_SNAPSHOT_RATIO;
  const tooLarge = new Error(
    `The snapshot ${snapshot.key} unpacks to more than the limit of ${maxBytes} bytes.`,
  );
  // Unlike an uploaded source, a snapshot may contain links to anywhere, because the project's scripts created them.
  const unpack = new Unpack({ cwd: directory.tree, strict: true, preservePaths: true, preserveOwner: false });
  await feed(unpack, archive, { maxBytes, tooLarge }, signal);
  await rm(archive);
  await writeFile(directory.marker, snapshot.sha256);
}

/** Removes the marker. Call it before you change the tree. */
export async function clearMarker(directory: JobDirectory): Promise<void> {
  await rm(directory.marker, { force: true });
}

/** Saves the local tree as the snapshot of a step. */
export async function saveTree(
  { jobId, workspace, signal }: TreeContext,
  directory: JobDirectory,
  step: string,
): Promise<Snapshot> {
  const archive = join(directory.root, 'snapshot.tar.gz');
  const pack = new Pack({ cwd: directory.tree });
  pack.add('.');
  pack.end();
  await writeArchive(pack, archive, {
    level: SNAPSHOT_GZIP_LEVEL,
    bound: { maxBytes: limits.snapshotBytes, tooLarge: snapshotTooLarge() },
    signal,
  });
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
  return new OperationError(
    'SOURCE_TOO_LARGE',
    `The compressed project with its dependencies exceeds the limit of ${formatBytes(limits.snapshotBytes)}. ` +
      'Remove dependencies.',
    { details: { limit_bytes: limits.snapshotBytes } },
  );
}
