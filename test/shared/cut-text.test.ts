/** Tests that no cut of a text leaves half of a character. */
import fc from 'fast-check';
import { cleanShortText } from '../../lambdas/shared/clean-text.ts';
import { cutText, cutTextStart, shortenText } from '../../lambdas/shared/cut-text.ts';

/** A flag, a family, a skin tone, a keycap, combining marks, Devanagari, Hangul jamo, CRLF, and plain letters. */
const CHARACTERS = [
  '🇩🇪',
  '👨‍👩‍👧‍👦',
  '👍🏽',
  '1️⃣',
  'e\u0301\u0323',
  'क्षि',
  '\u1112\u1161\u11ab',
  '😀',
  'é',
  '\r\n',
  'a',
  '文',
];
const texts = fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 40 });

test('a text is well-formed and short enough at every cut, and its characters stay whole', () => {
  fc.assert(
    fc.property(texts, (characters) => {
      const text = characters.join('');
      for (let max = 1; max <= text.length + 1; max += 1) {
        const [start, end] = [cutText(text, max), cutTextStart(text, max)];
        const short = [start, end, shortenText(text, max), cleanShortText(text, max)];
        expect(short.every((each) => each.isWellFormed() && each.length <= max)).toBe(true);
        expect(text.startsWith(start) && text.endsWith(end)).toBe(true);
      }
    }),
    { numRuns: 40 },
  );
});

test.each(CHARACTERS)('the character %j is kept or left out, not divided', (character) => {
  const text = `xx${character.repeat(3)}`;
  for (let max = 2; max < text.length; max += 1) {
    const kept = Math.floor((max - 2) / character.length);
    const expected = character === '\r\n' ? max - 2 : kept * character.length;
    expect(cutText(text, max).length - 2).toBe(expected);
  }
});

test('any code units, halves of characters too, give well-formed text', () => {
  const units = fc.array(fc.constantFrom(0xd83d, 0xde00, 0x61, 0x301, 0x200d, 0xd800, 0xdfff), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(units, fc.integer({ min: 1, max: 300 }), (codes, max) => {
      const text = String.fromCharCode(...codes);
      for (const cut of [
        cutText(text, max),
        cutTextStart(text, max),
        shortenText(text, max),
        cleanShortText(text, max),
      ]) {
        expect(cut.isWellFormed() && cut.length <= max).toBe(true);
      }
    }),
  );
});

test('one character that is longer than the limit is cut between its code points', () => {
  expect(cutText('👨‍👩‍👧‍👦', 4)).toBe('👨‍');
  expect(cutText(`a${'\u0301'.repeat(500)}`, 100)).toHaveLength(100);
});

test('a cut of a megabyte takes no time', () => {
  const text = '👨‍👩‍👧‍👦'.repeat(100_000);
  const startMs = performance.now();
  for (let times = 0; times < 1_000; times += 1) cutText(text, 500);
  expect(performance.now() - startMs).toBeLessThan(1_000);
});
