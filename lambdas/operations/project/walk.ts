/** Lists the files of a directory in an order that depends on their names only, without following links. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type FileKind, kindOf, type LeftOut, specialType } from './file-kinds.ts';
import { cannotPack } from './source-errors.ts';

export interface FoundFile {
  /** Path relative to the directory, with slashes. */
  readonly path: string;
  readonly kind: Exclude<FileKind, 'special'>;
}

export interface Walk {
  /** A directory comes before its files. */
  readonly files: FoundFile[];
  readonly leftOut: LeftOut[];
}

/**
 * @param start path relative to the directory; '' for all of it
 * @param isWanted returns false for a path to skip, with all below it
 * @throws OperationError ARTIFACT_INVALID with a directory that cannot be read
 */
export async function walk(
  directory: string,
  start = '',
  isWanted: (path: string) => boolean = () => true,
): Promise<Walk> {
  const found: Walk = { files: [], leftOut: [] };
  const waiting = [start];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (path !== start) found.files.push({ path, kind: 'directory' });
    const directories: string[] = [];
    for (const entry of await list(join(directory, path), path)) {
      const child = path === '' ? entry.name : `${path}/${entry.name}`;
      if (!isWanted(child)) continue;
      const kind = kindOf(entry);
      if (kind === 'directory') directories.push(child);
      else if (kind === 'special') found.leftOut.push({ path: child, what: specialType(entry) });
      else found.files.push({ path: child, kind });
    }
    waiting.push(...directories.reverse());
  }
  return found;
}

async function list(directory: string, path: string) {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    // A directory can disappear, or never have been there.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw cannotPack(path, error);
  }
}
