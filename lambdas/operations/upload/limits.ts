/** How large an upload may be: what S3 takes in one PUT and copies at once, and what can be looked through in a quarter of an hour. */
import type { SourceLimits } from '../project/source-limits.ts';

const GIB = 1024 ** 3;

export const uploadLimits: SourceLimits = {
  compressedBytes: 5 * GIB,
  unpackedBytes: 20 * GIB,
  entries: 200_000,
};
