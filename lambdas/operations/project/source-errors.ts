/** Creates the errors for rejected source archives, and for files that no archive can hold. */
import { cutText, formatBytes, OperationError } from 'mcp-async-operations/operation';

/** Quotes and escapes an untrusted name of the archive for messages. */
export function quote(text: string | undefined): string {
  return JSON.stringify(cutText(text ?? '', 200));
}

export function invalidSource(reason: string, cause?: unknown): OperationError {
  return new OperationError(
    'SOURCE_INVALID',
    `The source archive is invalid: ${reason}. Fix it and upload it again.`,
    { cause },
  );
}

/** An archive can leave out the holes of a file. bsdtar, the tar of macOS, does so by default. */
export function sparseFile(path = ''): OperationError {
  return invalidSource(
    `${quote(path)} is of an unsupported type, a sparse file; archive it with "bsdtar --no-read-sparse", or GNU tar without --sparse`,
  );
}

export function tooManyEntries(limit: number): OperationError {
  return new OperationError(
    'SOURCE_TOO_LARGE',
    `The source archive exceeds the limit of ${limit.toLocaleString('en')} entries. Leave out files that the build creates.`,
    { details: { limit_entries: limit } },
  );
}

export function namesTooLong(limitBytes: number): OperationError {
  return new OperationError(
    'SOURCE_TOO_LARGE',
    `The names in the source archive exceed the limit of ${formatBytes(limitBytes)}. Leave out files that the build creates.`,
    { details: { limit_bytes: limitBytes } },
  );
}

export function tooLargeCompressed(limitBytes: number): OperationError {
  return new OperationError(
    'SOURCE_TOO_LARGE',
    `The source archive exceeds the limit of ${formatBytes(limitBytes)}. Leave out files that the build creates.`,
    { details: { limit_bytes: limitBytes } },
  );
}

export function tooLargeUnpacked(limitBytes: number): OperationError {
  return new OperationError(
    'SOURCE_TOO_LARGE',
    `The unpacked source archive exceeds the limit of ${formatBytes(limitBytes)}. Leave out files that the build creates.`,
    { details: { limit_bytes: limitBytes } },
  );
}

/** @param problem what is wrong with the file, or the error of a system call */
export function cannotPack(path: string, problem: unknown): OperationError {
  const isText = typeof problem === 'string';
  const reason = isText
    ? problem
    : `it cannot be read (${(problem as NodeJS.ErrnoException).code ?? problem})`;
  return new OperationError(
    'ARTIFACT_INVALID',
    `The file ${quote(path)} cannot be packed: ${reason}. Remove it or correct it.`,
    isText ? {} : { cause: problem },
  );
}
