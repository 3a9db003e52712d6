/** Selects the files of a built and pruned tree that are needed to run it. */
import { readdir, readlink, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, posix, relative, sep } from 'node:path';
import { OperationError } from 'mcp-async-operations/operation';
import { exists } from './exists.ts';
import type { Manifest } from './manifest.ts';

const LOCK_FILES = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock'];

/** @returns whether the project lists its files. If so, npm's pack list applies, else the whole tree. */
export async function hasPackList(tree: string, { files }: Manifest): Promise<boolean> {
  return files !== undefined || (await exists(join(tree, '.npmignore')));
}

/**
 * Checks that npm can list the files: it needs a package with a name and a version.
 * @throws OperationError SOURCE_INVALID when the project lists its files but npm cannot.
 */
export async function assertListable(tree: string, manifest: Manifest): Promise<void> {
  if ((manifest.name && manifest.version) || !(await hasPackList(tree, manifest))) return;
  throw new OperationError(
    'SOURCE_INVALID',
    'The project lists its files ("files" or .npmignore), but its package.json lacks a name or a version, which npm needs. ' +
      'Add both.',
  );
}

/**
 * Lists the files and links of the artifact. Like npm and Git, it omits empty directories.
 * @param packList paths that npm would publish; undefined for the whole tree.
 * @returns paths relative to the tree, in an order that depends on their names only.
 * @throws OperationError ARTIFACT_INVALID for a link that leads out of the artifact.
 */
export async function artifactFiles(
  tree: string,
  packList: readonly string[] | undefined,
): Promise<string[]> {
  const found = new Map<string, 'file' | 'link'>();
  if (packList) {
    for (const path of ['package.json', ...LOCK_FILES, ...packList]) {
      if (await exists(join(tree, path))) found.set(posix.normalize(path), 'file');
    }
    await walk(tree, 'node_modules', found);
  } else {
    await walk(tree, '', found);
  }

  // A Map also yields entries that are added during iteration, so this follows the links of targets as well.
  const root = await realpath(tree);
  for (const [path, type] of found) {
    if (type === 'link') await walk(tree, await targetOf(root, path), found);
  }
  return [...found.keys()].sort();
}

/** Adds the file, link or directory tree at a path. It does not follow links. */
async function walk(tree: string, path: string, found: Map<string, 'file' | 'link'>): Promise<void> {
  let entries: Awaited<ReturnType<typeof list>>;
  try {
    entries = await list(join(tree, path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOTDIR') found.set(path, 'file');
    else if (code !== 'ENOENT') throw error;
    return;
  }
  for (const entry of entries) {
    const child = posix.join(path, entry.name);
    if (isLeftOut(child) || found.has(child)) continue;
    if (entry.isDirectory()) await walk(tree, child, found);
    else if (entry.isSymbolicLink()) found.set(child, 'link');
    else if (entry.isFile()) found.set(child, 'file');
  }
}

function list(directory: string) {
  return readdir(directory, { withFileTypes: true });
}

/** Excludes history, caches and settings of package managers, which can contain a token. */
function isLeftOut(path: string): boolean {
  return path === 'node_modules/.cache' || ['.git', '.npmrc', '.yarnrc'].includes(posix.basename(path));
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

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root + sep);
}
