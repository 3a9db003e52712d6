/** Lets scripts that install Git hooks fail during the installation: an uploaded project has no Git repository. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from '../exists.ts';
import type { Manifest } from '../manifest.ts';

/** Scripts of the project that package managers run at the end of an installation. */
export const INSTALL_SCRIPTS = [
  'preinstall',
  'install',
  'postinstall',
  'prepublish',
  'preprepare',
  'prepare',
  'postprepare',
] as const;

/** `husky`, `lefthook install`, `simple-git-hooks`, `git config core.hooksPath .githooks`. */
const GIT_HOOKS = /\b(git|husky|lefthook)\b/;

/**
 * Runs an installation, in which each install script that names Git or an installer of its hooks may fail. Restores package.json
 * afterwards. Does nothing else for a project with a Git repository.
 */
export async function withoutGitHooks(
  tree: string,
  { scripts }: Manifest,
  install: () => Promise<void>,
): Promise<void> {
  const names = INSTALL_SCRIPTS.filter((name) => GIT_HOOKS.test(scripts?.[name] ?? ''));
  if (names.length === 0 || (await exists(join(tree, '.git')))) return install();

  const file = join(tree, 'package.json');
  const original = await readFile(file, 'utf8');
  const tolerant = edit(original, (name, script) => `(${script}) || echo "${WARNING.replace('%s', name)}"`);
  await writeFile(file, tolerant);
  await install();
  const now = await readFile(file, 'utf8');
  // An install script may have changed other fields.
  await writeFile(file, now === tolerant ? original : edit(now, (name) => String(scripts?.[name])));

  function edit(text: string, change: (name: string, script: string) => string): string {
    const manifest = JSON.parse(text.replace(/^\uFEFF/, '')) as { scripts?: Record<string, string> };
    for (const name of names) {
      const script = manifest.scripts?.[name];
      if (manifest.scripts && script !== undefined) manifest.scripts[name] = change(name, script);
    }
    return `${JSON.stringify(manifest, undefined, 2)}\n`;
  }
}

const WARNING =
  'The %s script failed. The project was uploaded without its Git repository, so the build goes on.';
