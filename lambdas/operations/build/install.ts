/** Step 1: the project's source, unpacked, with the dependencies its lock file names. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import type { SandboxContext, SandboxedStepOf } from 'mcp-async-operations/steps';
import { sourceOf } from '../project/project.ts';
import { assertListable } from './artifact-files.ts';
import { exists } from './exists.ts';
import { inJobDirectory, type JobDirectory } from './job-directory.ts';
import { limits } from './limits.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { runNpm } from './npm.ts';
import type { BuildInput, build } from './operation.ts';
import { saveTree, treeChanges } from './tree.ts';
import { unpackSource } from './unpack-source.ts';

/** npm's own, in the order npm prefers them. Lock files of yarn and pnpm say nothing to it. */
const LOCK_FILES = ['npm-shrinkwrap.json', 'package-lock.json'];

export const install: SandboxedStepOf<typeof build, 'install'> = (context) =>
  inJobDirectory(context, async (directory) => {
    await treeChanges(directory);
    await fetchSource(context, directory);
    const manifest = await readManifest(directory.tree);
    await assertListable(directory.tree, manifest);
    context.progress(0.2, 'The source is unpacked');
    await installDependencies(context, directory, manifest);
    // What is installed is in the tree; the cache would only be in the way of the next snapshot.
    await rm(directory.npmCache, { recursive: true, force: true });
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
      `The source archive ${key} is larger than ${formatBytes(compressedBytes)}, the limit: leave out what the build makes.`,
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
    log.write(`Installing the dependencies that ${lockFile} names.\n`);
    await runNpm(context, directory, {
      args: ['ci', '--ignore-scripts', '--include=dev'],
      name: 'npm ci',
      title: 'npm ci',
      fraction: 0.2,
      usesRegistry: true,
    });
  } else if (hasDependencies(manifest)) {
    log.write('There is no package-lock.json: installing the newest versions that package.json allows.\n');
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
