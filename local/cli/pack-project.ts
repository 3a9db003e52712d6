/** Packs the sources of a project as a tar.gz, the format that the build operation reads. */
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';

/** Generated files, and files that may contain secrets. */
const EXCLUDED = /^(\.git|node_modules|\.env(\..*)?)$/;

/**
 * @returns the path of an archive in a new temporary directory, which the caller removes
 * @throws Error when the directory is not a Node.js project
 */
export async function packProject(directory: string): Promise<string> {
  if (!existsSync(join(directory, 'package.json'))) {
    throw new Error(`${directory} has no package.json: give the directory of a Node.js project.`);
  }
  const file = join(await mkdtemp(join(tmpdir(), 'pack-project-')), 'project.tar.gz');
  const filter = (path: string) => !path.split('/').some((segment) => EXCLUDED.test(segment));
  // Portable: without users, groups and times of this machine, equal sources give equal archives.
  await create({ cwd: directory, file, gzip: { portable: true }, portable: true, noMtime: true, filter }, [
    '.',
  ]);
  return file;
}
