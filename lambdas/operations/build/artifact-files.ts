/** Selects the files of a built and pruned tree that are needed to run it. */
import { lstat, readlink, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, posix, relative, sep } from 'node:path';
import { OperationError } from 'mcp-async-operations/operation';
import { type FileKind, isCompanion, kindOf, type LeftOut } from '../project/file-kinds.ts';
import { pathProblem } from '../project/names.ts';
import { cannotPack } from '../project/source-errors.ts';
import { walk } from '../project/walk.ts';
import { exists } from './exists.ts';
import { isInside } from './is-inside.ts';
import { limits } from './limits.ts';
import type { Manifest } from './manifest.ts';

const LOCK_FILES = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock'];

/** @returns whether the project lists its files. If so, npm's pack list applies, else the whole tree. */
export async function hasPackList(tree: string, { files }: Manifest): Promise<boolean> {
  return files !== undefined || (await exists(join(tree, '.npmignore')));
}

/** What goes into an artifact. */
export interface ArtifactFiles {
  /** Files and links, relative to the tree, in an order that depends on their names only. */
  readonly paths: string[];
  readonly leftOut: LeftOut[];
}

/**
 * Lists the files and links of the artifact. Like npm and Git, it omits empty directories.
 * @param packList paths that npm would publish; undefined for the whole tree.
 * @throws OperationError ARTIFACT_INVALID for a link that leads out of the artifact, or a name that archives cannot hold;
 * ARTIFACT_TOO_LARGE for too many files.
 */
export async function artifactFiles(
  tree: string,
  packList: readonly string[] | undefined,
): Promise<ArtifactFiles> {
  const found = new Map<string, FileKind>();
  const leftOut: LeftOut[] = [];
  const addAll = async (start: string) => {
    const walked = await walk(tree, start, (path) => !isLeftOut(path) && !found.has(path));
    for (const { path, kind } of walked.files) if (kind !== 'directory') found.set(path, kind);
    leftOut.push(...walked.leftOut);
  };
  if (packList) {
    for (const path of ['package.json', ...LOCK_FILES, ...packList]) {
      await addUnlessDirectory(tree, posix.normalize(path), found);
    }
    await addAll('node_modules');
  } else {
    await addAll('');
  }

  // A Map also yields entries that are added during iteration, so this follows the links of targets as well.
  const root = await realpath(tree);
  for (const [path, kind] of found) {
    if (kind !== 'link') continue;
    const target = await targetOf(root, path);
    if (await addUnlessDirectory(tree, target, found)) await addAll(target);
  }
  const paths = [...found.keys()].sort();
  for (const path of paths) {
    const problem = pathProblem(path);
    if (problem) throw cannotPack(path, `it has ${problem} for programs that unpack archives`);
  }
  if (paths.length > limits.artifactEntries) throw tooManyFiles(limits.artifactEntries);
  return { paths, leftOut };
}

/** @returns whether the path is a directory; a file or a link is added */
async function addUnlessDirectory(
  tree: string,
  path: string,
  found: Map<string, FileKind>,
): Promise<boolean> {
  const stats = await lstat(join(tree, path)).catch(() => undefined);
  const kind = stats && kindOf(stats);
  if ((kind === 'file' || kind === 'link') && !isLeftOut(path)) found.set(path, kind);
  return kind === 'directory';
}

/** Files that can contain a token, and history. */
const PRIVATE = ['.git', '.npmrc', '.yarnrc', '.yarnrc.yml'];

/** Excludes history, caches, files of macOS, and settings of package managers. */
function isLeftOut(path: string): boolean {
  const isPrivate = path.split('/').some((segment) => PRIVATE.includes(segment));
  return isPrivate || isCompanion(path) || `${path}/`.startsWith('node_modules/.cache/');
}

/** @returns the target of a link relative to the tree; the target may be missing but must be inside the tree */
async function targetOf(root: string, path: string): Promise<string> {
  const target = await readlink(join(root, path));
  const link = join(root, path);
  const written = join(dirname(link), target);
  const real = await realpath(link).catch(() => written);
  if (isAbsolute(target) || !isInside(root, written) || !isInside(root, real)) {
    throw new OperationError(
      'ARTIFACT_INVALID',
      `The link ${JSON.stringify(path)} leads out of the project, to ${JSON.stringify(target)}. Replace the link with a copy of its target.`,
    );
  }
  return relative(root, real).split(sep).join('/');
}

function tooManyFiles(limit: number): OperationError {
  return new OperationError(
    'ARTIFACT_TOO_LARGE',
    `The artifact exceeds the limit of ${limit.toLocaleString('en')} files. Remove dependencies, or list the needed files in "files".`,
    { details: { limit_entries: limit } },
  );
}
