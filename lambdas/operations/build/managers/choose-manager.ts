/** Chooses the package manager of a project from its lock file and its package.json, or refuses one that is not shipped. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OperationError } from 'mcp-async-operations/operation';
import { readHead } from '../../project/read-head.ts';
import { quote } from '../../project/source-errors.ts';
import type { Manifest } from '../manifest.ts';
import { type ManagerName, shippedVersion } from './commands.ts';

/** A package manager, with the lock file that it installs from. */
export interface Choice {
  readonly manager: ManagerName;
  /** Undefined without a lock file: the manager then installs the newest versions that package.json allows. */
  readonly lockFile?: string;
  /** Lock files of other package managers, which nothing reads. */
  readonly unread: readonly string[];
}

/** Lock files by package manager, each manager's in its order of preference. Of several managers, the first counts. */
const LOCK_FILES: readonly (readonly [file: string, manager: string])[] = [
  ['npm-shrinkwrap.json', 'npm'],
  ['package-lock.json', 'npm'],
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
];
const MANAGERS: readonly string[] = ['npm', 'pnpm', 'yarn'] satisfies ManagerName[];

/** Version of pnpm-lock.yaml that the shipped pnpm reads. */
const PNPM_LOCK_MAJOR = '9';
/** Versions of locks are in their first lines. */
const HEAD_BYTES = 16 * 1024;

const SHIPPED = 'npm, pnpm and Yarn 1';
const REMEDY =
  'Commit a package-lock.json (npm install --package-lock-only), name npm in "packageManager", and upload the project again.';

/** @throws OperationError PACKAGE_MANAGER_UNSUPPORTED with the lock file, its version and the remedy. */
export async function chooseManager(tree: string, manifest: Manifest): Promise<Choice> {
  const locks: (readonly [file: string, manager: string])[] = [];
  for (const lock of LOCK_FILES) if (await isFile(join(tree, lock[0]))) locks.push(lock);
  const named = namedManager(manifest);
  const chosen = locks.find(([, manager]) => manager === named?.name) ?? locks[0];
  const [lockFile, name] = chosen ?? [undefined, named?.name ?? (await defaultManager(tree))];
  if (!isShipped(name)) {
    const problem = lockFile
      ? `${lockFile} is the lock file of ${name}`
      : `package.json names ${quote(name)}`;
    throw unsupported(`${problem}, and the build has only ${SHIPPED}.`, { manager: name, lockFile });
  }
  await refuseUnreadable(tree, name, lockFile, named);
  const unread = locks.filter(([, manager]) => manager !== name).map(([file]) => file);
  return { manager: name, lockFile, unread };
}

/** Without a lock file and a name. npm does not know the workspaces of pnpm. */
async function defaultManager(tree: string): Promise<ManagerName> {
  return (await isFile(join(tree, 'pnpm-workspace.yaml'))) ? 'pnpm' : 'npm';
}

/** @returns what package.json names in `packageManager` (`pnpm@10.1.0+sha512…`), else in `devEngines` */
function namedManager({ packageManager, devEngines }: Manifest): NamedManager | undefined {
  if (typeof packageManager === 'string') {
    const [, name, major] = /^([a-z]+)(?:@(\d+))?/.exec(packageManager) ?? [];
    if (name) return { name, major: Number(major) };
  }
  const { packageManager: engines } = (devEngines ?? {}) as { readonly packageManager?: unknown };
  const [first] = [engines].flat() as [{ readonly name?: unknown; readonly version?: unknown } | undefined];
  if (typeof first?.name !== 'string') return undefined;
  const [major] = /\d+/.exec(String(first.version)) ?? [];
  return { name: first.name, major: Number(major) };
}

interface NamedManager {
  readonly name: string;
  /** NaN without a version. */
  readonly major: number;
}

/** Refuses locks, and managers without a lock, of other major versions than the shipped ones read. */
async function refuseUnreadable(
  tree: string,
  manager: ManagerName,
  lockFile: string | undefined,
  named: NamedManager | undefined,
): Promise<void> {
  if (manager === 'npm') return;
  const shipped = await shippedVersion(manager);
  const head =
    lockFile === undefined ? undefined : (await readHead(join(tree, lockFile), HEAD_BYTES)).toString();
  if (manager === 'pnpm') {
    if (head === undefined) return;
    const [, lockVersion = 'unknown'] = /^lockfileVersion:\s*['"]?([\w.]{1,20})/m.exec(head) ?? [];
    if (lockVersion.split('.')[0] === PNPM_LOCK_MAJOR) return;
    throw unsupported(
      `${lockFile} has version ${lockVersion}, and pnpm ${shipped} reads version ${PNPM_LOCK_MAJOR} only.`,
      { manager, lockFile, lockVersion },
      'Run `npx pnpm@10 install` in the project, and upload it again.',
    );
  }
  const [, lockVersion] = /^__metadata:\s+version:\s*['"]?(\w{1,20})/m.exec(head ?? '') ?? [];
  if (lockVersion) {
    throw unsupported(
      `${lockFile} has version ${lockVersion} of Yarn 2 or newer, which Yarn ${shipped} cannot read.`,
      { manager, lockFile, lockVersion },
    );
  }
  if (named?.name === 'yarn' && named.major > 1) {
    throw unsupported(`package.json names Yarn ${named.major}, and the build has Yarn ${shipped}.`, {
      manager,
      lockFile,
    });
  }
}

function isShipped(name: string): name is ManagerName {
  return MANAGERS.includes(name);
}

interface Subject {
  readonly manager: string;
  readonly lockFile: string | undefined;
  readonly lockVersion?: string;
}

function unsupported(
  problem: string,
  { manager, lockFile, lockVersion }: Subject,
  remedy = REMEDY,
): OperationError {
  return new OperationError('PACKAGE_MANAGER_UNSUPPORTED', `${problem} ${remedy}`, {
    details: {
      manager,
      ...(lockFile && { lock_file: lockFile }),
      ...(lockVersion && { lock_version: lockVersion }),
    },
  });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}
