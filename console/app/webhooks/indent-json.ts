/** Indents JSON text without changing its values: a parser would round long numbers. */

/** Deeper values stay on one line. */
const MAX_DEPTH = 20;

/** @param text JSON without white space between its tokens, as the service sends it */
export function indentJson(text: string): string {
  let depth = 0;
  const lineBreak = (at: number, deepest: number) => (deepest <= MAX_DEPTH ? `\n${'  '.repeat(at)}` : '');
  // Strings first: what is inside of them stays.
  return text.replace(/"(?:[^"\\]|\\.)*"|\{\}|\[\]|[{}[\],:]/g, (token) => {
    if (token === '{' || token === '[') {
      depth += 1;
      return token + lineBreak(depth, depth);
    }
    if (token === '}' || token === ']') {
      depth = Math.max(0, depth - 1);
      return lineBreak(depth, depth + 1) + token;
    }
    if (token === ',') return token + lineBreak(depth, depth);
    return token === ':' ? ': ' : token;
  });
}
