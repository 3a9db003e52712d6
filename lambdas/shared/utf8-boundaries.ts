/** UTF-8 that was cut out of something longer: without what is left of the characters at its borders. */
import { isUtf8 } from 'node:buffer';

/** A character has four bytes at most: of one that is cut, up to three are at a border. */
const MAX_CUT_BYTES = 3;

export interface Borders {
  readonly isCutBefore: boolean;
  readonly isCutAfter: boolean;
}

/** @returns the bytes between whole characters, and how many were left out before; none when it is no UTF-8 */
export function wholeCharacters(
  bytes: Buffer,
  { isCutBefore, isCutAfter }: Borders,
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
