/** Writes JSON for display. */

const MAX_CHARACTERS = 20_000;

/** @returns indented JSON, and the number of characters that are left out */
export function shortJson(value: unknown): { readonly text: string; readonly cut: number } {
  const text = JSON.stringify(value, null, 2) ?? '';
  return text.length <= MAX_CHARACTERS
    ? { text, cut: 0 }
    : { text: `${text.slice(0, MAX_CHARACTERS)}…`, cut: text.length - MAX_CHARACTERS };
}
