/** Runs step 1: unpacks the source of the project and installs the dependencies of its lock file. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import { removeTree, type SandboxContext, type SandboxedStepOf } from 'mcp-async-operations/steps';
import { sourceOf } from '../project/project.ts';
import { assertListable } from './artifact-files.ts';
import { exists } from './exists.ts';
import { type JobDirectory, withJobDirectory } from './job-directory.ts';
import { limits } from './limits.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { runNpm } from './npm.ts';
import type { BuildInput, build } from './operation.ts';
import { clearMarker, saveTree } from './tree.ts';
import { unpackSource } from './unpack-source.ts';

/** Lock files of npm, in its order of preference. npm ignores those of yarn and pnpm. */
const LOCK_FILES = ['npm-shrinkwrap.json', 'package-lock.json'];

export const install: SandboxedStepOf<typeof build, 'install'> = (context) =>
  withJobDirectory(context, async (directory) => {
    await clearMarker(directory);
    await fetchSource(context, directory);
    const manifest = await readManifest(directory.tree);
    await assertListable(directory.tree, manifest);
    context.progress(0.2, 'Source unpacked');
    await installDependencies(context, directory, manifest);
    // The tree contains the installed packages; the cache would only enlarge the next snapshot.
    await removeTree(directory.npmCache);
    context.progress(0.9, 'Saving the tree');
    return { snapshot: await saveTree(context, directory, 'install') };
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
  await unpackSource(archive, directory.tree, { limits: limits.source, signal });
  await rm(archive);
}

async function installDependencies(
  context: SandboxContext<BuildInput>,
  directory: JobDirectory,
  manifest: Manifest,
): Promise<void> {
  const { log } = context;
  const lockFile = await findLockFile(directory.tree);
  if (lockFile) {
    log.write(`Installing the dependencies of ${lockFile}.\n`);
    await runNpm(context, directory, {
      args: ['ci', '--ignore-scripts', '--include=dev'],
      name: 'npm ci',
      title: 'npm ci',
      fraction: 0.2,
      usesRegistry: true,
    });
  } else if (hasDependencies(manifest)) {
    log.write('No package-lock.json: installing the newest versions that package.json allows.\n');
    await runNpm(context, directory, {
      args: ['install', '--ignore-scripts', '--include=dev', '--no-package-lock'],
      name: 'npm install',
      title: 'npm install',
      fraction: 0.2,
      usesRegistry: true,
    });
  } else {
    log.write('The project has no dependencies.\n');
  }
}

export async function findLockFile(tree: string): Promise<string | undefined> {
  for (const name of LOCK_FILES) {
    if (await exists(join(tree, name))) return name;
  }
  return undefined;
}

function hasDependencies(manifest: Manifest): boolean {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies, workspaces } = manifest;
  const named = { ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies };
  return Object.keys(named).length > 0 || workspaces !== undefined;
}
