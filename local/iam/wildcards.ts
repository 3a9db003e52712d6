/** Matches policy patterns: `*` matches any text, including none, and `?` matches one character. */

export type Matches = (text: string) => boolean;

/** @param flags `i` for case-insensitive texts, such as actions */
export function wildcard(pattern: string, flags: '' | 'i' = ''): Matches {
  if (pattern === '*') return () => true;
  const source = pattern
    .split(/([*?])/)
    .map((part) => (part === '*' ? '.*' : part === '?' ? '.' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&')))
    .join('');
  const expression = new RegExp(`^${source}$`, `s${flags}`);
  return (text) => expression.test(text);
}
