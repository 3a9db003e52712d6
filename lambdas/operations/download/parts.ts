/** Divides a transfer into parts. Each part is a workspace file, which exists completely or not at all. */

import { formatBytes, OperationError } from 'mcp-async-operations/operation';
import { sourceLimits } from '../project/source-limits.ts';

/** Small enough to fetch again after a failure, large enough to keep the number of requests low. */
export const PART_BYTES = 8 * 1024 * 1024;

export interface Part {
  readonly key: string;
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
}

export function partsOf(jobId: string, size: number): readonly Part[] {
  return Array.from({ length: Math.max(1, Math.ceil(size / PART_BYTES)) }, (_, index) => ({
    key: partKey(jobId, index),
    start: index * PART_BYTES,
    end: Math.min(size, (index + 1) * PART_BYTES),
  }));
}

export function partKey(jobId: string, index: number): string {
  return `work/${jobId}/part-${index}`;
}

export function tooLarge(): OperationError {
  return new OperationError(
    'SOURCE_TOO_LARGE',
    `url: the file exceeds ${formatBytes(sourceLimits.compressedBytes)}, the limit of a source archive. Give a smaller one.`,
    { details: { limit_bytes: sourceLimits.compressedBytes } },
  );
}

export function changed(): OperationError {
  return new OperationError(
    'DOWNLOAD_CHANGED',
    'url: the file has changed since the download began. Start the download again.',
  );
}
