/** Reads the files of a project straight from its archive: nothing is unpacked, nothing but what is asked for is kept. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import type { StepContext } from 'mcp-async-operations/steps';
import type { ReadEntry } from 'tar';
import { GuardedParser } from './guarded-parser.ts';
import { entryPath, type FileEntry, inspectSource, isContent } from './inspect-source.ts';
import { sourceOf } from './project.ts';
import { tooLargeUnpacked } from './source-errors.ts';
import { type SourceLimits, sourceLimits } from './source-limits.ts';
import { feed } from './tar-stream.ts';

export interface SourceFile extends FileEntry {
  /** Relative to the project. */
  readonly path: string;
}

export interface OpenSource {
  /** In the order of the archive. */
  readonly files: readonly SourceFile[];
  /** Where the link of this path leads, if it is one. */
  linkAt(path: string): string | undefined;
  /**
   * Hands over files one after the other, in the order of the archive. What `visit` does not read is skipped.
   * @param visit returns false to end it
   */
  read(wanted: readonly SourceFile[], visit: Visit): Promise<void>;
}

export interface ProjectSource extends OpenSource {
  /** SHA-256 of the archive, hexadecimal. */
  readonly sha256: string;
}

export type Visit = (file: SourceFile, content: AsyncIterable<Buffer>) => Promise<boolean>;

type SourceContext = Pick<StepContext, 'signal' | 'workspace'>;

/**
 * Runs work on a project's source, which is gone from the disk when it ends.
 * @throws OperationError PROJECT_NOT_FOUND, SOURCE_TOO_LARGE, SOURCE_INVALID
 */
export async function withSource<T>(
  { signal, workspace }: SourceContext,
  project: string,
  work: (source: ProjectSource, directory: string) => Promise<T>,
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'source-'));
  try {
    const archive = join(directory, 'source.tar.gz');
    const { key, code, message } = sourceOf(project);
    const { sha256 } = await workspace.download(key, archive, {
      signal,
      maxBytes: sourceLimits.compressedBytes,
      missing: new OperationError(code, message),
      tooLarge: new OperationError(
        'SOURCE_TOO_LARGE',
        `The source archive ${key} is larger than ${formatBytes(sourceLimits.compressedBytes)}, the limit.`,
        { details: { limit_bytes: sourceLimits.compressedBytes } },
      ),
    });
    return await work({ sha256, ...(await openSource(archive, sourceLimits, signal)) }, directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Looks through a whole archive.
 * @throws OperationError SOURCE_INVALID, SOURCE_TOO_LARGE
 */
export async function openSource(
  archive: string,
  limits: SourceLimits,
  signal: AbortSignal,
): Promise<OpenSource> {
  const inspected = await inspectSource(archive, limits, signal);
  const { root, links } = inspected;
  const files = [...inspected.files]
    .filter(([path]) => root === '' || path.startsWith(`${root}/`))
    .map(([path, entry]) => ({ path: posix.relative(root, path), ...entry }))
    .sort((a, b) => a.index - b.index);
  return {
    files,
    linkAt: (path) => links.find((link) => posix.relative(root, entryPath(link.path)) === path)?.target,
    read: (wanted, visit) => {
      const byIndex = new Map(wanted.map((file) => [file.index, file]));
      return readEntries(archive, byIndex, visit, { maxBytes: limits.unpackedBytes, signal });
    },
  };
}

async function readEntries(
  archive: string,
  wanted: ReadonlyMap<number, SourceFile>,
  visit: Visit,
  { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
): Promise<void> {
  const enough = new AbortController();
  let failure: unknown;
  let visiting = Promise.resolve();
  let index = 0;
  const parser = new GuardedParser({
    strict: true,
    onReadEntry: (entry: ReadEntry) => {
      const file = isContent(entry) ? wanted.get(index++) : undefined;
      if (!file || enough.signal.aborted) {
        entry.resume();
        return;
      }
      // The parser announces the next entry as soon as this one has been read: its turn comes when this one's is over.
      visiting = visiting
        .then(async () => enough.signal.aborted || visit(file, entry as unknown as AsyncIterable<Buffer>))
        .then((goesOn) => {
          if (!goesOn) enough.abort();
        })
        .catch((error: unknown) => {
          failure = error;
          enough.abort();
        })
        .finally(() => entry.resume());
    },
  });
  const bound = { maxBytes, tooLarge: tooLargeUnpacked(maxBytes) };
  try {
    await feed(parser, archive, bound, AbortSignal.any([signal, enough.signal]));
  } catch (error) {
    signal.throwIfAborted();
    if (!enough.signal.aborted) throw error;
  }
  await visiting;
  if (failure) throw failure;
}
