/** How large a project's source may be, for every operation that reads one. */

const MIB = 1024 * 1024;

/** What a source archive may hold. */
export interface SourceLimits {
  /** Bytes of the archive as uploaded. */
  readonly compressedBytes: number;
  /** Bytes of the archive once decompressed, headers and padding included: what a decompression bomb is made of. */
  readonly unpackedBytes: number;
  /** Files, directories and links. */
  readonly entries: number;
}

export const sourceLimits: SourceLimits = {
  compressedBytes: 100 * MIB,
  unpackedBytes: 1024 * MIB,
  entries: 50_000,
};
