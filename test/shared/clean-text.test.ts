/** Tests what is removed from the text of other people and programs. */
import { cleanShortText, cleanText } from '../../lambdas/shared/clean-text.ts';

test.each([
  ['plain text', 'a "b" \\c\td\ne', 'a "b" \\c\td\ne'],
  ['letters of all alphabets', 'grüße, 世界, עברית 🚀', 'grüße, 世界, עברית 🚀'],
  ['colours and cursor movements', '\u001b[31mred\u001b[0m\u001b[2K\u009b1m!', 'red!'],
  ['a link of a terminal', '\u001b]8;;https://example.com\u0007link\u001b]8;;\u0007', 'link'],
  ['ESC, BEL, NUL, DEL and backspaces', 'a\u001bb\u0007c\u0000d\u007fe\u0008f', 'abcdef'],
  ['bidi overrides and isolates', 'a\u202eb\u2066c\u061cd\u200fe', 'abcde'],
  ['invisible characters', 'a\u200bb\u00adc\u{e0041}d\ufeffe\u2060f\u3164g\u180eh\ufe00i', 'abcdefghi'],
  ['line ends of all systems', 'a\r\nb\rc\u2028d\u2029e', 'a\nb\nc\nd\ne'],
  ['half of a character', 'a\ud83db\udeacc', 'abc'],
  ['code points without a character', 'a\uffffb\ufffec\ue000d', 'abcd'],
])('%s', (_what, text, cleaned) => {
  expect(cleanText(text)).toBe(cleaned);
  expect(cleanText(cleaned)).toBe(cleaned);
});

test.each([
  ['a text that fits', 'x'.repeat(10), 'x'.repeat(10)],
  ['a longer text', 'x'.repeat(11), `${'x'.repeat(9)}…`],
  ['a character at the cut', `${'x'.repeat(8)}😀😀`, `${'x'.repeat(8)}…`],
  ['a text that fits after it is cleaned', `${'\u0007'.repeat(20)}abc`, 'abc'],
  ['a very long text', '\u0007'.repeat(300_000), '…'],
])('%s is cut off at ten characters', (_what, text, short) => {
  expect(cleanShortText(text, 10)).toBe(short);
  expect(cleanShortText(short, 10)).toBe(short);
});
