/** Reads a whole source archive without writing a byte, and refuses everything in it that is not plainly a project. */
import { Parser, type ReadEntry } from 'tar';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { formatBytes, type SourceLimits } from './limits.ts';
import { feed } from './tar-stream.ts';

/** Devices, FIFOs and types that node-tar does not know are not here, and it would leave them out without a word. */
const ALLOWED_TYPES = new Set(['File', 'OldFile', 'ContiguousFile', 'Directory', 'SymbolicLink', 'Link']);
const TAR_BLOCK_BYTES = 512;
/** Archivers fill their last record with zeros, by habit 10 KiB; more is data that hides behind the end. */
const MAX_PADDING_BYTES = 1024 * 1024;

/** A symbolic link, as the archive has it. */
export interface Link {
  readonly path: string;
  readonly target: string;
}

export interface Source {
  /**
   * The directory inside the archive that holds package.json: '' or the only one at its top, as `npm pack` and GitHub
   * make them.
   */
  readonly root: string;
  readonly links: readonly Link[];
}

/** What is known of the entries read so far, by their key. */
interface Listing {
  /** The names at the top of the archive, as they are written there. */
  readonly tops: Set<string>;
  readonly types: Map<string, string>;
  readonly symlinks: Map<string, Link>;
}

/** @throws AppError SOURCE_INVALID naming the entry, or SOURCE_TOO_LARGE naming the limit. */
export async function inspectSource(
  file: string,
  limits: SourceLimits,
  signal: AbortSignal,
): Promise<Source> {
  const listing: Listing = { tops: new Set(), types: new Map(), symlinks: new Map() };
  let entries = 0;
  const parser = new GuardedParser({
    strict: true,
    onReadEntry: (entry) => {
      if (++entries > limits.entries) throw tooManyEntries(limits.entries);
      addEntry(listing, entry);
      entry.resume();
    },
  });
  // An entry that node-tar would skip never reaches `onReadEntry`.
  parser.on('ignoredEntry', (entry: ReadEntry) => {
    throw invalid(`${quote(entry.path)} is of an unsupported type`);
  });

  const bound = { maxBytes: limits.unpackedBytes, tooLarge: tooLargeUnpacked(limits.unpackedBytes) };
  try {
    await feed(parser, file, bound, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof AppError ? error : invalid('it is corrupt or not a gzipped tar archive', error);
  }

  const root = projectRoot(listing);
  for (const path of listing.types.keys()) refuseThroughLink(listing, path);
  for (const link of listing.symlinks.values()) refuseLeavingLink(listing, link, root);
  return { root, links: [...listing.symlinks.values()] };
}

/**
 * A parser that ends where the archive does, and knows its kind before it begins. node-tar would pile up in memory what
 * follows the end, and unpack by itself a second layer of compression, whose bytes would go uncounted.
 */
class GuardedParser extends Parser {
  #bytes = 0;
  #paddingBytes = 0;
  #isEnded = false;
  /** The first block until it is whole; undefined after that. */
  #head: Buffer | undefined = Buffer.alloc(0);

  constructor(options: ConstructorParameters<typeof Parser>[0]) {
    super(options);
    this.on('eof', () => {
      this.#isEnded = true;
    });
  }

  override write(data: Uint8Array | string): boolean {
    // `feed` writes nothing else.
    let chunk = data as Buffer;
    this.#bytes += chunk.length;
    if (this.#isEnded) {
      this.#paddingBytes += chunk.length;
      const isPadding = this.#paddingBytes <= MAX_PADDING_BYTES && chunk.every((byte) => byte === 0);
      if (!isPadding) throw invalid('there is data after its end');
      return true;
    }
    if (this.#head) {
      chunk = Buffer.concat([this.#head, chunk]);
      this.#head = chunk;
      if (chunk.length < TAR_BLOCK_BYTES) return true;
      if (isCompressed(chunk)) throw invalid('it is compressed twice');
      this.#head = undefined;
    }
    return super.write(chunk);
  }

  override end(): this {
    if (this.#bytes === 0 || this.#bytes % TAR_BLOCK_BYTES !== 0) throw invalid('it is cut short');
    return super.end();
  }
}

function addEntry({ tops, types, symlinks }: Listing, { path, type, linkpath }: ReadEntry): void {
  const segments = safeSegments(path, path);
  const key = keyOf(segments);
  if (!ALLOWED_TYPES.has(type))
    throw invalid(`${quote(path)} is a ${type}; only files, directories and links may be`);
  if (type === 'Link') {
    const target = keyOf(safeSegments(linkpath ?? '', path));
    // A hard link to a link would be that link under another name.
    if (!isFile(types.get(target))) {
      throw invalid(`${quote(path)} is a hard link to ${quote(linkpath)}, which is no file before it`);
    }
  }
  if (key === '' && type !== 'Directory')
    throw invalid(`${quote(path)} would replace the project's directory`);
  const isLink = type === 'SymbolicLink';
  if (symlinks.has(key) || (isLink && types.has(key)))
    throw invalid(`${quote(path)} is there twice, and once a link`);
  if (isLink) symlinks.set(key, { path, target: linkpath ?? '' });
  if (segments[0] !== undefined) tops.add(segments[0]);
  types.set(key, type);
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
        : undefined;
  if (problem) throw invalid(`${quote(entry)} has ${problem}`);
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
  throw invalid('it has no package.json at its top, nor in a single directory there');
}

function refuseThroughLink({ symlinks }: Listing, path: string): void {
  const segments = path.split('/');
  for (let depth = 1; depth < segments.length; depth++) {
    const link = symlinks.get(segments.slice(0, depth).join('/'));
    if (link) throw invalid(`${quote(path)} lies behind the link ${quote(link.path)}`);
  }
}

/**
 * Follows a link's target segment by segment. Where a segment is itself a link, `..` after it could lead anywhere, so
 * only the last one may be; being checked itself, it leads nowhere else.
 */
function refuseLeavingLink({ symlinks }: Listing, { path, target }: Link, root: string): void {
  const leaves = () => invalid(`the link ${quote(path)} leads out of the project, to ${quote(target)}`);
  if (/^([\\/]|[a-zA-Z]:)/.test(target)) throw leaves();
  const floor = root === '' ? 0 : 1;
  const at = safeSegments(path, path).slice(0, -1);
  for (const segment of target.split('/')) {
    if (segment === '' || segment === '.') continue;
    const through = symlinks.get(keyOf(at));
    if (through) throw invalid(`the link ${quote(path)} goes through the link ${quote(through.path)}`);
    if (segment !== '..') at.push(segment);
    else if (at.length > floor) at.pop();
    else throw leaves();
  }
}

function isCompressed(block: Buffer): boolean {
  const gzip = block[0] === 0x1f && block[1] === 0x8b;
  const zstd = block.readUInt32BE(0) === 0x28b52ffd;
  return gzip || zstd;
}

/** Quoted and escaped: the name comes from the archive, and goes to whoever reads the job. */
function quote(text: string | undefined): string {
  return JSON.stringify((text ?? '').slice(0, 200));
}

function invalid(reason: string, cause?: unknown): AppError {
  return new AppError(ErrorCode.sourceInvalid, `The source archive is refused: ${reason}.`, { cause });
}

function tooManyEntries(limit: number): AppError {
  return new AppError(
    ErrorCode.sourceTooLarge,
    `The source archive has more than ${limit.toLocaleString('en')} entries, the limit: leave out what the build makes.`,
    { details: { limit_entries: limit } },
  );
}

function tooLargeUnpacked(limitBytes: number): AppError {
  return new AppError(
    ErrorCode.sourceTooLarge,
    `The source archive unpacks to more than ${formatBytes(limitBytes)}, the limit: leave out what the build makes.`,
    { details: { limit_bytes: limitBytes } },
  );
}
