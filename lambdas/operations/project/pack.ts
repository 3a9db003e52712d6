/**
 * Packs files of a directory as a tar archive, one after the other. node-tar's own packer defers hard links and can wait for
 * them forever, and it removes what looks like a drive from names.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { Header, type HeaderData, Pax } from 'tar';
import { kindOf, type LeftOut, specialType } from './file-kinds.ts';
import { cannotPack } from './source-errors.ts';
import type { Bound } from './tar-stream.ts';

export interface PackOptions {
  readonly directory: string;
  /** Paths of files, links and directories, relative to the directory. Directories are not searched. */
  readonly paths: readonly string[];
  /** Limit on the bytes of the archive before compression. */
  readonly bound: Bound;
  /** Receives files that have disappeared, and special files. */
  readonly leftOut: LeftOut[];
  /**
   * Without users, and with permissions that do not depend on this machine's umask, so that equal files give equal archives.
   * `mtime` is the time of all entries. Undefined keeps permissions, times and hard links as they are.
   */
  readonly portable?: { readonly mtime?: Date };
}

const BLOCK_BYTES = 512;
/** Larger files are read in pieces of this size; smaller ones at once, so that their size is what was read. */
const PIECE_BYTES = 1024 * 1024;
/** One chunk for many small files: each chunk costs the compressor a task. */
const CHUNK_BYTES = 256 * 1024;
const END_OF_ARCHIVE = Buffer.alloc(2 * BLOCK_BYTES);
/** A link or a FIFO can take the place of a listed file. Opening a FIFO would otherwise wait for a writer. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** @throws OperationError ARTIFACT_INVALID with a file that cannot be read or named, or the error of `bound` */
export async function* pack(options: PackOptions): AsyncGenerator<Buffer> {
  const { maxBytes, tooLarge } = options.bound;
  const packer = new Packer(options);
  let total = 0;
  let parts: Buffer[] = [];
  let bytes = 0;
  for (const path of options.paths) {
    for (const part of packer.entry(path)) {
      total += part.length;
      if (total > maxBytes) throw tooLarge;
      parts.push(part);
      bytes += part.length;
      if (bytes < CHUNK_BYTES) continue;
      yield Buffer.concat(parts);
      parts = [];
      bytes = 0;
    }
  }
  yield Buffer.concat([...parts, END_OF_ARCHIVE]);
}

class Packer {
  readonly #options: PackOptions;
  /** First paths of files with several names, by device and inode. */
  readonly #firstPaths = new Map<string, string>();

  constructor(options: PackOptions) {
    this.#options = options;
  }

  /** System calls are synchronous: for many small files they take a third of the time. */
  *entry(path: string): Generator<Buffer> {
    const { directory, leftOut } = this.#options;
    const file = join(directory, path);
    try {
      const stats = lstatSync(file);
      switch (kindOf(stats)) {
        case 'directory':
          yield* this.#header(stats, { path: `${path}/`, type: 'Directory', size: 0 });
          break;
        case 'link':
          yield* this.#header(stats, { path, type: 'SymbolicLink', size: 0, linkpath: readlinkSync(file) });
          break;
        case 'file':
          yield* this.#file(path, file);
          break;
        case 'special':
          leftOut.push({ path, what: specialType(stats) });
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw cannotPack(path, error);
      // Node.js reads a name that is not UTF-8 with this character, and then finds no such file.
      if (path.includes('\uFFFD')) throw cannotPack(path, 'its name is not UTF-8');
      leftOut.push({ path, what: 'deleted while it was packed' });
    }
  }

  *#file(path: string, file: string): Generator<Buffer> {
    const { portable, leftOut, bound } = this.#options;
    const fd = openSync(file, READ);
    try {
      const stats = fstatSync(fd);
      if (!stats.isFile()) {
        leftOut.push({ path, what: specialType(stats) });
        return;
      }
      if (!portable && stats.nlink > 1) {
        const key = `${stats.dev}:${stats.ino}`;
        const first = this.#firstPaths.get(key);
        if (first !== undefined) {
          yield* this.#header(stats, { path, type: 'Link', size: 0, linkpath: first });
          return;
        }
        this.#firstPaths.set(key, path);
      }
      if (stats.size > bound.maxBytes) throw bound.tooLarge;
      let piece = read(fd, Math.min(stats.size, PIECE_BYTES));
      // What is appended meanwhile is not packed.
      const size = stats.size > PIECE_BYTES ? stats.size : piece.length;
      yield* this.#header(stats, { path, type: 'File', size });
      for (let left = size; ; piece = read(fd, Math.min(left, PIECE_BYTES))) {
        if (piece.length < Math.min(left, PIECE_BYTES))
          throw cannotPack(path, 'it became shorter while it was read');
        yield piece;
        left -= piece.length;
        if (left === 0) break;
      }
      yield Buffer.alloc(-size & (BLOCK_BYTES - 1));
    } finally {
      closeSync(fd);
    }
  }

  *#header(
    stats: Stats,
    entry: Required<Pick<HeaderData, 'path' | 'type' | 'size'>> & { linkpath?: string },
  ): Generator<Buffer> {
    const { portable } = this.#options;
    const { path, type, size, linkpath } = entry;
    const mtime = portable ? (type === 'Directory' ? undefined : portable.mtime) : stats.mtime;
    const mode = portable ? portableMode(stats.mode, type === 'Directory') : stats.mode & 0o7777;
    const header = new Header({ path, type, size, linkpath, mode, mtime });
    const needsPax = header.encode();
    // node-tar reads no line breaks in pax headers.
    if (path.includes('\n') || linkpath?.includes('\n')) {
      yield* longName('NextFileHasLongPath', path);
      if (linkpath) yield* longName('NextFileHasLongLinkpath', linkpath);
    } else if (needsPax) {
      yield new Pax({ path, linkpath, size, mtime }).encode();
    }
    yield header.block as Buffer;
  }
}

/** The header that GNU tar writes for a long name. */
function* longName(type: 'NextFileHasLongPath' | 'NextFileHasLongLinkpath', name: string): Generator<Buffer> {
  const body = Buffer.from(`${name}\0`);
  const header = new Header({ path: '././@LongLink', type, size: body.length, mode: 0o644 });
  header.encode();
  yield header.block as Buffer;
  yield body;
  yield Buffer.alloc(-body.length & (BLOCK_BYTES - 1));
}

/** Permissions as with a umask of 022; the owner reads and changes every file, and enters every directory that it reads. */
function portableMode(mode: number, isDirectory: boolean): number {
  const plain = ((mode & 0o7777) | 0o600) & ~0o022;
  return isDirectory ? plain | ((plain & 0o444) >> 2) : plain;
}

/** @returns as many bytes as there are, at most `length` */
function read(fd: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const bytes = readSync(fd, buffer, filled, length - filled, null);
    if (bytes === 0) break;
    filled += bytes;
  }
  return buffer.subarray(0, filled);
}
