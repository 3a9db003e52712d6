/** How a source archive is refused: which entry, which limit, and what to do. */
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { formatBytes } from '../../shared/format-bytes.ts';

/** Quoted and escaped: the name comes from the archive, and goes to whoever reads the job. */
export function quote(text: string | undefined): string {
  return JSON.stringify((text ?? '').slice(0, 200));
}

export function invalidSource(reason: string, cause?: unknown): AppError {
  return new AppError(ErrorCode.sourceInvalid, `The source archive is refused: ${reason}.`, { cause });
}

export function tooManyEntries(limit: number): AppError {
  return new AppError(
    ErrorCode.sourceTooLarge,
    `The source archive has more than ${limit.toLocaleString('en')} entries, the limit: leave out what the build makes.`,
    { details: { limit_entries: limit } },
  );
}

export function namesTooLong(limitBytes: number): AppError {
  return new AppError(
    ErrorCode.sourceTooLarge,
    `The names in the source archive take more than ${formatBytes(limitBytes)}, the limit: leave out what the build makes.`,
    { details: { limit_bytes: limitBytes } },
  );
}

export function tooLargeUnpacked(limitBytes: number): AppError {
  return new AppError(
    ErrorCode.sourceTooLarge,
    `The source archive unpacks to more than ${formatBytes(limitBytes)}, the limit: leave out what the build makes.`,
    { details: { limit_bytes: limitBytes } },
  );
}
