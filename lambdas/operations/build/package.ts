/** Runs step 4: packs the files needed to run the project into an archive that depends only on the tree. */
import { join } from 'node:path';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import { removeTree, type SandboxedStepOf } from 'mcp-async-operations/steps';
import { type LeftOut, leftOutSentence } from '../project/file-kinds.ts';
import { pack } from '../project/pack.ts';
import { writeArchive } from '../project/tar-stream.ts';
import { artifactFiles, hasPackList } from './artifact-files.ts';
import { exists } from './exists.ts';
import { type JobDirectory, withJobDirectory } from './job-directory.ts';
import { limits } from './limits.ts';
import { pruneDevDependencies } from './managers/prune.ts';
import { runManager } from './managers/run-manager.ts';
import { readManifest } from './manifest.ts';
import { npmPackList } from './npm-pack-list.ts';
import { artifactKey, type build } from './operation.ts';
import { clearMarker, restoreTree } from './tree.ts';

/** Time of all files, so that equal trees give equal archives. npm uses the same time, and all tools accept it. */
const MODIFIED = new Date('1985-10-26T08:15:00.000Z');

export const packageArtifact: SandboxedStepOf<typeof build, 'package'> = (context) =>
  withJobDirectory(context, async (directory) => {
    const { workspace, signal } = context;
    const compiled = context.results.compile;
    await restoreTree(context, directory, compiled.snapshot);
    await clearMarker(directory);
    await removeDevDependencies(context, directory);
    const manifest = await readManifest(directory.tree);
    const packList = (await hasPackList(directory.tree, manifest))
      ? await npmPackList(context, directory)
      : undefined;
    const { paths, leftOut } = await artifactFiles(directory.tree, packList);

    context.progress(0.6, `Packing ${paths.length} files`);
    const archive = join(directory.root, 'artifact.tar.gz');
    await writeArtifact(archive, {
      directory: directory.tree,
      paths,
      maxBytes: limits.artifactBytes,
      leftOut,
      signal,
    });
    if (leftOut.length > 0) context.log.write(leftOutSentence(leftOut));
    const key = artifactKey(context.input.project);
    const { size, sha256 } = await workspace.upload(key, archive, {
      signal,
      contentType: 'application/gzip',
    });
    await removeTree(directory.root);

    const skipped = [
      ...(compiled.ran ? [] : (['build'] as const)),
      ...(context.results.test.ran ? [] : (['test'] as const)),
    ];
    context.log.write(`Wrote ${key}: ${paths.length} files, ${formatBytes(size)}, SHA-256 ${sha256}.\n`);
    return { artifact: `/${key}`, size, sha256, entries: paths.length, skipped };
  });

async function removeDevDependencies(
  context: Parameters<typeof packageArtifact>[0],
  directory: JobDirectory,
): Promise<void> {
  if (!(await exists(join(directory.tree, 'node_modules')))) return;
  const { manager, locked } = context.results.install;
  if (manager !== 'npm') return pruneDevDependencies(directory.tree);
  await runManager(context, directory, {
    manager,
    // Removal needs no registry. A request for missing packages would change the tested tree.
    args: [
      'prune',
      '--omit=dev',
      '--ignore-scripts',
      '--offline',
      '--no-save',
      ...(locked ? [] : ['--no-package-lock']),
    ],
    name: 'npm prune',
    fraction: 0.2,
  });
}

/**
 * Writes the archive. Files with equal content and permissions give equal bytes.
 * @throws OperationError ARTIFACT_TOO_LARGE as soon as the archive exceeds a limit, ARTIFACT_INVALID with a file that it cannot
 * hold.
 */
export async function writeArtifact(
  file: string,
  options: {
    readonly directory: string;
    readonly paths: readonly string[];
    /** Bytes after compression. */
    readonly maxBytes: number;
    /** Receives files that have disappeared, and special files. */
    readonly leftOut: LeftOut[];
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { directory, paths, maxBytes, leftOut, signal } = options;
  const unpacked = limits.artifactUnpackedBytes;
  const archive = pack({
    directory,
    paths,
    bound: { maxBytes: unpacked, tooLarge: artifactTooLarge('artifact', unpacked) },
    leftOut,
    portable: { mtime: MODIFIED },
  });
  const tooLarge = artifactTooLarge('compressed artifact', maxBytes);
  await writeArchive(archive, file, { level: 6, bound: { maxBytes, tooLarge }, signal });
}

function artifactTooLarge(what: string, limitBytes: number): OperationError {
  return new OperationError(
    'ARTIFACT_TOO_LARGE',
    `The ${what} exceeds the limit of ${formatBytes(limitBytes)}. Remove dependencies, or list the needed files in "files".`,
    { details: { limit_bytes: limitBytes } },
  );
}
