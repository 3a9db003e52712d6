/** Counts the values of a JSON text without parsing it: parsed, empty objects take 22 times the memory of their text. */

/** No input has so many: it has at most 64 KiB. Zod makes an issue for each invalid value. */
export const MAX_VALUES = 40_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** The characters before a value: `,`, `[` and `{`. */
const BEFORE_VALUE: ReadonlySet<number> = new Set([0x2c, 0x5b, 0x7b]);

/** Returns whether a JSON text has more than `MAX_VALUES` values. Takes time in proportion to its length. */
export function hasManyValues(json: string): boolean {
  if (json.length <= MAX_VALUES) return false;
  let values = 0;
  for (let at = 0; at < json.length; at += 1) {
    const character = json.charCodeAt(at);
    if (BEFORE_VALUE.has(character)) values += 1;
    if (values > MAX_VALUES) return true;
    if (character === QUOTE) at = endOfString(json, at);
    if (at < 0) return false;
  }
  return false;
}

/** @returns the index of the closing quote; -1 when it is missing */
function endOfString(json: string, start: number): number {
  for (let end = json.indexOf('"', start + 1); end >= 0; end = json.indexOf('"', end + 1)) {
    let escapes = 0;
    while (json.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return -1;
}
