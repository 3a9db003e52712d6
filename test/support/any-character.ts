/** Generates characters of the whole of Unicode. */
import fc from 'fast-check';

/**
 * Any code point but surrogates, for `fc.string({ unit })`. fast-check has it as `unit: 'binary'`, which fills a map with a million
 * characters in each process: more than a second, and memory that stays.
 */
export const anyCharacter = fc
  .integer({ min: 0, max: 0x10_ffff - 0x800 })
  .map((index) => String.fromCodePoint(index < 0xd800 ? index : index + 0x800));
