/** Cuts text at a number of characters (UTF-16 code units), never within a character. */

/** Looks at this many code units on each side of a cut: the longest emoji sequences in use have 35. */
const WINDOW = 64;
const ASCII = /^[\0-\x7f]*$/;

/** Created on first use: most texts are ASCII at the cut. */
let segmenter: Intl.Segmenter | undefined;

/**
 * Returns the start of a text. Flags, emoji sequences and letters with combining marks also stay whole, unless one alone is
 * longer than the limit.
 * @returns at most `maxCharacters` code units of well-formed Unicode
 * @example
 * ```ts
 * cutText('ab😀', 3); // 'ab'
 * ```
 */
export function cutText(text: string, maxCharacters: number): string {
  return text
    .slice(0, text.length > maxCharacters ? boundaryBefore(text, maxCharacters) : undefined)
    .toWellFormed();
}

/**
 * Like `cutText`, with an ellipsis at the end of a text that was cut. The ellipsis counts.
 * @example
 * ```ts
 * shortenText('abcdef', 4); // 'abc…'
 * ```
 */
export function shortenText(text: string, maxCharacters: number): string {
  return text.length > maxCharacters ? `${cutText(text, maxCharacters - 1)}…` : text.toWellFormed();
}

/** Returns the end of a text. @returns at most `maxCharacters` code units of well-formed Unicode */
export function cutTextStart(text: string, maxCharacters: number): string {
  const over = text.length - maxCharacters;
  return text.slice(over > 0 ? boundaryAfter(text, over) : 0).toWellFormed();
}

/**
 * Splits a text into pieces, so that one long text takes little memory at a time.
 * @returns pieces of at most `maxCharacters` code units; together they are the text
 */
export function* splitText(text: string, maxCharacters: number): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const end = start + maxCharacters;
    const piece = text.slice(start, isWithinPair(text, end) ? end - 1 : end);
    yield piece;
    start += piece.length;
  }
}

function boundaryBefore(text: string, at: number): number {
  return graphemeAt(text, at)?.start ?? (isWithinPair(text, at) ? at - 1 : at);
}

function boundaryAfter(text: string, at: number): number {
  return graphemeAt(text, at)?.end ?? (isWithinPair(text, at) ? at + 1 : at);
}

/** @returns the grapheme around a position; undefined when none extends over it, or when its edges are not in the window */
function graphemeAt(text: string, at: number): { readonly start: number; readonly end: number } | undefined {
  if (at <= 0 || ASCII.test(text.slice(at - 1, at + 1))) return undefined;
  const first = Math.max(0, at - WINDOW);
  const window = text.slice(first, at + WINDOW);
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  const found = segmenter.segment(window).containing(at - first);
  if (!found || found.index === 0 || found.index === at - first) return undefined;
  return { start: first + found.index, end: first + found.index + found.segment.length };
}

function isWithinPair(text: string, at: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(Math.max(0, at - 1), at + 1));
}
