/** Packs the sources of a project as a tar.gz, the format that the build operation reads. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isCompanion, leftOutSentence } from '../../lambdas/operations/project/file-kinds.ts';
import { inspectSource } from '../../lambdas/operations/project/inspect-source.ts';
import { pack } from '../../lambdas/operations/project/pack.ts';
import { tooLargeCompressed, tooLargeUnpacked } from '../../lambdas/operations/project/source-errors.ts';
import { sourceLimits } from '../../lambdas/operations/project/source-limits.ts';
import { writeArchive } from '../../lambdas/operations/project/tar-stream.ts';
import { walk } from '../../lambdas/operations/project/walk.ts';

/** Generated files, and files that may contain secrets. */
const EXCLUDED = /^(\.git|node_modules|\.env(\..*)?)$/;

/**
 * @param say receives a sentence about files that are left out, if any
 * @returns the path of an archive in a new temporary directory, which the caller removes
 * @throws Error when the directory is not a Node.js project, or the operations would refuse its archive
 */
export async function packProject(
  directory: string,
  say: (sentence: string) => void = () => {},
): Promise<string> {
  requireManifest(directory);
  const archive = join(await mkdtemp(join(tmpdir(), 'pack-project-')), 'project.tar.gz');
  const { signal } = new AbortController();
  try {
    const { files, leftOut } = await walk(directory, '', (path) => {
      return !EXCLUDED.test(basename(path)) && !isCompanion(path);
    });
    // Portable: without users, groups and times of this machine, equal sources give equal archives.
    const packed = pack({
      directory,
      paths: files.map(({ path }) => path),
      bound: { maxBytes: sourceLimits.unpackedBytes, tooLarge: tooLargeUnpacked(sourceLimits.unpackedBytes) },
      leftOut,
      portable: {},
    });
    const { compressedBytes } = sourceLimits;
    const bound = { maxBytes: compressedBytes, tooLarge: tooLargeCompressed(compressedBytes) };
    await writeArchive(packed, archive, { level: 6, bound, signal });
    await inspectSource(archive, sourceLimits, signal);
    if (leftOut.length > 0) say(leftOutSentence(leftOut).trim());
    return archive;
  } catch (error) {
    await rm(dirname(archive), { recursive: true, force: true });
    throw error;
  }
}

/** @throws Error when the directory has no package.json */
export function requireManifest(directory: string): void {
  if (!existsSync(join(directory, 'package.json'))) {
    throw new Error(`${directory} has no package.json: give the directory of a Node.js project.`);
  }
}
