/** Writes the settings of the package managers into a project's HOME: environment variables would reach its scripts. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Settings by file. npm refuses to read settings of pnpm without a warning. */
const SETTINGS = {
  '.npmrc': ['audit=false', 'fund=false', 'update-notifier=false', 'progress=false', 'logs-max=0'],
  '.config/pnpm/rc': [
    // The shipped version builds the project, whatever version "packageManager" names.
    'manage-package-manager-versions=false',
    // chooseManager decides, with the lock file.
    'package-manager-strict=false',
    'update-notifier=false',
    // Links in the store would be second names of the project's files, which its scripts change.
    'package-import-method=copy',
    // It would write the directory of the job into the commands of node_modules.
    'extend-node-path=false',
  ],
  '.yarnrc': ['disable-self-update-check true'],
};

/** @param caches directory for the caches of all package managers */
export async function writeHomeSettings(home: string, caches: string): Promise<void> {
  const cacheSettings = {
    '.npmrc': [`cache=${join(caches, 'npm')}`],
    '.config/pnpm/rc': [`store-dir=${join(caches, 'pnpm-store')}`, `cache-dir=${join(caches, 'pnpm')}`],
    '.yarnrc': [`cache-folder ${JSON.stringify(join(caches, 'yarn'))}`],
  };
  for (const [file, lines] of Object.entries(SETTINGS)) {
    const path = join(home, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, [...lines, ...cacheSettings[file as keyof typeof SETTINGS], ''].join('\n'));
  }
}
