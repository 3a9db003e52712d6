/** Tests which looks at a job count, and which are written. */
import { isWatched, needsSubscribedWatch, needsWatch } from '../../lambdas/jobs/watch.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const at = (seconds: number) => NOW + 1_000 * seconds;
const iso = (seconds: number) => new Date(at(seconds)).toISOString();

const running = {
  jobId: '7d5fbf9e-0000-4000-8000-000000000001',
  status: 'running',
  stepFunction: { memoryMb: 512 },
  updatedAt: iso(-5),
} as const;

describe('a job is watched', () => {
  test.each([
    ['until the time on its record', { watchedUntil: at(1) }, true],
    ['no longer than that', { watchedUntil: at(0) }, false],
    ['not at all without a look', {}, false],
    ['by a callback_url that wants its progress', { callback: { url: 'x', events: ['job.progress'] } }, true],
    ['not by one that wants its end', { callback: { url: 'x', events: ['job.completed'] } }, false],
  ])('%s', (_name, job, expected) => expect(isWatched(job, NOW)).toBe(expected));
});

describe('a look is', () => {
  test.each([
    ['written when the record is old', running, true],
    ['not written when the record is fresh', { ...running, updatedAt: iso(-1) }, false],
    ['not written twice a minute', { ...running, watchedUntil: at(61) }, false],
    [
      'written again after a minute, also to a fresh record',
      { ...running, updatedAt: iso(-1), watchedUntil: at(59) },
      true,
    ],
    ['not written before a step runs', { ...running, status: 'pending', stepFunction: undefined }, false],
    ['not written while the job waits for an answer', { ...running, status: 'input_required' }, false],
    ['not written after the end', { ...running, status: 'completed' }, false],
    ['not written for an external state machine', { ...running, stepFunction: undefined }, false],
    ['not written for a queued event, which lacks the status', { jobId: running.jobId }, false],
    [
      'not needed beside a callback_url that wants its progress',
      { ...running, callback: { url: 'x', events: ['job.progress'] } },
      false,
    ],
  ] as const)('%s', (_name, job, expected) => expect(needsWatch(job, NOW)).toBe(expected));
});

test('a subscriber of progress watches a job from its first step, whose record is fresh', () => {
  const fresh = { ...running, updatedAt: iso(0) };
  expect(needsSubscribedWatch(fresh, NOW)).toBe(true);
  expect(needsSubscribedWatch({ ...fresh, watchedUntil: at(61) }, NOW)).toBe(false);
});
