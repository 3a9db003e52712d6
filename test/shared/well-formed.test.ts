/** Tests that JSON of other people loses halves of characters and nothing else. */
import fc from 'fast-check';
import { toJson, wellFormed, wellFormedJson } from '../../lambdas/shared/well-formed.ts';

test.each([
  ['half of a character', String.raw`{"a":"x\ud83d"}`, '{"a":"x�"}'],
  ['the other half', String.raw`"\uDE00x"`, '"�x"'],
  ['halves in the wrong order', String.raw`"\ude00\ud83d"`, '"��"'],
  ['a first half before a character', String.raw`"\ud83d\ud83d\ude00"`, String.raw`"�\ud83d\ude00"`],
  ['a name', String.raw`{"\ud83d":1}`, '{"�":1}'],
  ['a whole character', String.raw`"\ud83d\ude00"`, String.raw`"\ud83d\ude00"`],
  ['an escaped backslash', String.raw`"\\ud83d"`, String.raw`"\\ud83d"`],
  ['an escaped backslash before a half', String.raw`"\\\ud83d"`, String.raw`"\\�"`],
])('%s', (_what, json, expected) => {
  expect(wellFormedJson(json)).toBe(expected);
});

test('every JSON value becomes well-formed, and a well-formed one stays as it is', () => {
  const text = fc.string({ unit: fc.constantFrom('\ud83d', '\ude00', '\\', 'u', 'd83d', '"', '😀', 'a') });
  const values = fc.oneof(text, fc.array(text), fc.dictionary(fc.constantFrom('a', '\ud83d'), text));
  fc.assert(
    fc.property(values, (value) => {
      const json = toJson(value);
      expect(JSON.stringify(JSON.parse(json))).toBe(json);
      expect(json).not.toMatch(/(?<!\\)(?:\\\\)*\\ud/);
      expect(JSON.stringify(wellFormed(value))).toBe(json);
      if (JSON.stringify(value) === json) expect(wellFormed(value)).toBe(value);
    }),
  );
});
