/** Reads files of a project directly from its archive, without unpacking it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import type { StepContext } from 'mcp-async-operations/steps';
import type { ReadEntry } from 'tar';
import { GuardedParser } from './guarded-parser.ts';
import { entryPath, type FileEntry, inspectSource, isContent } from './inspect-source.ts';
import { indexByName } from './names.ts';
import { sourceOf } from './project.ts';
import { tooLargeUnpacked } from './source-errors.ts';
import { type SourceLimits, sourceLimits } from './source-limits.ts';
import { feed } from './tar-stream.ts';

/** A file of a project. */
export interface SourceFile extends FileEntry {
  /** Path relative to the project. */
  readonly path: string;
}

/** An inspected archive. */
export interface OpenSource {
  /** Files in the order of the archive. */
  readonly files: readonly SourceFile[];
  /** @returns the file at a path, which can be in another Unicode form */
  fileAt(path: string): SourceFile | undefined;
  /** @returns the target of the link at a path; undefined when the path is not a link */
  linkAt(path: string): string | undefined;
  /**
   * Visits files one after the other, in the order of the archive. It skips content that `visit` does not read.
   * @param visit returns false to stop
   */
  read(wanted: readonly SourceFile[], visit: Visit): Promise<void>;
}

/** The source of a project. */
export interface ProjectSource extends OpenSource {
  /** SHA-256 of the archive, hexadecimal. */
  readonly sha256: string;
}

export type Visit = (file: SourceFile, content: AsyncIterable<Buffer>) => Promise<boolean>;

type SourceContext = Pick<StepContext, 'signal' | 'workspace'>;

/**
 * Downloads a project's source, runs work on it and deletes the local files.
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
        `The source archive ${key} exceeds the limit of ${formatBytes(sourceLimits.compressedBytes)}. Upload a smaller one.`,
        { details: { limit_bytes: sourceLimits.compressedBytes } },
      ),
    });
    return await work({ sha256, ...(await openSource(archive, sourceLimits, signal)) }, directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Inspects a whole archive.
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
  const linkAt = indexByName(links, ({ path }) => posix.relative(root, entryPath(path)));
  return {
    files,
    fileAt: indexByName(files, ({ path }) => path),
    linkAt: (path) => linkAt(path)?.target,
    read: (wanted, visit) => {
      const byIndex = Map.groupBy(wanted, ({ index }) => index);
      return readEntries(archive, byIndex, visit, { maxBytes: limits.unpackedBytes, signal });
    },
  };
}

/** Keeps the content of a file with several names in memory as soon as a visit reads it. */
function repeatable(content: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  let bytes: Promise<Buffer> | undefined;
  return {
    async *[Symbol.asyncIterator]() {
      bytes ??= buffer(content);
      yield await bytes;
    },
  };
}

async function readEntries(
  archive: string,
  wanted: ReadonlyMap<number, readonly SourceFile[]>,
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
      const files = isContent(entry) ? wanted.get(index++) : undefined;
      if (!files || enough.signal.aborted) {
        entry.resume();
        return;
      }
      const content = entry as unknown as AsyncIterable<Buffer>;
      const shared = files.length > 1 ? repeatable(content) : content;
      // The parser announces the next entry when it has read this one. Visits run one after the other.
      visiting = visiting
        .then(async () => {
          for (const file of files) {
            if (!enough.signal.aborted && !(await visit(file, shared))) enough.abort();
          }
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
