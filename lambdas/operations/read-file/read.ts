/** Runs the step of `read_file`: finds the file in the project's archive, and returns its content or stores it for download. */
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { OperationError } from 'mcp-async-operations/operation';
import { digestOf, type Step, trimToUtf8Boundaries } from 'mcp-async-operations/steps';
import { acceptPath } from '../project/accept-path.ts';
import { normalizeName } from '../project/names.ts';
import { type ProjectSource, type SourceFile, withSource } from '../project/read-source.ts';
import { MAX_INLINE_BYTES, type ReadFileInput, type ReadFileOutput } from './operation.ts';

export const read: Step<ReadFileInput> = (context) => {
  const { input, signal } = context;
  const path = acceptPath('path', input.path);
  return withSource(context, input.project, async (source, directory): Promise<ReadFileOutput> => {
    const file = find(source, path, input.project);
    const range = rangeOf(input, file);
    const copy = join(directory, 'file');
    await source.read([file], async (_file, content) => {
      await pipeline(content, createWriteStream(copy), { signal });
      return false;
    });
    const about = { path, ...(await digestOf(copy, signal)) };
    if (range.end - range.start <= MAX_INLINE_BYTES)
      return { ...about, ...(await show(copy, range, about.size)) };
    const key = `results/${context.jobId}/file`;
    await context.workspace.upload(key, copy, { signal, contentType: 'application/octet-stream' });
    return { ...about, file: key };
  });
};

/** @throws OperationError FILE_NOT_FOUND, with the target of a link or the glob of a directory */
function find(source: ProjectSource, path: string, project: string): SourceFile {
  const found = source.fileAt(path);
  if (found) return found;
  const target = source.linkAt(path);
  const isDirectory = source.files.some((file) =>
    normalizeName(file.path).startsWith(`${normalizeName(path)}/`),
  );
  throw new OperationError(
    'FILE_NOT_FOUND',
    target !== undefined
      ? `"${path}" is a link to "${target}". Read the target.`
      : isDirectory
        ? `"${path}" is a directory. Read a file in it; call search_project with the glob "${path}/**" to find one.`
        : `The project "${project}" has no file "${path}". Call search_project with a glob to find files.`,
  );
}

interface Range {
  readonly start: number;
  readonly end: number;
}

/** @throws OperationError RANGE_INVALID with the size of the file */
function rangeOf({ range }: ReadFileInput, { path, size }: SourceFile): Range {
  if (!range) return { start: 0, end: size };
  const { start, end = size } = range;
  const problem =
    start >= size || end > size
      ? 'is outside the file'
      : end <= start
        ? 'ends before it starts'
        : end - start > MAX_INLINE_BYTES
          ? `exceeds ${MAX_INLINE_BYTES} bytes`
          : undefined;
  if (!problem) return { start, end };
  throw new OperationError(
    'RANGE_INVALID',
    `range: ${start} to ${end} ${problem}; "${path}" has ${size} bytes. Choose another range.`,
    { details: { size } },
  );
}

async function show(
  file: string,
  { start, end }: Range,
  size: number,
): Promise<Pick<ReadFileOutput, 'range' | 'encoding' | 'content'>> {
  const bytes = Buffer.alloc(end - start);
  const handle = await open(file);
  try {
    await handle.read(bytes, 0, bytes.length, start);
  } finally {
    await handle.close();
  }
  const { skipped, whole } = trimToUtf8Boundaries(bytes, { isCutBefore: start > 0, isCutAfter: end < size });
  if (!whole || bytes.includes(0)) {
    return { range: { start, end }, encoding: 'base64', content: bytes.toString('base64') };
  }
  return {
    range: { start: start + skipped, end: start + skipped + whole.length },
    encoding: 'utf-8',
    content: whole.toString(),
  };
}
