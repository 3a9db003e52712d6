/** Reads a whole source archive without writing a byte, and refuses everything in it that is not plainly a project. */

import { CodedError } from 'mcp-async-operations/operation';
import type { ReadEntry } from 'tar';
import { GuardedParser } from './guarded-parser.ts';
import { invalidSource, namesTooLong, quote, tooLargeUnpacked, tooManyEntries } from './source-errors.ts';
import type { SourceLimits } from './source-limits.ts';
import { type Archive, feed } from './tar-stream.ts';

/** Devices, FIFOs and types that node-tar does not know are not here, and it would leave them out without a word. */
const ALLOWED_TYPES = new Set(['File', 'OldFile', 'ContiguousFile', 'Directory', 'SymbolicLink', 'Link']);

/** No file system takes longer ones; a pax header could hold a megabyte, fifty thousand times over. */
const MAX_PATH_CHARACTERS = 4_096;

/** Of all names together, which are kept until the last entry has come: some 200 bytes for each of 200,000. */
const MAX_NAMES_BYTES = 40 * 1024 * 1024;

/** A symbolic link, as the archive has it. */
export interface Link {
  readonly path: string;
  readonly target: string;
}

export interface FileEntry {
  /** Which of the archive's files it is, from 0. */
  readonly index: number;
  /** Bytes. */
  readonly size: number;
}

export interface Source {
  /**
   * The directory inside the archive that holds package.json: '' or the only one at its top, as `npm pack` and GitHub
   * make them.
   */
  readonly root: string;
  readonly links: readonly Link[];
  /** By path in the archive. Of entries with the same path it is the last that counts, as when they are unpacked. */
  readonly files: ReadonlyMap<string, FileEntry>;
}

/** What is known of the entries read so far, by their key. */
interface Listing {
  /** Of all names so far. */
  namesBytes: number;
  /** The names at the top of the archive, as they are written there. */
  readonly tops: Set<string>;
  readonly types: Map<string, string>;
  readonly symlinks: Map<string, Link>;
  readonly files: Map<string, FileEntry>;
}

/** @throws OperationError SOURCE_INVALID naming the entry, or SOURCE_TOO_LARGE naming the limit. */
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
  // An entry that node-tar would skip never reaches `onReadEntry`.
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
  // The key of a path may be longer by far: one character can stand for eighteen.
  listing.namesBytes += Buffer.byteLength(key) + Buffer.byteLength(linkpath ?? '');
  if (listing.namesBytes > MAX_NAMES_BYTES) throw namesTooLong(MAX_NAMES_BYTES);
  if (!ALLOWED_TYPES.has(type))
    throw invalidSource(`${quote(path)} is a ${type}; only files, directories and links may be`);
  if (type === 'Link') {
    const target = keyOf(safeSegments(linkpath ?? '', path));
    // A hard link to a link would be that link under another name.
    if (!isFile(types.get(target))) {
      throw invalidSource(`${quote(path)} is a hard link to ${quote(linkpath)}, which is no file before it`);
    }
  }
  if (key === '' && type !== 'Directory')
    throw invalidSource(`${quote(path)} would replace the project's directory`);
  const isLink = type === 'SymbolicLink';
  if (symlinks.has(key) || (isLink && types.has(key)))
    throw invalidSource(`${quote(path)} is there twice, and once a link`);
  if (isLink) symlinks.set(key, { path, target: linkpath ?? '' });
  if (segments[0] !== undefined) tops.add(segments[0]);
  types.set(key, type);
}

/** Whether an entry brings the bytes of a file along. */
export function isContent({ type }: Pick<ReadEntry, 'type'>): boolean {
  return type === 'File' || type === 'OldFile' || type === 'ContiguousFile';
}

/** The path of an entry that has been inspected, as `Source.files` has it. */
export function entryPath(path: string): string {
  return safeSegments(path, path).join('/');
}

function isFile(type: string | undefined): boolean {
  return type !== undefined && type !== 'Directory' && type !== 'SymbolicLink';
}

/** The segments of a path that stays below the directory it is taken from. */
function safeSegments(path: string, entry: string): string[] {
  // Backslashes and drive letters mean the same to node-tar, on every system.
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

/** Paths that some file system takes for the same one have the same key: case and Unicode form do not count. */
function keyOf(segments: readonly string[]): string {
  return segments.join('/').normalize('NFKD').toLowerCase();
}

function projectRoot({ tops, types }: Listing): string {
  if (types.has('package.json')) return '';
  const [top] = tops;
  if (top !== undefined && tops.size === 1 && types.has(keyOf([top, 'package.json']))) return top;
  throw invalidSource('it has no package.json at its top, nor in a single directory there');
}

function refuseThroughLink({ symlinks }: Listing, path: string): void {
  for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
    const link = symlinks.get(path.slice(0, end));
    if (link) throw invalidSource(`${quote(path)} lies behind the link ${quote(link.path)}`);
  }
}

/**
 * Follows a link's target segment by segment. Where a segment is itself a link, `..` after it could lead anywhere, so
 * only the last one may be; being checked itself, it leads nowhere else.
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
