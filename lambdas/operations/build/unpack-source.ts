/** Unpacks an uploaded archive into the project's tree, or leaves nothing on the disk and throws. */
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeTree } from 'mcp-async-operations/steps';
import { type ReadEntry, Unpack } from 'tar';
import { kindOfEntry, type LeftOut } from '../project/file-kinds.ts';
import { entryPath, inspectSource, isIgnored, type Source } from '../project/inspect-source.ts';
import { invalidSource, quote } from '../project/source-errors.ts';
import type { SourceLimits } from '../project/source-limits.ts';
import { feed } from '../project/tar-stream.ts';

/** Errors for contradictory entries, such as a file below a file, and for names that no file system supports. */
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
 * Reads the archive twice: it writes nothing for an invalid archive, and it checks links when it knows all entries.
 * @param directory path of the tree; an existing one is replaced.
 * @returns the entries that are left out.
 * @throws OperationError SOURCE_INVALID or SOURCE_TOO_LARGE.
 */
export async function unpackSource(
  file: string,
  directory: string,
  { limits, signal }: { readonly limits: SourceLimits; readonly signal: AbortSignal },
): Promise<readonly LeftOut[]> {
  const source = await inspectSource(file, limits, signal);
  const { root, links, leftOut } = source;
  const unpacked = `${directory}.unpacked`;
  await removeTree(directory);
  await rm(unpacked, { recursive: true, force: true });
  await mkdir(unpacked, { recursive: true });
  try {
    await unpack(file, unpacked, source, limits, signal);
    // Creates links last, so that no file is written through a link.
    for (const { path, target } of links) {
      await mkdir(dirname(join(unpacked, path)), { recursive: true });
      await symlink(target, join(unpacked, path));
    }
    await rename(join(unpacked, root), directory);
    return leftOut;
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

async function unpack(
  file: string,
  cwd: string,
  { files }: Source,
  limits: SourceLimits,
  signal: AbortSignal,
): Promise<void> {
  const parser = new Unpack({
    cwd,
    // Makes node-tar throw for entries that it would otherwise skip.
    strict: true,
    preserveOwner: false,
    filter: (_path, entry) =>
      'type' in entry &&
      !isIgnored(entry) &&
      (kindOfEntry(entry.type) === 'directory' || files.has(entryPath(entry.path))),
    onReadEntry: (entry) => {
      entry.mode = plainMode(entry);
    },
  });
  const tooLarge = new Error('The archive has grown since its inspection.');
  try {
    await feed(parser, file, { maxBytes: limits.unpackedBytes, tooLarge }, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw toOperationError(error);
  }
}

/** Removes set-user-id bits, and lets the owner read, change and delete every entry. */
function plainMode({ type, mode = 0 }: ReadEntry): number {
  return type === 'Directory' || mode & 0o111 ? 0o755 : 0o644;
}

function toOperationError(error: unknown): unknown {
  const { code, tarCode, entry, message } = error as Error & {
    code?: string;
    tarCode?: string;
    entry?: ReadEntry;
  };
  const isEntryError = tarCode !== undefined && (code === tarCode || IMPOSSIBLE_ENTRY.has(code ?? ''));
  if (!isEntryError) return error;
  // The error contains the whole entry, which is too large for a log.
  return invalidSource(`${quote(entry?.path)} cannot be unpacked (${code})`, message);
}
