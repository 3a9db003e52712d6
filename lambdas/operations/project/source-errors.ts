/** How a source archive is refused: which entry, which limit, and what to do. */
import { formatBytes, OperationError } from 'mcp-async-operations/operation';

/** Quoted and escaped: the name comes from the archive, and goes to whoever reads the job. */
export function quote(text: string | undefined): string {
  return JSON.stringify((text ?? '').slice(0, 200));
}

export function invalidSource(reason: string, cause?: unknown): OperationError {
  return new OperationError('SOURCE_INVALID', `The source archive is refused: ${reason}.`, { cause });
}

export function tooManyEntries(limit: number): OperationError {
  return new OperationError(
    'SOURCE_TOO_LARGE',
    `The source archive has more than ${limit.toLocaleString('en')} entries, the limit: leave out what the build makes.`,
    { details: { limit_entries: limit } },
  );
}

export function namesTooLong(limitBytes: number): OperationError {
  return new OperationError(
    'SOURCE_TOO_LARGE',
    `The names in the source archive take more than ${formatBytes(limitBytes)}, the limit: leave out what the build makes.`,
    { details: { limit_bytes: limitBytes } },
  );
}

export function tooLargeUnpacked(limitBytes: number): OperationError {
  return new OperationError(
    'SOURCE_TOO_LARGE',
    `The source archive unpacks to more than ${formatBytes(limitBytes)}, the limit: leave out what the build makes.`,
    { details: { limit_bytes: limitBytes } },
  );
}
