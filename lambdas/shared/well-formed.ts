/**
 * Replaces halves of characters (lone surrogates) by U+FFFD. JSON can escape them (`"\ud83d"`), but many parsers reject a text
 * with one as a whole (RFC 8259, 8.2; RFC 7493, 2.1).
 */

/** An escaped character of two halves, an escaped half, or any other escape, so that an escaped backslash hides nothing. */
const ESCAPE =
  /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(?<half>u[dD][89a-fA-F][\da-fA-F]{2})|.)/gs;

/**
 * @param json text of JSON
 * @returns the text without escaped halves of characters
 */
export function wellFormedJson(json: string): string {
  if (!/\\u[dD]/.test(json)) return json.toWellFormed();
  return json
    .toWellFormed()
    .replace(ESCAPE, (written, half: string | undefined) => (half === undefined ? written : '\ufffd'));
}

/** @returns JSON that every parser can read */
export function toJson(value: unknown): string {
  return wellFormedJson(JSON.stringify(value));
}

/** @returns the same value, or a copy with U+FFFD in place of each half of a character */
export function wellFormed<T>(value: T): T {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined || !json.includes('\\ud')) return value;
  const clean = wellFormedJson(json);
  return clean === json ? value : JSON.parse(clean);
}
