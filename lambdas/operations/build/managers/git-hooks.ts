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

/** `husky`, `npx lefthook install`, `simple-git-hooks`, `git config core.hooksPath .githooks`. */
const HOOK_COMMAND =
  /^(?:npx (?:-\S+ )*|pnpm (?:exec |dlx )?|yarn )?(?:git|husky|lefthook|simple-git-hooks)(?: [^'"`$()<>&|]*)?$/;
const SEPARATOR = /(&&|\|\||;)/;

/**
 * Runs an installation, in which commands of install scripts that call Git or an installer of its hooks may fail. Other commands
 * of the same script may not. Restores package.json afterwards. Does nothing else for a project with a Git repository.
 */
export async function withoutGitHooks(
  tree: string,
  { scripts }: Manifest,
  install: () => Promise<void>,
): Promise<void> {
  const names = INSTALL_SCRIPTS.filter((name) => (scripts?.[name] ?? '').split(SEPARATOR).some(isHook));
  if (names.length === 0 || (await exists(join(tree, '.git')))) return install();

  const file = join(tree, 'package.json');
  const original = await readFile(file, 'utf8');
  const tolerant = edit(original, tolerate);
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

function isHook(command: string): boolean {
  return HOOK_COMMAND.test(command.trim());
}

/** @returns the script, in which each command for Git hooks may fail */
function tolerate(name: string, script: string): string {
  const warning = `A command of the ${name} script failed. The project was uploaded without its Git repository, so the build continues.`;
  return script
    .split(SEPARATOR)
    .map((command) => (isHook(command) ? ` (${command.trim()} || echo "${warning}") ` : command))
    .join('');
}
