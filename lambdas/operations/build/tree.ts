/**
 * Keeps a project's tree the same from step to step, though each may run on another machine, or again after a crash.
 *
 * A step that changed the tree saves it as a snapshot in the workspace and hands the snapshot on. A step that needs it
 * restores it, which costs nothing where the local tree still is that snapshot. The marker file says so:
 *
 *     restore(a) ── marker: a ── change ── no marker ── save ── upload ── marker: b
 *
 * so that a crash at any point leaves either the truth or no marker. Snapshots are not deleted here: the bucket's
 * lifecycle rule expires `work/` after a day, also for jobs that never reach their last step.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import type { SandboxContext } from 'mcp-async-operations/steps';
import { Pack, Unpack } from 'tar';
import { feed, writeArchive } from '../project/tar-stream.ts';
import type { JobDirectory } from './job-directory.ts';
import { limits } from './limits.ts';
import { type Snapshot, snapshotKey } from './operation.ts';

type TreeContext = Pick<SandboxContext, 'jobId' | 'signal' | 'workspace'>;

/** node_modules shrinks to a fifth at any level; the lowest is four times as fast as the default. */
const SNAPSHOT_GZIP_LEVEL = 1;
/** Packed trees of text shrink tenfold and more; this only keeps a broken snapshot from filling the disk. */
const MAX_SNAPSHOT_RATIO = 20;

/** Makes the local tree equal to a snapshot. */
export async function restoreTree(
  { workspace, signal }: TreeContext,
  directory: JobDirectory,
  snapshot: Snapshot,
): Promise<void> {
  if ((await readMarker(directory)) === snapshot.sha256) return;
  await treeChanges(directory);
  await rm(directory.tree, { recursive: true, force: true });
  await mkdir(directory.tree, { recursive: true });

  const archive = join(directory.root, 'snapshot.tar.gz');
  const { sha256 } = await workspace.download(snapshot.key, archive, {
    signal,
    maxBytes: limits.snapshotBytes,
    missing: new Error(`The snapshot ${snapshot.key} is not in the workspace.`),
    tooLarge: snapshotTooLarge(),
  });
  // An attempt that was given up may have written once more.
  if (sha256 !== snapshot.sha256) throw new Error(`The snapshot ${snapshot.key} is not what was saved.`);
  const maxBytes = limits.snapshotBytes * MAX_SNAPSHOT_RATIO;
  const tooLarge = new Error(`The snapshot ${snapshot.key} unpacks to more than ${maxBytes} bytes.`);
  // Unlike a source, a snapshot is our own work: its links may lead anywhere, as the project's scripts made them.
  const unpack = new Unpack({ cwd: directory.tree, strict: true, preservePaths: true, preserveOwner: false });
  await feed(unpack, archive, { maxBytes, tooLarge }, signal);
  await rm(archive);
  await writeFile(directory.marker, snapshot.sha256);
}

/** To be called before the tree is changed: from here on it equals no snapshot. */
export async function treeChanges(directory: JobDirectory): Promise<void> {
  await rm(directory.marker, { force: true });
}

/** Saves the local tree as what the step leaves behind. */
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
    `The project with its dependencies takes more than ${formatBytes(limits.snapshotBytes)} compressed, the limit ` +
      'between two steps: depend on less.',
    { details: { limit_bytes: limits.snapshotBytes } },
  );
}
