/** Generates random numbers from a seed, so that a run can be repeated. */
import { createHash } from 'node:crypto';

/**
 * Returns a function that returns numbers from 0 to 1 (mulberry32).
 * @param purpose numbers for one purpose do not depend on how many another takes
 */
export function seeded(seed: number, purpose: string): () => number {
  let state = createHash('sha256').update(`${seed} ${purpose}`).digest().readUInt32LE();
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
