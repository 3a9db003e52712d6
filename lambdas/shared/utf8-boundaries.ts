/** Trims incomplete characters from the edges of a UTF-8 fragment. */
import { isUtf8 } from 'node:buffer';

/** A character has at most four bytes, so a cut leaves at most three at an edge. */
const MAX_CUT_BYTES = 3;

/** The edges where a fragment may be cut within a character. */
export interface Utf8Cut {
  /** More bytes precede the fragment. */
  readonly isCutBefore: boolean;
  /** More bytes follow the fragment. */
  readonly isCutAfter: boolean;
}

/**
 * Trims a fragment of UTF-8 to complete characters.
 * @param bytes the fragment
 * @returns `whole`, the bytes of the complete characters, undefined when the fragment is not UTF-8; and `skipped`, the number
 *   of bytes trimmed at the start
 * @example
 * ```ts
 * const { whole } = trimToUtf8Boundaries(bytes.subarray(0, 2_048), { isCutBefore: false, isCutAfter: true });
 * const text = whole?.toString() ?? '';
 * ```
 */
export function trimToUtf8Boundaries(
  bytes: Buffer,
  { isCutBefore, isCutAfter }: Utf8Cut,
): { readonly skipped: number; readonly whole?: Buffer } {
  let skipped = 0;
  while (isCutBefore && skipped < MAX_CUT_BYTES && isContinuation(bytes[skipped])) skipped += 1;
  for (let cut = 0; cut <= (isCutAfter ? MAX_CUT_BYTES : 0); cut += 1) {
    const whole = bytes.subarray(skipped, Math.max(skipped, bytes.length - cut));
    if (isUtf8(whole)) return { skipped, whole };
  }
  return { skipped };
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0b1100_0000) === 0b1000_0000;
}
