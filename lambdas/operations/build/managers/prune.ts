/**
 * Removes development dependencies from the node_modules of pnpm and Yarn, whose own commands for it need their caches or the
 * registry. A package stays when production dependencies lead to it from the project or from a workspace.
 */
import { lstat, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { isInside } from '../is-inside.ts';

const DEPENDENCIES = ['dependencies', 'optionalDependencies', 'peerDependencies'] as const;

/** State of the package managers, with times and with paths of this job. */
const STATE = /^\.(modules\.yaml|pnpm-workspace-state.*\.json|yarn-integrity)$/;

/** Real paths of directories. */
interface Project {
  readonly root: string;
  /** Directories outside node_modules that have their own node_modules. */
  readonly withModules: readonly string[];
  /** Targets of links in the project's node_modules: workspaces and local packages. */
  readonly linked: readonly string[];
}

/** @param tree the project's directory */
export async function pruneDevDependencies(tree: string): Promise<void> {
  const project = await readProject(tree);
  const kept = await productionPackages(project);
  const { root, withModules, linked } = project;
  const modules = join(root, 'node_modules');
  for (const directory of new Set([root, ...linked, ...withModules])) {
    // Other directories, such as fixtures of tests, can have a node_modules that no package manager has written.
    const isManaged = directory === root || linked.includes(directory);
    const isOurs = (target: string, path: string) =>
      isManaged || (target !== path && isInside(modules, target));
    await prune(join(directory, 'node_modules'), (target, path) => kept.has(target) || !isOurs(target, path));
  }
  const store = join(modules, '.pnpm');
  await pruneVirtualStore(store, (target) => kept.has(target));
  for (const directory of [...kept, store])
    await pruneCommands(root, join(directory, 'node_modules', '.bin'));
}

async function readProject(tree: string): Promise<Project> {
  const root = await realpath(tree);
  const withModules: string[] = [];
  const search = async (directory: string): Promise<void> => {
    for (const entry of await list(directory)) {
      if (!entry.isDirectory() || entry.name === '.git') continue;
      if (entry.name === 'node_modules') withModules.push(directory);
      else await search(join(directory, entry.name));
    }
  };
  await search(root);
  const paths = await packagePaths(join(root, 'node_modules'));
  const targets = await Promise.all(paths.map(realPath));
  const linked = targets.filter(
    (target) => isInside(root, target) && !isInside(join(root, 'node_modules'), target),
  );
  return { root, withModules, linked };
}

/** Follows production dependencies as Node.js resolves them. @returns real paths of packages and workspaces */
async function productionPackages({ root, withModules, linked }: Project): Promise<Set<string>> {
  const kept = new Set([root, ...withModules, ...linked]);
  // A Set also yields entries that are added during iteration.
  for (const directory of kept) {
    for (const name of await dependenciesOf(directory)) {
      const found = await resolvePackage(root, directory, name);
      if (found) kept.add(found);
    }
  }
  return kept;
}

async function dependenciesOf(directory: string): Promise<string[]> {
  try {
    const manifest = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
    return DEPENDENCIES.flatMap((field) => Object.keys(manifest[field] ?? {}));
  } catch {
    // Without a readable manifest, Node.js finds no dependencies either.
    return [];
  }
}

async function resolvePackage(root: string, from: string, name: string): Promise<string | undefined> {
  for (let directory = from; isInside(root, directory); directory = dirname(directory)) {
    const found = await realPath(join(directory, 'node_modules', name));
    if (isInside(root, found)) return found;
  }
  return undefined;
}

/** @param isKept whether an entry stays, by its real path and its path */
async function prune(modules: string, isKept: (target: string, path: string) => boolean): Promise<void> {
  for (const path of await packagePaths(modules)) {
    if (!isKept(await realPath(path), path)) await rm(path, { recursive: true, force: true });
  }
  for (const { name } of await list(modules)) {
    if (STATE.test(name)) await rm(join(modules, name), { force: true });
  }
}

/** The directory `.pnpm` contains a directory for each package, with links to its dependencies beside it. */
async function pruneVirtualStore(store: string, isKept: (target: string) => boolean): Promise<void> {
  for (const { name } of await list(store)) {
    if (name === 'node_modules') {
      await prune(join(store, name), isKept);
      continue;
    }
    const modules = join(store, name, 'node_modules');
    await prune(modules, isKept);
    const stats = await Promise.all((await packagePaths(modules)).map((path) => lstat(path)));
    const isPackage = stats.some((entry) => entry.isDirectory());
    if (!isPackage && (await isDirectory(modules)))
      await rm(join(store, name), { recursive: true, force: true });
  }
}

/**
 * Removes commands of removed packages: links, or the shell scripts of pnpm. The others name the directory of this job, which
 * becomes relative.
 */
async function pruneCommands(root: string, directory: string): Promise<void> {
  for (const entry of await list(directory)) {
    const path = join(directory, entry.name);
    const script = entry.isFile() ? await readFile(path, 'utf8') : '';
    const [, target] = /"\$basedir\/([^"]+)"\s+"\$@"/.exec(script) ?? [];
    const isBroken = await stat(target ? join(directory, target) : path).then(
      () => false,
      () => true,
    );
    if (isBroken) await rm(path, { force: true });
    else if (target)
      await writeFile(path, script.replaceAll(`${root}/`, `$basedir/${relative(directory, root)}/`));
  }
}

/** @returns the paths of packages in a node_modules, those with a scope too */
async function packagePaths(modules: string): Promise<string[]> {
  const paths: string[] = [];
  for (const { name } of await list(modules)) {
    if (name.startsWith('.')) continue;
    if (!name.startsWith('@')) paths.push(join(modules, name));
    else paths.push(...(await list(join(modules, name))).map((entry) => join(modules, name, entry.name)));
  }
  return paths;
}

/** @returns '' for a path without a target */
function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => '');
}

async function isDirectory(path: string): Promise<boolean> {
  return lstat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

/** @returns the entries of a directory; none for any other path, also for a link to a directory */
async function list(directory: string) {
  return (await isDirectory(directory)) ? readdir(directory, { withFileTypes: true }) : [];
}
