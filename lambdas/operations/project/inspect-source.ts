/** Inspects a source archive without writing a byte, and rejects everything that is not plainly a project. */

import { CodedError } from 'mcp-async-operations/operation';
import type { ReadEntry } from 'tar';
import { type FileKind, isCompanion, kindOfEntry, type LeftOut } from './file-kinds.ts';
import { GuardedParser } from './guarded-parser.ts';
import { pathProblem } from './names.ts';
import {
  invalidSource,
  namesTooLong,
  quote,
  sparseFile,
  tooLargeUnpacked,
  tooManyEntries,
} from './source-errors.ts';
import type { SourceLimits } from './source-limits.ts';
import { type Archive, feed } from './tar-stream.ts';

/** No file system supports longer paths. A pax header can contain a megabyte, in each of fifty thousand entries. */
const MAX_PATH_CHARACTERS = 4_096;

/** For all names together, which stay in memory until the last entry: about 200 bytes for each of 200,000. */
const MAX_NAMES_BYTES = 40 * 1024 * 1024;

/** A symbolic link, as written in the archive. */
export interface Link {
  readonly path: string;
  readonly target: string;
}

/** A file of the archive. A hard link is another name of an earlier file, with the same index. */
export interface FileEntry {
  /** Position of the content among the contents of the archive, from 0. */
  readonly index: number;
  /** Bytes. */
  readonly size: number;
}

/** The content of an inspected archive. */
export interface Source {
  /**
   * Directory in the archive that contains package.json: '' or the only top-level directory, as `npm pack` and GitHub create
   * it. Files beside that directory do not belong to the project.
   */
  readonly root: string;
  readonly links: readonly Link[];
  /** Files by path in the archive. The last of several entries with the same path counts, as in unpacking. */
  readonly files: ReadonlyMap<string, FileEntry>;
  /** Special files, files beside the project's directory, and files that a later entry with the same path replaces. */
  readonly leftOut: readonly LeftOut[];
}

/** The entries so far. */
interface Listing {
  /** Bytes of all names so far. */
  namesBytes: number;
  /** Bytes of all hard-linked files so far, which count like copies. */
  linkedBytes: number;
  /** Number of contents so far. */
  contents: number;
  /** Top-level names, as written in the archive, that are directories. */
  readonly tops: Set<string>;
  /** Kinds by key. */
  readonly kinds: Map<string, FileKind>;
  /** Symbolic links by key. */
  readonly symlinks: Map<string, Link>;
  /** Files by path. */
  readonly files: Map<string, FileEntry>;
  readonly leftOut: LeftOut[];
}

/** @throws OperationError SOURCE_INVALID with the entry, or SOURCE_TOO_LARGE with the limit. */
export async function inspectSource(
  archive: Archive,
  limits: SourceLimits,
  signal: AbortSignal,
): Promise<Source> {
  const listing: Listing = {
    namesBytes: 0,
    linkedBytes: 0,
    contents: 0,
    tops: new Set(),
    kinds: new Map(),
    symlinks: new Map(),
    files: new Map(),
    leftOut: [],
  };
  let entries = 0;
  const parser = new GuardedParser({
    strict: true,
    onReadEntry: (entry) => {
      if (++entries > limits.entries) throw tooManyEntries(limits.entries);
      addEntry(listing, entry);
      if (listing.linkedBytes > limits.unpackedBytes) throw tooLargeUnpacked(limits.unpackedBytes);
      entry.resume();
    },
  });
  // Entries that node-tar skips do not reach `onReadEntry`.
  parser.on('ignoredEntry', ({ path, type }: ReadEntry) => {
    if (kindOfEntry(type) === undefined) throw unreadable(path, type);
  });

  const bound = { maxBytes: limits.unpackedBytes, tooLarge: tooLargeUnpacked(limits.unpackedBytes) };
  try {
    await feed(parser, archive, bound, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof CodedError
      ? error
      : invalidSource('it is corrupt or not a gzipped tar archive', error);
  }

  const root = projectRoot(listing);
  for (const path of listing.kinds.keys()) refuseThroughLink(listing, path);
  const { symlinks, files, leftOut } = listing;
  const isOutside = (path: string) => root !== '' && !path.startsWith(`${root}/`);
  const links = [...symlinks.values()].filter(({ path }) => !isOutside(entryPath(path)));
  for (const link of links) refuseLeavingLink(listing, link, root);
  for (const path of files.keys()) {
    if (isOutside(path)) leftOut.push({ path, what: 'outside the project' });
  }
  return { root, links, files, leftOut };
}

/** @returns whether a reader passes over an entry, because the project does not need it */
export function isIgnored({ path, type, linkpath = '' }: IgnorableEntry): boolean {
  const kind = kindOfEntry(type);
  // GNU tar writes a file that is named twice as a hard link to itself.
  const isItself = kind === 'hard link' && safeSegments(linkpath, path).join('/') === entryPath(path);
  return isItself || isCompanion(path) || kind === 'special' || kind === 'metadata';
}

type IgnorableEntry = Pick<ReadEntry, 'path' | 'type' | 'linkpath'>;

function addEntry(listing: Listing, { path, type, size, linkpath = '' }: ReadEntry): void {
  const { tops, kinds, symlinks, files, leftOut } = listing;
  const segments = safeSegments(path, path);
  const key = keyOf(segments);
  // A key can be much longer than its path: normalization can expand one character to eighteen.
  listing.namesBytes += Buffer.byteLength(key) + Buffer.byteLength(linkpath);
  if (listing.namesBytes > MAX_NAMES_BYTES) throw namesTooLong(MAX_NAMES_BYTES);
  const kind = kindOfEntry(type);
  if (kind === undefined) throw unreadable(path, type);
  const index = isContent({ type }) ? listing.contents++ : -1;
  const name = segments.join('/');
  if (kind === 'special') {
    leftOut.push({ path: name, what: specialEntryType(type) });
    kinds.set(key, kind);
  }
  if (isIgnored({ path, type, linkpath })) return;
  const linked = kind === 'hard link' ? linkedFile(listing, path, linkpath) : undefined;
  if (linked === 'special') {
    leftOut.push({ path: name, what: 'hard link to a special file' });
    return;
  }
  const isLink = kind === 'link';
  if (key === '' && kind !== 'directory')
    throw invalidSource(`${quote(path)} would replace the project's directory`);
  if (symlinks.has(key) || (isLink && kinds.has(key)))
    throw invalidSource(`${quote(path)} appears twice, once as a link`);
  if (isLink) symlinks.set(key, { path, target: linkpath });
  const [top, ...below] = segments;
  if (top !== undefined && (below.length > 0 || kind === 'directory')) tops.add(top);
  if (kind === 'file' || linked) {
    if (files.has(name)) leftOut.push({ path: name, what: 'replaced by a later entry of the same name' });
    files.set(name, linked ?? { index, size });
    listing.linkedBytes += linked?.size ?? 0;
  }
  kinds.set(key, kind === 'hard link' ? 'file' : (kind as FileKind));
}

/** @returns the earlier file that a hard link names */
function linkedFile({ files, kinds }: Listing, path: string, linkpath: string): FileEntry | 'special' {
  const target = safeSegments(linkpath, path);
  const linked = files.get(target.join('/'));
  if (!linked && kinds.get(keyOf(target)) === 'special') return 'special';
  // A hard link to a symbolic link would be another name for that link.
  if (linked) return linked;
  throw invalidSource(`${quote(path)} is a hard link to ${quote(linkpath)}, which is not an earlier file`);
}

function unreadable(path: string, type: string): Error {
  return type === 'SparseFile'
    ? sparseFile(path)
    : invalidSource(`${quote(path)} is of an unsupported type (${type})`);
}

/** "CharacterDevice" is a device like any other. */
function specialEntryType(type: string): string {
  return type === 'FIFO' ? 'FIFO' : 'device';
}

/** @returns whether an entry contains the bytes of a file */
export function isContent({ type }: Pick<ReadEntry, 'type'>): boolean {
  return kindOfEntry(type) === 'file';
}

/** @returns the path of an inspected entry, as in `Source.files` */
export function entryPath(path: string): string {
  return safeSegments(path, path).join('/');
}

/** @returns the segments of a path that cannot leave its base directory */
function safeSegments(path: string, entry: string): string[] {
  // node-tar treats backslashes and drive letters the same on every system.
  const problem =
    pathProblem(path) ??
    (path.length > MAX_PATH_CHARACTERS ? `a path of more than ${MAX_PATH_CHARACTERS} characters` : undefined);
  if (problem) throw invalidSource(`${quote(entry)} has ${problem}`);
  return path.split('/').filter((segment) => segment !== '' && segment !== '.');
}

/** Paths that some file system treats as equal get the same key: it ignores case and Unicode form. */
function keyOf(segments: readonly string[]): string {
  return segments.join('/').normalize('NFKD').toLowerCase();
}

/** Files beside the directory, such as a README, do not matter; another directory could be a part of the project. */
function projectRoot({ tops, kinds }: Listing): string {
  const isThere = (...path: string[]) => ['file', 'link'].includes(kinds.get(keyOf(path)) ?? '');
  if (isThere('package.json')) return '';
  const [top] = tops;
  if (top !== undefined && tops.size === 1 && isThere(top, 'package.json')) return top;
  const [other] = [...tops].filter((name) => isThere(name, 'package.json'));
  const hint =
    other !== undefined
      ? `; ${quote(other)} has one, beside other directories`
      : [...kinds.keys()].some((path) => path.endsWith('\\package.json'))
        ? '; its names have backslashes instead of slashes'
        : '';
  throw invalidSource(`it has no package.json at the top level or in a single top-level directory${hint}`);
}

function refuseThroughLink({ symlinks }: Listing, path: string): void {
  for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
    const link = symlinks.get(path.slice(0, end));
    if (link) throw invalidSource(`${quote(path)} is below the link ${quote(link.path)}`);
  }
}

/**
 * Follows a link's target segment by segment. `..` after a segment that is itself a link could lead anywhere, so only the last
 * segment may be a link. That link is checked as well.
 */
function refuseLeavingLink({ symlinks }: Listing, { path, target }: Link, root: string): void {
  const leaves = () => invalidSource(`the link ${quote(path)} leads out of the project, to ${quote(target)}`);
  if (/^([\\/]|[a-zA-Z]:)/.test(target)) throw leaves();
  const floor = root === '' ? 0 : 1;
  const at = safeSegments(path, path).slice(0, -1);
  for (const segment of target.split('/')) {
    if (segment === '' || segment === '.') continue;
    const through = symlinks.get(keyOf(at));
    if (through) throw invalidSource(`the link ${quote(path)} goes through the link ${quote(through.path)}`);
    if (segment !== '..') at.push(segment);
    else if (at.length > floor) at.pop();
    else throw leaves();
  }
}
