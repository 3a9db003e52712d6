/** Decides which files of a built and pruned tree are needed to run it. */
import { readdir, readlink, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, posix, relative, sep } from 'node:path';
import { OperationError } from 'mcp-async-operations/operation';
import { exists } from './exists.ts';
import type { Manifest } from './manifest.ts';

/** Whether the author said which files make the package; then npm's own list counts, else the whole tree. */
export async function hasPackList(tree: string, { files }: Manifest): Promise<boolean> {
  return files !== undefined || (await exists(join(tree, '.npmignore')));
}

/**
 * npm lists the files of packages only, and a package has a name and a version.
 * @throws OperationError SOURCE_INVALID when there is a list that npm would not make.
 */
export async function assertListable(tree: string, manifest: Manifest): Promise<void> {
  if ((manifest.name && manifest.version) || !(await hasPackList(tree, manifest))) return;
  throw new OperationError(
    'SOURCE_INVALID',
    'The project says which files it consists of ("files" or .npmignore), but its package.json has no name or no ' +
      'version, without which npm does not list them: add both.',
  );
}

/**
 * @param packList paths that npm would publish; undefined for the whole tree.
 * @returns paths of files and links, relative to the tree and in an order that depends on their names only. Empty
 *   directories are left out, as npm and Git do.
 * @throws OperationError ARTIFACT_INVALID for a link that would lead out of the artifact.
 */
export async function artifactFiles(
  tree: string,
  packList: readonly string[] | undefined,
): Promise<string[]> {
  const found = new Map<string, 'file' | 'link'>();
  if (packList) {
    for (const path of ['package.json', 'package-lock.json', 'npm-shrinkwrap.json', ...packList]) {
      if (await exists(join(tree, path))) found.set(posix.normalize(path), 'file');
    }
    await walk(tree, 'node_modules', found);
  } else {
    await walk(tree, '', found);
  }

  // A Map yields what is added while it is iterated: the targets' own links are followed as well.
  const root = await realpath(tree);
  for (const [path, type] of found) {
    if (type === 'link') await walk(tree, await targetOf(root, path), found);
  }
  return [...found.keys()].sort();
}

/** Adds what is at a path, and below it. Links are added and not entered. */
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

/** History, caches and npm's settings (which may hold a token) are not needed to run anything. */
function isLeftOut(path: string): boolean {
  return path === 'node_modules/.cache' || ['.git', '.npmrc'].includes(posix.basename(path));
}

/** Where a link leads, relative to the tree; also where it leads nowhere, as long as that is inside. */
async function targetOf(root: string, path: string): Promise<string> {
  const target = await readlink(join(root, path));
  const link = join(root, path);
  const written = join(dirname(link), target);
  const real = await realpath(link).catch(() => written);
  if (isAbsolute(target) || !isInside(root, written) || !isInside(root, real)) {
    throw new OperationError(
      'ARTIFACT_INVALID',
      `The link ${JSON.stringify(path)} leads to ${JSON.stringify(target)}, out of the project: replace it by what it leads to.`,
    );
  }
  return relative(root, real).split(sep).join('/');
}

function isInside(root: string, path: string): boolean {
  return path === root || path.startsWith(root + sep);
}
