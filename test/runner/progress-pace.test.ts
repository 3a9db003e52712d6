/** Tests when a running step writes its progress, by a clock of its own. */
import { WATCH_MS, type Watched } from '../../lambdas/jobs/watch.ts';
import { isWriteDue } from '../../lambdas/runner/progress-pace.ts';

const SECOND = 1_000;
const BEAT_MS = 2 * SECOND;
const DAY = Date.parse('2026-01-01T00:00:00Z');

interface Build {
  /** Seconds of each step. */
  readonly steps: readonly number[];
  /** Whether the job is watched at a time in milliseconds after its start. */
  readonly job: (ms: number) => Watched;
}

/** Plays a build. Returns the seconds after its start at which it writes. The runner knows what it last wrote or read. */
function writesOf({ steps, job }: Build): readonly number[] {
  const writes: number[] = [];
  let start = 0;
  for (const seconds of steps) {
    let wroteAt = start;
    writes.push(start / SECOND);
    for (let ms = start + BEAT_MS; ms < start + seconds * SECOND; ms += BEAT_MS) {
      if (!isWriteDue(DAY + wroteAt, job(ms), DAY + ms)) continue;
      writes.push(ms / SECOND);
      wroteAt = ms;
    }
    start += seconds * SECOND;
  }
  // The end of the job.
  return [...writes, start / SECOND];
}

const TWO_MINUTES = [30, 30, 45, 15];
const gaps = (times: readonly number[]) => times.slice(1).map((time, index) => time - (times[index] ?? 0));
const lookedAt = (at: number) => (ms: number) =>
  ms >= at ? { watchedUntil: DAY + at + WATCH_MS } : { watchedUntil: undefined };

test('a chatty build of two minutes writes its progress at most 20 times while nobody looks', () => {
  const writes = writesOf({ steps: TWO_MINUTES, job: () => ({}) });
  expect(writes.length).toBeLessThanOrEqual(20);
  // One write at the begin of each step and one every ten seconds within it.
  expect(writes).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 105, 115, 120]);
});

test('a build of which somebody receives every progress writes it every two seconds', () => {
  const callback = { url: 'https://example.com', events: ['job.completed', 'job.progress'] };
  const writes = writesOf({ steps: TWO_MINUTES, job: () => ({ callback }) });
  expect(writes).toHaveLength(62);
  expect(Math.max(...gaps(writes))).toBe(2);
});

test('after a look, progress is at most two seconds old, until nobody has looked for a while', () => {
  const writes = writesOf({ steps: [200], job: lookedAt(31 * SECOND) }).filter((at) => at > 31);
  expect(writes[0]).toBe(32);
  expect(gaps(writes.filter((at) => at <= 151)).every((gap) => gap === 2)).toBe(true);
  expect(gaps(writes.filter((at) => at > 151 && at < 200)).every((gap) => gap === 10)).toBe(true);
});

test('a step that has just begun writes nothing before its time, however early its timer is', () => {
  expect(isWriteDue(DAY, {}, DAY + 8_900)).toBe(false);
  expect(isWriteDue(DAY, {}, DAY + 9_990)).toBe(true);
  expect(isWriteDue(DAY, { watchedUntil: DAY + 60_000 }, DAY + 1_700)).toBe(false);
  expect(isWriteDue(DAY, { watchedUntil: DAY + 60_000 }, DAY + 1_990)).toBe(true);
});
