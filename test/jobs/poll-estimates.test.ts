/** Tests the edges of the poll intervals: ties, missing times and durations that are counted once. */
import type { JobStatus } from '../../lambdas/jobs/job.ts';
import { PollIntervals } from '../../lambdas/jobs/poll-intervals.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const at = (ms: number) => new Date(START + ms).toISOString();
let now: number;
let polls: PollIntervals;

beforeEach(() => {
  now = START;
  polls = new PollIntervals(() => now);
});

function job(changes: { status?: JobStatus; progress?: number; startedAt?: string; endedAt?: string }) {
  return { operation: 'build', status: 'running' as JobStatus, progress: 0, createdAt: at(0), ...changes };
}

const learn = (durationMs: number) =>
  polls.next(job({ status: 'completed', progress: 1, startedAt: at(0), endedAt: at(durationMs) }));

test('a pending job counts from its creation', () => {
  now = START + 40_000;
  expect(polls.next(job({ status: 'pending', progress: 0.5 }))).toBe(10_000);
});

test('a running job counts from its start', () => {
  now = START + 40_000;
  expect(polls.next(job({ progress: 0.5, startedAt: at(20_000) }))).toBe(5_000);
});

test('a clock that is behind counts no negative time', () => {
  now = START - 60_000;
  learn(40_000);
  expect(polls.next(job({ progress: 0, startedAt: at(0) }))).toBe(10_000);
});

test('an interval is whole milliseconds', () => {
  now = START + 10_001;
  expect(polls.next(job({ progress: 0.5, startedAt: at(0) }))).toBe(2_500);
});

test('a job at its usual duration goes by its own progress', () => {
  learn(40_000);
  now = START + 40_000;
  expect(polls.next(job({ progress: 0.8, startedAt: at(0) }))).toBe(2_000);
  expect(polls.next(job({ progress: 0.5, startedAt: at(0) }))).toBe(5_000);
});

test('a late job without progress goes by the usual duration', () => {
  learn(40_000);
  now = START + 100_000;
  expect(polls.next(job({ startedAt: at(0) }))).toBe(10_000);
});

test.each([
  ['a start', { endedAt: at(1) }],
  ['an end', { startedAt: at(0) }],
])('a completed job without %s teaches nothing', (_what, times) => {
  expect(polls.next(job({ status: 'completed', ...times }))).toBeUndefined();
  expect(polls.next(job({}))).toBe(2_000);
});

test('the system clock is the default', () => {
  const started = { progress: 0.5, startedAt: new Date(Date.now() - 40_000).toISOString() };
  expect(new PollIntervals().next(job(started))).toBeGreaterThanOrEqual(10_000);
});
