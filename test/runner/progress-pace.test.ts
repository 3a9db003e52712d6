/** Tests when a running step writes its progress and reads its record, by a clock of its own. */
import { WATCH_MS, type Watched } from '../../lambdas/jobs/watch.ts';
import { isWriteDue, nextAct } from '../../lambdas/runner/progress-pace.ts';

const SECOND = 1_000;
const BEAT_MS = 2 * SECOND;
const DAY = Date.parse('2026-01-01T00:00:00Z');

interface Build {
  /** Seconds of each step. */
  readonly steps: readonly number[];
  /** Whether the job is watched at a time in milliseconds after its start. */
  readonly job: (ms: number) => Watched;
  /** Whether a step has progress at each beat. */
  readonly isChatty?: boolean;
}

/** Plays a build. Returns the times of its writes and reads, in seconds after its start. The runner knows what it last read. */
function play({ steps, job, isChatty = true }: Build) {
  const writes: number[] = [];
  const reads: number[] = [];
  let start = 0;
  for (const seconds of steps) {
    let known = job(start);
    let wroteAt = start;
    let checkedAt: number | undefined;
    writes.push(start / SECOND);
    for (let ms = start + BEAT_MS; ms < start + seconds * SECOND; ms += BEAT_MS) {
      const act = () =>
        nextAct(
          { hasNews: isChatty, wroteAt: DAY + wroteAt, checkedAt: checkedAt && DAY + checkedAt },
          known,
          DAY + ms,
        );
      if (act() === 'read') {
        reads.push(ms / SECOND);
        checkedAt = ms;
        known = job(ms);
      }
      if (act() === 'write') {
        writes.push(ms / SECOND);
        wroteAt = ms;
        checkedAt = ms;
        known = job(ms);
      }
    }
    start += seconds * SECOND;
  }
  // The end of the job.
  writes.push(start / SECOND);
  return { writes, reads };
}

const TWO_MINUTES = [30, 30, 45, 15];
const gaps = (times: readonly number[]) => times.slice(1).map((time, index) => time - (times[index] ?? 0));
const lookedAt = (at: number) => (ms: number) =>
  ms >= at ? { watchedUntil: DAY + at + WATCH_MS } : { watchedUntil: undefined };

test('a chatty build of two minutes writes its progress at most 20 times while nobody looks', () => {
  const { writes, reads } = play({ steps: TWO_MINUTES, job: () => ({}) });
  expect(writes.length).toBeLessThanOrEqual(20);
  // One write at the begin of each step and one every ten seconds within it.
  expect(writes).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 105, 115, 120]);
  // Each write of progress is a check of the lease too.
  expect(reads.length).toBeLessThanOrEqual(30);
});

test('a build of which somebody receives every progress writes it every two seconds', () => {
  const callback = { url: 'https://example.com', events: ['job.completed', 'job.progress'] };
  const { writes, reads } = play({ steps: TWO_MINUTES, job: () => ({ callback }) });
  expect(writes).toHaveLength(62);
  expect(Math.max(...gaps(writes))).toBe(2);
  expect(reads).toEqual([]);
});

test('a look shows progress of the last two seconds after at most six, until nobody has looked for a while', () => {
  const { writes } = play({ steps: [200], job: lookedAt(31 * SECOND) });
  const after = writes.filter((at) => at > 31);
  expect(after[0]).toBeLessThanOrEqual(37);
  expect(gaps(after.filter((at) => at <= 151)).every((gap) => gap === 2)).toBe(true);
  expect(gaps(after.filter((at) => at > 152)).every((gap) => gap >= 10)).toBe(true);
});

test('a silent step checks its lease every four seconds, and every two while somebody looks', () => {
  const silent = { steps: [60], isChatty: false };
  expect(new Set(gaps(play({ ...silent, job: () => ({}) }).reads))).toEqual(new Set([4]));
  expect(new Set(gaps(play({ ...silent, job: lookedAt(0) }).reads))).toEqual(new Set([2]));
});

test('a step that has just begun writes nothing before its time, however early its timer is', () => {
  expect(isWriteDue(DAY, {}, DAY + 8_900)).toBe(false);
  expect(isWriteDue(DAY, {}, DAY + 9_990)).toBe(true);
  expect(isWriteDue(DAY, { watchedUntil: DAY + 60_000 }, DAY + 1_700)).toBe(false);
  expect(isWriteDue(DAY, { watchedUntil: DAY + 60_000 }, DAY + 1_990)).toBe(true);
});
