/** Writes the settings of pnpm into a project's HOME: as environment variables, they would reach the project's scripts. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const SETTINGS = [
  // The shipped version builds the project, whatever version "packageManager" names: chooseManager has compared its lock file.
  'manage-package-manager-versions=false',
  'package-manager-strict=false',
  // The default, hard links, would give files of several packages one content, which scripts of the project can change.
  'package-import-method=copy',
];

export async function writePnpmSettings(home: string): Promise<void> {
  const directory = join(home, '.config', 'pnpm');
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'rc'), `${SETTINGS.join('\n')}\n`);
}
