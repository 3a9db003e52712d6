/** Reads a range of a text in pieces: from an offset, or its last lines, in complete characters. */
import { trimToUtf8Boundaries } from '../../shared/utf8-boundaries.ts';
import { type Piece, readPieces, sizeOf } from './pieces.ts';

/** A part of a text. Offsets are in bytes. */
export interface TextPart {
  readonly text: string;
  readonly start: number;
  /** The offset of the byte after it. */
  readonly end: number;
}

/** @returns at most `length` bytes from `start`, which lies within the text */
export async function readFrom(pieces: readonly Piece[], start: number, length: number): Promise<TextPart> {
  const size = sizeOf(pieces);
  const end = Math.min(size, start + length);
  const bytes = await readPieces(pieces, start, end);
  const { skipped, whole } = trimToUtf8Boundaries(bytes, { isCutBefore: start > 0, isCutAfter: end < size });
  // A log may have any encoding: bytes that are not UTF-8 become replacement characters.
  if (!whole || whole.length === 0) return { text: bytes.toString(), start, end };
  return { text: whole.toString(), start: start + skipped, end: start + skipped + whole.length };
}

/** @returns the last lines, as many as fit into `maxBytes`, and whether requested lines are missing before them */
export async function readTail(
  pieces: readonly Piece[],
  lines: number,
  maxBytes: number,
): Promise<TextPart & { readonly isCutBefore: boolean }> {
  const size = sizeOf(pieces);
  const from = Math.max(0, size - maxBytes);
  const { text } = await readFrom(pieces, from, maxBytes);
  const all = text.replace(/\n$/, '').split('\n');
  // The first line may be incomplete.
  const complete = from > 0 && all.length > 1 ? all.slice(1) : all;
  const tail = `${complete.slice(-lines).join('\n')}\n`;
  return {
    text: tail,
    start: Math.max(from, size - Buffer.byteLength(tail)),
    end: size,
    isCutBefore: from > 0 && complete.length < lines,
  };
}
