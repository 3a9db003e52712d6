/** Checks which regular expressions count as portable: every engine of a client has to compile them. */
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { unportablePart } from '../../lambdas/definition/portable-pattern.ts';
import { projectName } from '../../lambdas/operations/project/project.ts';

test.each([
  '^[a-z][a-z0-9-]{0,31}$',
  '^(?:a|b)+?$',
  String.raw`^\d{4}-\d{2}[.\]\\]$`,
  '[-a]|[a-]|[^-]',
  '(?:a{10}){100}',
  String.raw`^[\w.+-]{1,200}@\S+$`,
  'é😀[😀-😂]',
  '',
])('%s is portable', (source) => {
  expect(unportablePart(source)).toBeUndefined();
});

test.each([
  [String.raw`^(?!.*\.\.)a`, 'a lookaround'],
  ['(?=a)', 'a lookaround'],
  ['a(?<=a)', 'a lookaround'],
  ['(?<!a)b', 'a lookaround'],
  [String.raw`(a)\1`, 'a backreference'],
  [String.raw`(?<n>a)\k<n>`, '"(?<n>a)'],
  ['(?i:a)', '"(?i:a)"'],
  // Python has neither.
  [String.raw`\p{L}`, '"'],
  // RE2 has no \u, Rust no \0, and no class with a set at the border of a range.
  [String.raw`\u0041`, '"'],
  [String.raw`\0`, '"'],
  [String.raw`[\w-.]`, '"'],
  ['[[]', '"'],
  ['[a&&b]', '"'],
  ['[^]', '"'],
  ['a{', '"'],
  ['a{1001}', 'more than 1,000 repetitions'],
  ['((a{10}){11}b){10}', 'more than 1,000 repetitions'],
  // Rust compiles it to more than 10 MB.
  [String.raw`^\w{1,255}$`, 'more than 200 times'],
  [String.raw`(\w{1,90}\.){3}`, 'more than 200 times'],
  ['\ud83d', 'half of a character'],
])('%s is not portable: it has %s', (source, part) => {
  expect(unportablePart(source)).toContain(part);
});

test('JavaScript with the flag u, and RE2, compile every portable pattern', () => {
  const piece = fc.constantFrom(
    ...['a', 'é', '-', '.', '^', '$', '|', '(', '(?:', ')', '[', '[^', ']', '{2}', '{2,}', '{,2}', '{', '}'],
    ...['*', '+', '?', '\\', '\\d', '\\w', '\\-', '\\b', '\\]', '\\x41', 'z', '&&', '--', '/', '\\1', '(?='],
  );
  let portable = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const source = pieces.join('');
      // Zod has compiled it without flags.
      if (!compiles(() => new RegExp(source)) || unportablePart(source) !== undefined) return;
      portable += 1;
      new RegExp(source, 'u');
      RE2JS.compile(source);
    }),
    { numRuns: 2_000 },
  );
  expect(portable).toBeGreaterThan(100);
});

test('the pattern of project names accepts what the one with a lookahead did', () => {
  const before = /^(?!.*\.\.)[a-zA-Z0-9][a-zA-Z0-9._-]*$/;
  const accepts = (name: string) => projectName.safeParse(name).success;
  const characters = ['a', 'Z', '0', '.', '_', '-', '/', '\n', 'é', ' '];
  const names = [''];
  for (let length = 1; length <= 3; length += 1) {
    names.push(
      ...names
        .filter((name) => name.length === length - 1)
        .flatMap((name) => characters.map((one) => name + one)),
    );
  }
  expect(names.filter((name) => accepts(name) !== before.test(name))).toEqual([]);
  const name = fc.array(fc.constantFrom(...characters, '.', 'a'), { maxLength: 100 });
  fc.assert(
    fc.property(name, (pieces) => accepts(pieces.join('')) === before.test(pieces.join(''))),
    { numRuns: 2_000 },
  );
  expect(accepts('a'.repeat(100))).toBe(true);
  expect(accepts('a'.repeat(101))).toBe(false);
});

function compiles(compile: () => unknown): boolean {
  try {
    compile();
    return true;
  } catch {
    return false;
  }
}
