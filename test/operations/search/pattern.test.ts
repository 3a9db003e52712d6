/** Tests which paths a glob selects, and which lines a file has. */
import { compileGlob, compilePattern } from '../../../lambdas/operations/search/pattern.ts';
import { searchText } from '../../../lambdas/operations/search/search-text.ts';

const NFC = 'caf\u00e9.txt';
const NFD = 'cafe\u0301.txt';

/** The selections are those of minimatch with `matchBase` and `dot`, but for the last group. */
test.each<[string, readonly string[], readonly string[]]>([
  ['*.ts', ['a.ts', 'src/a.ts', 'src/deep/.env.ts'], ['a.tsx']],
  ['src/*', ['src/a', 'src/.env'], ['src/a/b', 'x/src/a']],
  ['src/**', ['src/a', 'src/a/b'], ['src', 'a/src/b']],
  ['src/**/b', ['src/b', 'src/a/b', 'src/a/c/b'], ['src/xb']],
  ['**/b', ['b', 'a/b'], ['ab']],
  ['src/**.ts', ['src/a.ts'], ['src/a/b.ts']],
  ['***/a', ['x/a'], ['a', 'x/y/a']],
  ['?.ts', ['a.ts'], ['.ts', 'ab.ts']],
  [String.raw`app/\[slug\]/*`, ['app/[slug]/a'], ['app/s/a']],
  [String.raw`\*.ts`, ['*.ts'], ['a.ts']],
  [String.raw`\!a`, ['!a'], ['a']],
  ['[a-c]', ['a', 'x/c'], ['d', '-']],
  ['[!a]x', ['bx'], ['ax', 'a/x']],
  ['a[!b]c', ['axc'], ['a/c', 'abc']],
  ['a[+-9]b', ['a-b', 'a5b'], ['a/b']],
  ['b[]]c', ['b]c'], ['bc']],
  [String.raw`[\]a]`, [']', 'a'], ['\\']],
  ['[[:digit:]]', ['1'], ['a', ':']],
  ['[a', ['[a'], ['a']],
  ['[]', ['[]'], []],
  ['{a,b/c}.ts', ['a.ts', 'b/c.ts', 'x/a.ts'], ['x/b/c.ts']],
  ['{a,{b,c}}', ['a', 'b', 'c'], ['{a']],
  ['a{,1}', ['a', 'a1'], ['a2']],
  ['a{08..10}', ['a08', 'a09', 'a10'], ['a8']],
  ['{c..a..2}', ['c', 'a'], ['b']],
  ['{a}', ['{a}'], ['a']],
  [String.raw`\{a,b}`, ['{a,b}'], ['a']],
  ['@(src|docs)/*', ['src/a', 'docs/b'], ['x/a']],
  ['+(a|b)', ['a', 'abab'], ['c']],
  ['?(a)b', ['b', 'ab'], ['aab']],
  ['(group)/page.tsx', ['(group)/page.tsx'], ['group/page.tsx']],
  ['@modal/*', ['@modal/page.tsx'], []],
  ['!*.ts', ['a.js', 'src/b'], ['a.ts', 'src/a.ts']],
  ['!!*.ts', ['a.ts'], ['a.js']],
  ['!src/**', ['a'], ['src/a']],
  ['src//a', ['src/a'], []],
  ['a.b', ['a.b'], ['axb']],
  ['a\nb', ['a\nb'], ['a']],
  // As tools do that search a directory.
  ['./src/*.ts', ['src/a.ts'], ['src/b/a.ts']],
  ['/a.ts', ['a.ts'], ['src/a.ts']],
  ['src/', ['src/a', 'src/a/b', 'x/src/a'], ['src', 'srcx/a']],
  ['src/lib/', ['src/lib/a'], ['x/src/lib/a']],
  ['**/', ['a', 'a/b'], []],
  // The text of a class is a name as well: routes of web frameworks.
  ['app/[slug]/page.tsx', ['app/[slug]/page.tsx', 'app/s/page.tsx'], ['app/slug/page.tsx']],
  ['app/[...slug]/*', ['app/[...slug]/a'], []],
  ['app/[[...slug]]/*', ['app/[[...slug]]/a'], []],
  ['[post-id].tsx', ['[post-id].tsx'], ['-.tsx']],
  ['?', ['😀'], ['😀😀']],
  [NFC, [NFC, NFD, `x/${NFD}`], ['cafe.txt']],
  [NFD, [NFC, NFD], []],
  ['caf[\u00e9].txt', [NFC, NFD], []],
])('the glob %s', (glob, selected, others) => {
  const test = compileGlob(glob);
  expect(selected.filter((path) => !test(path))).toEqual([]);
  expect(others.filter(test)).toEqual([]);
});

test.each([
  ['an unclosed brace', '{a', /brace is not closed/],
  ['a negated group', 'src/!(a).ts', /"!\(a\)" is not supported\. Begin the glob with !/],
  ['braces that multiply', '{a,b}'.repeat(20), /too many combinations/],
  ['a range without end', '{1..999999999}', /too long/],
])('%s is refused with the remedy', (_what, glob, message) => {
  expect(() => compileGlob(glob)).toThrow(message);
});

test('a hostile glob takes a moment', () => {
  const startMs = performance.now();
  for (const glob of [
    '*a'.repeat(500),
    '**/'.repeat(300),
    '{'.repeat(500) + '}'.repeat(500),
    '+(a|+(a))'.repeat(100),
  ]) {
    compileGlob(glob)('a'.repeat(4_000));
  }
  expect(performance.now() - startMs).toBeLessThan(3_000);
});

test.each([
  ['composed', 'caf\u00e9', 'un cafe\u0301'],
  ['decomposed', 'cafe\u0301', 'un caf\u00e9'],
  ['a class', '[\u00e9\u00e8]$', 'cafe\u0301'],
  ['a mark', String.raw`\x{301}`, 'cafe\u0301'],
])('a pattern matches a line in either Unicode form: %s', (_what, pattern, line) => {
  expect(compilePattern(pattern, true)(line)).toBe(true);
});

async function linesOf(text: string, pattern: string, context = 0) {
  const matches = [];
  const { signal } = new AbortController();
  for await (const { line, text: shown, after } of searchText(
    'f',
    text,
    compilePattern(pattern, true),
    context,
    signal,
  )) {
    matches.push([line, shown, ...(after ?? [])]);
  }
  return matches;
}

test.each([
  ['no line at all', '', '^$', []],
  ['one line', 'one line\n', '^$', []],
  ['one line without a newline', 'one line', '^one line$', [[1, 'one line']]],
  ['one empty line', '\n', '^$', [[1, '']]],
  ['an empty line at the end', 'a\n\n', '^$', [[2, '']]],
  [
    'lines of Windows',
    'a\r\n\r\nb\r\n',
    '^.?$',
    [
      [1, 'a'],
      [2, ''],
      [3, 'b'],
    ],
  ],
])('a file with %s', async (_what, text, pattern, expected) => {
  expect(await linesOf(text, pattern)).toEqual(expected);
});

test('the context has no line after the last', async () => {
  expect(await linesOf('a\nb\n', 'b', 2)).toEqual([[2, 'b']]);
});

test('a long line is cut before a character, not within', async () => {
  const [[, shown] = []] = await linesOf(`${'a'.repeat(499)}😀 needle\n`, 'needle');
  expect(shown).toBe(`${'a'.repeat(499)}…`);
});
