/** Runs step 1: unpacks the source of the project and installs the dependencies of its lock file. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import { removeTree, type SandboxContext, type SandboxedStepOf } from 'mcp-async-operations/steps';
import { leftOutSentence } from '../project/file-kinds.ts';
import { sourceOf } from '../project/project.ts';
import { type JobDirectory, withJobDirectory } from './job-directory.ts';
import { limits } from './limits.ts';
import { type Choice, chooseManager } from './managers/choose-manager.ts';
import type { ManagerName } from './managers/commands.ts';
import { INSTALL_SCRIPTS, withoutGitHooks } from './managers/git-hooks.ts';
import { runManager } from './managers/run-manager.ts';
import { withConfiguredRegistry } from './managers/yarn-registry.ts';
import { type Manifest, readManifest } from './manifest.ts';
import type { BuildInput, build } from './operation.ts';
import { clearMarker, saveTree } from './tree.ts';
import { unpackSource } from './unpack-source.ts';

export const install: SandboxedStepOf<typeof build, 'install'> = (context) =>
  withJobDirectory(context, async (directory) => {
    await clearMarker(directory);
    await fetchSource(context, directory);
    const manifest = await readManifest(directory.tree);
    const choice = await chooseManager(directory.tree, manifest);
    context.progress(0.2, 'Source unpacked');
    await installDependencies(context, directory, manifest, choice);
    // Removes the caches: the tree contains the installed packages, and the snapshot needs the space on the disk.
    await removeTree(directory.home);
    context.progress(0.9, 'Saving the tree');
    const { manager, lockFile } = choice;
    const snapshot = await saveTree(context, directory, 'install');
    return { snapshot, manager, locked: lockFile !== undefined };
  });

async function fetchSource(context: SandboxContext<BuildInput>, directory: JobDirectory): Promise<void> {
  const { workspace, signal } = context;
  const { key, code, message } = sourceOf(context.input.project);
  const archive = join(directory.root, 'source.tar.gz');
  const { compressedBytes } = limits.source;
  await workspace.download(key, archive, {
    signal,
    maxBytes: compressedBytes,
    missing: new OperationError(code, message),
    tooLarge: new OperationError(
      'SOURCE_TOO_LARGE',
      `The source archive ${key} exceeds the limit of ${formatBytes(compressedBytes)}. Leave out files that the build creates.`,
      { details: { limit_bytes: compressedBytes } },
    ),
  });
  const leftOut = await unpackSource(archive, directory.tree, { limits: limits.source, signal });
  if (leftOut.length > 0) context.log.write(leftOutSentence(leftOut));
  await rm(archive);
}

/** Neither changes what npm installs. */
const QUIET = ['--no-audit', '--no-fund'];
/** Arguments by package manager: with its lock file, and without one. */
const INSTALL: Readonly<Record<ManagerName, readonly [locked: readonly string[], free: readonly string[]]>> =
  {
    npm: [
      ['ci', '--include=dev', ...QUIET],
      ['install', '--include=dev', ...QUIET, '--no-package-lock'],
    ],
    pnpm: [
      ['install', '--prod=false', '--frozen-lockfile'],
      ['install', '--prod=false', '--no-lockfile'],
    ],
    yarn: [
      ['install', '--production=false', '--non-interactive', '--frozen-lockfile'],
      ['install', '--production=false', '--non-interactive', '--no-lockfile'],
    ],
  };

/** Installs the dependencies, and runs the install scripts that the package manager runs, such as `prepare`. */
async function installDependencies(
  context: SandboxContext<BuildInput>,
  directory: JobDirectory,
  manifest: Manifest,
  { manager, lockFile, unread }: Choice,
): Promise<void> {
  const { log } = context;
  if (unread.length > 0) {
    log.write(`Not read: ${unread.join(', ')}. The project has a lock file of ${manager}.\n`);
  }
  if (lockFile) log.write(`Installing the dependencies of ${lockFile}.\n`);
  else if (manager !== 'npm' || hasDependencies(manifest)) {
    log.write('No lock file: installing the newest versions that package.json allows.\n');
  } else {
    log.write('The project has no dependencies.\n');
    if (!INSTALL_SCRIPTS.some((name) => manifest.scripts?.[name])) return;
  }

  const [locked, free] = INSTALL[manager];
  const args = lockFile ? locked : free;
  const install = () =>
    runManager(context, directory, {
      manager,
      args,
      name: `${manager} ${args[0]}`,
      fraction: 0.2,
      usesRegistry: true,
    });
  await withConfiguredRegistry(directory.tree, lockFile, () =>
    withoutGitHooks(directory.tree, manifest, install),
  );
}

function hasDependencies(manifest: Manifest): boolean {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies, workspaces } = manifest;
  const named = { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies };
  return Object.keys(named).length > 0 || workspaces !== undefined;
}
