/** Turns an uploaded archive into the project's tree, or into an error and nothing on the disk. */
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ReadEntry, Unpack } from 'tar';
import { inspectSource } from '../project/inspect-source.ts';
import { invalidSource, quote } from '../project/source-errors.ts';
import type { SourceLimits } from '../project/source-limits.ts';
import { feed } from '../project/tar-stream.ts';

/** Entries that contradict each other, such as a file below a file, or names that no file system takes. */
const IMPOSSIBLE_ENTRY = new Set([
  'EEXIST',
  'EISDIR',
  'EINVAL',
  'ELOOP',
  'ENAMETOOLONG',
  'ENOENT',
  'ENOTDIR',
  'ENOTEMPTY',
]);

/**
 * Reads the archive twice: a refused one has not written a byte, and links are judged with all entries known.
 * @param directory where the tree is to be; replaced when it exists.
 * @throws OperationError SOURCE_INVALID or SOURCE_TOO_LARGE.
 */
export async function unpackSource(
  file: string,
  directory: string,
  { limits, signal }: { readonly limits: SourceLimits; readonly signal: AbortSignal },
): Promise<void> {
  const { root, links } = await inspectSource(file, limits, signal);
  const unpacked = `${directory}.unpacked`;
  await rm(directory, { recursive: true, force: true });
  await rm(unpacked, { recursive: true, force: true });
  await mkdir(unpacked, { recursive: true });
  try {
    await unpack(file, unpacked, limits, signal);
    // The links come last: while files are written, there is none that could lead them astray.
    for (const { path, target } of links) {
      await mkdir(dirname(join(unpacked, path)), { recursive: true });
      await symlink(target, join(unpacked, path));
    }
    await rename(join(unpacked, root), directory);
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

async function unpack(file: string, cwd: string, limits: SourceLimits, signal: AbortSignal): Promise<void> {
  const parser = new Unpack({
    cwd,
    // Whatever the inspection let through and node-tar does not like is an error, never left out.
    strict: true,
    preserveOwner: false,
    filter: (_path, entry) => 'type' in entry && entry.type !== 'SymbolicLink',
    onReadEntry: (entry) => {
      entry.mode = plainMode(entry);
    },
  });
  const tooLarge = new Error('The archive has grown since it was inspected.');
  try {
    await feed(parser, file, { maxBytes: limits.unpackedBytes, tooLarge }, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw toOperationError(error);
  }
}

/** No set-user-id bits, and nothing that its own owner cannot read, change or delete again. */
function plainMode({ type, mode = 0 }: ReadEntry): number {
  return type === 'Directory' || mode & 0o111 ? 0o755 : 0o644;
}

function toOperationError(error: unknown): unknown {
  const { code, tarCode, entry, message } = error as Error & {
    code?: string;
    tarCode?: string;
    entry?: ReadEntry;
  };
  const isEntrysFault = tarCode !== undefined && (code === tarCode || IMPOSSIBLE_ENTRY.has(code ?? ''));
  if (!isEntrysFault) return error;
  // The error itself holds the whole entry, too much for a log.
  return invalidSource(`${quote(entry?.path)} cannot be unpacked (${code})`, message);
}
