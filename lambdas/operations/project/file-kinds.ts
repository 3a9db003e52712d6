/** Decides what becomes of each kind of file, for every walk of a directory and every reader of an archive. */
import type { Dirent, Stats } from 'node:fs';
import { quote } from './source-errors.ts';

/** A hard link is a file. `special` is a socket, a FIFO or a device: it has no content, and is left out. */
export type FileKind = 'file' | 'directory' | 'link' | 'special';

/** A file that is left out. */
export interface LeftOut {
  readonly path: string;
  /** Such as "FIFO". */
  readonly what: string;
}

export function kindOf(found: Dirent | Stats): FileKind {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'directory';
  return found.isSymbolicLink() ? 'link' : 'special';
}

/** @returns the name of a special file's type */
export function specialType(found: Dirent | Stats): string {
  if (found.isSocket()) return 'socket';
  return found.isFIFO() ? 'FIFO' : 'device';
}

/** Kinds of archive entries by node-tar's name of their type. `metadata` describes the archive, such as its label. */
const ENTRY_KINDS: Readonly<Record<string, FileKind | 'hard link' | 'metadata'>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Link: 'hard link',
  SymbolicLink: 'link',
  Directory: 'directory',
  GNUDumpDir: 'directory',
  FIFO: 'special',
  CharacterDevice: 'special',
  BlockDevice: 'special',
  TapeVolumeHeader: 'metadata',
  SolarisACL: 'metadata',
  Inode: 'metadata',
};

/** @returns undefined for a type whose content cannot be read, such as a sparse file */
export function kindOfEntry(type: string): FileKind | 'hard link' | 'metadata' | undefined {
  return Object.hasOwn(ENTRY_KINDS, type) ? ENTRY_KINDS[type] : undefined;
}

/** Names of the files that macOS and its archivers put beside those of a project. */
const COMPANION =
  /^(\._.+|\.DS_Store|__MACOSX|\.AppleDouble|\.Spotlight-V100|\.Trashes|\.TemporaryItems|\.fseventsd|Icon\r)$/s;

/** @returns whether a file belongs to macOS and not to the project: it is ignored */
export function isCompanion(path: string): boolean {
  return path.split('/').some((segment) => COMPANION.test(segment));
}

const MAX_NAMED = 10;

/** @returns such as `"a.sock" (socket)`, for each of the first files, and how many more there are */
function describe(leftOut: readonly LeftOut[]): string[] {
  const named = leftOut.slice(0, MAX_NAMED).map(({ path, what }) => `${quote(path)} (${what})`);
  return leftOut.length > MAX_NAMED ? [...named, `${leftOut.length - MAX_NAMED} more`] : named;
}

/** @returns a sentence for logs, with its line end */
export function leftOutSentence(leftOut: readonly LeftOut[]): string {
  return `Left out: ${describe(leftOut).join(', ')}.\n`;
}

/** @returns the field of results, which is absent when nothing is left out */
export function leftOutField(leftOut: readonly LeftOut[]): { left_out?: string[] } {
  return leftOut.length > 0 ? { left_out: describe(leftOut) } : {};
}
