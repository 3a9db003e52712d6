/** Cleans text of other programs and people, so that it cannot mislead a reader, a terminal or a model. */
import { stripVTControlCharacters } from 'node:util';
import { cutText } from './cut-text.ts';

/** Printable ASCII, the usual text, needs no cleaning. */
const CLEAN = /^[\x20-\x7e\n\t]*$/;
/**
 * Control and format characters, which hide, reverse or overwrite text: ESC, BEL, NUL, bidi overrides, zero-width and tag
 * characters. Also halves of characters, and code points that no font shows.
 */
const UNSAFE = /(?![\n\t])[\p{C}\p{Default_Ignorable_Code_Point}]/gu;
/** Line ends of other systems, and Unicode's line and paragraph separators. */
const LINE_END = /\r\n?|[\u2028\u2029]/g;

/**
 * Removes terminal escape codes, and control and invisible characters except \n and \t. Line ends become \n.
 * @example
 * ```ts
 * cleanText('\u001b[31mfailed\u001b[0m\u202e'); // 'failed'
 * ```
 */
export function cleanText(text: string): string {
  if (CLEAN.test(text)) return text;
  return stripVTControlCharacters(text).replace(LINE_END, '\n').replace(UNSAFE, '');
}

/** Cleans text, and cuts it off with an ellipsis at a number of characters (UTF-16 code units). */
export function cleanShortText(text: string, maxCharacters: number): string {
  // A longer text is cut before it is cleaned, so that its size costs no time.
  const cleaned = cleanText(cutText(text, 4 * maxCharacters));
  if (cleaned.length <= maxCharacters && text.length <= 4 * maxCharacters) return cleaned;
  return `${cutText(cleaned, maxCharacters - 1)}…`;
}
