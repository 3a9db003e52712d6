/** Packs a project's directory as the build operation takes it: a tar.gz of its sources. */
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';

/** What is made anew, and what may hold secrets. */
const LEFT_OUT = /^(\.git|node_modules|\.env(\..*)?)$/;

/**
 * @returns an archive in a temporary directory of its own, which the caller removes.
 * @throws Error when the directory is no Node.js project.
 */
export async function packProject(directory: string): Promise<string> {
  if (!existsSync(join(directory, 'package.json'))) {
    throw new Error(`${directory} has no package.json: name the directory of a Node.js project.`);
  }
  const file = join(await mkdtemp(join(tmpdir(), 'pack-project-')), 'project.tar.gz');
  const filter = (path: string) => !path.split('/').some((segment) => LEFT_OUT.test(segment));
  // Portable: without users, groups and times of this machine, the same sources give the same archive.
  await create({ cwd: directory, file, gzip: { portable: true }, portable: true, noMtime: true, filter }, [
    '.',
  ]);
  return file;
}
