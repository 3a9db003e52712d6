/** Writes settings of pnpm and Yarn into a project's HOME: as environment variables, they would reach the project's scripts. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const PNPM_SETTINGS = [
  // The shipped version builds the project, whatever version "packageManager" names: chooseManager has compared its lock file.
  'manage-package-manager-versions=false',
  'package-manager-strict=false',
  // The default, hard links, would give files of several packages one content, which scripts of the project can change.
  'package-import-method=copy',
];

export async function writeSettings(home: string): Promise<void> {
  const pnpm = join(home, '.config', 'pnpm');
  await mkdir(pnpm, { recursive: true });
  await writeFile(join(pnpm, 'rc'), `${PNPM_SETTINGS.join('\n')}\n`);
  // The default of a superuser is a directory that all projects share.
  await writeFile(join(home, '.yarnrc'), `cache-folder ${JSON.stringify(join(home, '.cache', 'yarn'))}\n`);
}
