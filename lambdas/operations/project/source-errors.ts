/** Creates the errors for rejected source archives. */
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

export function tooLargeUnpacked(limitBytes: number): OperationError {
  return new OperationError(
    'SOURCE_TOO_LARGE',
    `The unpacked source archive exceeds the limit of ${formatBytes(limitBytes)}. Leave out files that the build creates.`,
    { details: { limit_bytes: limitBytes } },
  );
}
