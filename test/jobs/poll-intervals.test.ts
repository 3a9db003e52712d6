import { JobStatus } from '../../lambdas/jobs/job.ts';
import { PollIntervals } from '../../lambdas/jobs/poll-intervals.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
let now: number;
let polls: PollIntervals;

beforeEach(() => {
  now = START;
  polls = new PollIntervals(() => now);
});

const at = (ms: number) => new Date(START + ms).toISOString();

function running(progress: number, elapsedMs: number, operation = 'build') {
  now = START + elapsedMs;
  return polls.next({ operation, status: JobStatus.running, progress, createdAt: at(0), startedAt: at(0) });
}

function ended(
  durationMs: number,
  { status = JobStatus.completed as JobStatus, from = 0, operation = 'build' } = {},
) {
  return polls.next({
    operation,
    status,
    progress: 1,
    createdAt: at(from),
    startedAt: at(from),
    endedAt: at(from + durationMs),
  });
}

test('without a past it goes by the job’s own pace', () => {
  expect(running(0, 0)).toBe(2_000);
  // Half done in a minute: a minute is left, and it is asked for four times.
  expect(running(0.5, 60_000)).toBe(15_000);
  expect(running(0.9, 9_000)).toBe(1_000);
});

test('with a past it goes by how long the operation takes, and how far the job is', () => {
  ended(80_000);
  expect(running(0, 0)).toBe(20_000);
  expect(running(0.5, 10_000)).toBe(10_000);
  expect(running(0.25, 70_000)).toBe(2_500);
  expect(running(0, 0, 'other')).toBe(2_000);
});

test('a job that is late goes by the steps that are left, and by its own pace', () => {
  ended(40_000);
  expect(running(0.75, 60_000)).toBe(2_500);
  expect(running(0, 60_000)).toBe(10_000);
});

test('it is never below a second, nor above half a minute', () => {
  ended(10);
  expect(running(0.99, 5)).toBe(1_000);
  ended(3_600_000, { operation: 'long' });
  expect(running(0, 0, 'long')).toBe(30_000);
});

test('the newest jobs count most, and one that is asked for again and again counts once', () => {
  for (let i = 0; i < 20; i++) ended(4_000, { from: i });
  expect(running(0, 0)).toBe(1_000);
  for (let i = 0; i < 20; i++) ended(80_000, { from: 100 });
  // 4 s + 0.3 × 76 s: once.
  expect(running(0, 0)).toBe(6_700);
  for (let i = 0; i < 20; i++) ended(80_000, { from: 200 + i });
  expect(running(0, 0)).toBeGreaterThan(19_900);
});

test('what failed or was cancelled teaches nothing', () => {
  ended(80_000, { status: JobStatus.failed });
  ended(80_000, { status: JobStatus.cancelled });
  expect(running(0, 0)).toBe(2_000);
});

test('while a person thinks it is five seconds, and at the end there is none', () => {
  expect(polls.next({ operation: 'x', status: JobStatus.inputRequired, progress: 0, createdAt: at(0) })).toBe(
    5_000,
  );
  expect(ended(1_000)).toBeUndefined();
});
