/** Defines the limits of uploads: what S3 stores in one PUT and copies at once, and what 15 minutes suffice to inspect. */
import type { SourceLimits } from '../project/source-limits.ts';

const GIB = 1024 ** 3;

export const uploadLimits: SourceLimits = {
  compressedBytes: 5 * GIB,
  unpackedBytes: 20 * GIB,
  entries: 200_000,
};
