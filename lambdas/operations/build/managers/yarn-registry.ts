/** Makes Yarn download from the configured registry what its lock file finds in the public one, as npm and pnpm do. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PUBLIC_REGISTRY = /(?<=^ {2}resolved ")https?:\/\/registry\.(?:yarnpkg\.com|npmjs\.org)\//gm;
/** Several times the size of the largest ones of public projects. The whole file is in memory. */
const MAX_LOCK_BYTES = 32 * 1024 * 1024;

/** Runs an installation. Without a configured registry or a lock file of Yarn, it does nothing else. */
export async function withConfiguredRegistry(
  tree: string,
  lockFile: string | undefined,
  install: () => Promise<void>,
): Promise<void> {
  const registry = process.env.npm_config_registry;
  const file = join(tree, 'yarn.lock');
  if (!registry || lockFile !== 'yarn.lock' || (await stat(file)).size > MAX_LOCK_BYTES) return install();
  const original = await readFile(file);
  const base = registry.endsWith('/') ? registry : `${registry}/`;
  await writeFile(
    file,
    original.toString('utf8').replaceAll(PUBLIC_REGISTRY, () => base),
  );
  await install();
  await writeFile(file, original);
}
