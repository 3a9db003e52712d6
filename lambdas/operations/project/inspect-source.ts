/** Inspects a source archive without writing a byte, and rejects everything that is not plainly a project. */

import { CodedError } from 'mcp-async-operations/operation';
import type { ReadEntry } from 'tar';
import { GuardedParser } from './guarded-parser.ts';
import { invalidSource, namesTooLong, quote, tooLargeUnpacked, tooManyEntries } from './source-errors.ts';
import type { SourceLimits } from './source-limits.ts';
import { type Archive, feed } from './tar-stream.ts';

/** Excludes devices, FIFOs and unknown types, which node-tar would skip silently. */
const ALLOWED_TYPES = new Set(['File', 'OldFile', 'ContiguousFile', 'Directory', 'SymbolicLink', 'Link']);

/** No file system supports longer paths. A pax header can contain a megabyte, in each of fifty thousand entries. */
const MAX_PATH_CHARACTERS = 4_096;

/** For all names together, which stay in memory until the last entry: about 200 bytes for each of 200,000. */
const MAX_NAMES_BYTES = 40 * 1024 * 1024;

/** A symbolic link, as written in the archive. */
export interface Link {
  readonly path: string;
  readonly target: string;
}

/** A file of the archive. */
export interface FileEntry {
  /** Position among the files of the archive, from 0. */
  readonly index: number;
  /** Bytes. */
  readonly size: number;
}

/** The content of an inspected archive. */
export interface Source {
  /**
   * Directory in the archive that contains package.json: '' or the only top-level directory, as `npm pack` and GitHub create
   * it.
   */
  readonly root: string;
  readonly links: readonly Link[];
  /** Files by path in the archive. The last of several entries with the same path counts, as in unpacking. */
  readonly files: ReadonlyMap<string, FileEntry>;
}

/** The entries so far, by key. */
interface Listing {
  /** Bytes of all names so far. */
  namesBytes: number;
  /** Top-level names, as written in the archive. */
  readonly tops: Set<string>;
  readonly types: Map<string, string>;
  readonly symlinks: Map<string, Link>;
  readonly files: Map<string, FileEntry>;
}

/** @throws OperationError SOURCE_INVALID with the entry, or SOURCE_TOO_LARGE with the limit. */
export async function inspectSource(
  archive: Archive,
  limits: SourceLimits,
  signal: AbortSignal,
): Promise<Source> {
  const listing: Listing = {
    namesBytes: 0,
    tops: new Set(),
    types: new Map(),
    symlinks: new Map(),
    files: new Map(),
  };
  let entries = 0;
  let index = 0;
  const parser = new GuardedParser({
    strict: true,
    onReadEntry: (entry) => {
      if (++entries > limits.entries) throw tooManyEntries(limits.entries);
      addEntry(listing, entry);
      if (isContent(entry)) listing.files.set(entryPath(entry.path), { index: index++, size: entry.size });
      entry.resume();
    },
  });
  // Entries that node-tar skips do not reach `onReadEntry`.
  parser.on('ignoredEntry', (entry: ReadEntry) => {
    throw invalidSource(`${quote(entry.path)} is of an unsupported type`);
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
  for (const path of listing.types.keys()) refuseThroughLink(listing, path);
  for (const link of listing.symlinks.values()) refuseLeavingLink(listing, link, root);
  return { root, links: [...listing.symlinks.values()], files: listing.files };
}

function addEntry(listing: Listing, { path, type, linkpath }: ReadEntry): void {
  const { tops, types, symlinks } = listing;
  const segments = safeSegments(path, path);
  const key = keyOf(segments);
  // A key can be much longer than its path: normalization can expand one character to eighteen.
  listing.namesBytes += Buffer.byteLength(key) + Buffer.byteLength(linkpath ?? '');
  if (listing.namesBytes > MAX_NAMES_BYTES) throw namesTooLong(MAX_NAMES_BYTES);
  if (!ALLOWED_TYPES.has(type))
    throw invalidSource(`${quote(path)} is a ${type}; only files, directories and links are allowed`);
  if (type === 'Link') {
    const target = keyOf(safeSegments(linkpath ?? '', path));
    // A hard link to a symbolic link would be another name for that link.
    if (!isFile(types.get(target))) {
      throw invalidSource(
        `${quote(path)} is a hard link to ${quote(linkpath)}, which is not an earlier file`,
      );
    }
  }
  if (key === '' && type !== 'Directory')
    throw invalidSource(`${quote(path)} would replace the project's directory`);
  const isLink = type === 'SymbolicLink';
  if (symlinks.has(key) || (isLink && types.has(key)))
    throw invalidSource(`${quote(path)} appears twice, once as a link`);
  if (isLink) symlinks.set(key, { path, target: linkpath ?? '' });
  if (segments[0] !== undefined) tops.add(segments[0]);
  types.set(key, type);
}

/** @returns whether an entry contains the bytes of a file */
export function isContent({ type }: Pick<ReadEntry, 'type'>): boolean {
  return type === 'File' || type === 'OldFile' || type === 'ContiguousFile';
}

/** @returns the path of an inspected entry, as in `Source.files` */
export function entryPath(path: string): string {
  return safeSegments(path, path).join('/');
}

function isFile(type: string | undefined): boolean {
  return type !== undefined && type !== 'Directory' && type !== 'SymbolicLink';
}

/** @returns the segments of a path that cannot leave its base directory */
function safeSegments(path: string, entry: string): string[] {
  // node-tar treats backslashes and drive letters the same on every system.
  const problem = /^([\\/]|[a-zA-Z]:)/.test(path)
    ? 'an absolute path'
    : /(^|[\\/])\.\.([\\/]|$)/.test(path)
      ? 'a path with ".."'
      : path.includes('\0')
        ? 'a path with a NUL character'
        : path.length > MAX_PATH_CHARACTERS
          ? `a path of more than ${MAX_PATH_CHARACTERS} characters`
          : undefined;
  if (problem) throw invalidSource(`${quote(entry)} has ${problem}`);
  return path.split('/').filter((segment) => segment !== '' && segment !== '.');
}

/** Paths that some file system treats as equal get the same key: it ignores case and Unicode form. */
function keyOf(segments: readonly string[]): string {
  return segments.join('/').normalize('NFKD').toLowerCase();
}

function projectRoot({ tops, types }: Listing): string {
  if (types.has('package.json')) return '';
  const [top] = tops;
  if (top !== undefined && tops.size === 1 && types.has(keyOf([top, 'package.json']))) return top;
  throw invalidSource('it has no package.json at the top level or in a single top-level directory');
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
