/** Faults that hit a share of what happens. */
import { expect, test } from '@jest/globals';
import { Faults } from '../../local/faults.ts';

/** Returns these numbers, one after the other. */
function numbers(...values: number[]): () => number {
  return () => values.shift() ?? 1;
}

test('a fault with a share hits what its numbers choose, and calls `onStrike`', () => {
  const faults = new Faults();
  const struck: string[] = [];
  const random = numbers(0.04, 0.05, 0.9, 0);
  const onStrike = (name: string) => struck.push(name);
  const end = faults.cause('throttled-table', 'Jobs', { share: 0.05, random, onStrike });
  const names = ['Jobs1', 'Jobs2', 'Jobs3', 'Slots', 'Jobs4'];
  expect(names.map((name) => faults.strikes('throttled-table', name))).toEqual([
    true,
    false,
    false,
    false,
    true,
  ]);
  expect(struck).toEqual(['Jobs1', 'Jobs4']);
  end();
  expect(faults.strikes('throttled-table', 'Jobs1')).toBe(false);
});

test('a fault without a share hits everything', () => {
  const faults = new Faults();
  faults.cause('throttled-table', '');
  expect(faults.strikes('throttled-table', 'Jobs')).toBe(true);
});

test('a kill has a moment of the invocation, and names its payload when it happens', () => {
  const faults = new Faults();
  expect(faults.killOf('Events', '{}')).toBeUndefined();
  const killed: unknown[] = [];
  const onStrike = (...of: unknown[]) => killed.push(of);
  faults.cause('killed-invocation', 'Events', { share: 0.5, random: numbers(0.4, 0.5, 0.6), onStrike });
  const kill = faults.killOf('Events', '{"jobId":"1"}');
  expect(kill?.afterMs).toBe(30);
  expect(killed).toEqual([]);
  kill?.onKilled();
  expect(killed).toEqual([['Events', '{"jobId":"1"}']]);
  expect(faults.killOf('Events', '{}')).toBeUndefined();
});
