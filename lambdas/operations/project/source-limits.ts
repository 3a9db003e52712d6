/** Defines the size limits of project sources, for all operations that read one. */

const MIB = 1024 * 1024;

/** Limits of a source archive. */
export interface SourceLimits {
  /** Bytes of the uploaded archive. */
  readonly compressedBytes: number;
  /** Bytes of the decompressed archive with headers and padding, against decompression bombs. */
  readonly unpackedBytes: number;
  /** Files, directories and links. */
  readonly entries: number;
}

export const sourceLimits: SourceLimits = {
  compressedBytes: 100 * MIB,
  unpackedBytes: 1024 * MIB,
  entries: 50_000,
};
