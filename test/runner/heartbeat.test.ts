/** Tests what a heartbeat does: it reads the lease, or writes progress, and learns from both whether somebody looks. */
import { jest } from '@jest/globals';
import type { Watched } from '../../lambdas/jobs/watch.ts';
import { Heartbeat, type HeartbeatOptions, type StepProgress } from '../../lambdas/runner/heartbeat.ts';
import { log } from '../../lambdas/shared/observability/log.ts';

const BEAT_MS = 2_000;
const LOST = new Error('lost');

let now: number;
let beat: () => void;
let acts: (StepProgress | 'read')[];
let watchedUntil: number | undefined;
let failure: Error | undefined;
let onLeaseLost: jest.Mock<() => void>;

beforeEach(() => {
  now = Date.parse('2026-01-01T00:00:00Z');
  acts = [];
  watchedUntil = undefined;
  failure = undefined;
  onLeaseLost = jest.fn<() => void>();
  jest.spyOn(log, 'warn').mockImplementation(() => {});
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  jest.spyOn(globalThis, 'setInterval').mockImplementation(((act: () => void) => {
    beat = act;
  }) as never);
});
afterEach(() => jest.restoreAllMocks());

function start(options: Partial<HeartbeatOptions> = {}, job: Watched = {}): Heartbeat {
  return new Heartbeat({
    intervalMs: BEAT_MS,
    job,
    report: async (progress) => {
      acts.push(progress);
      if (failure) throw failure;
      return { watchedUntil };
    },
    readLease: async () => {
      acts.push('read');
      return { watchedUntil };
    },
    onLeaseLost,
    isLeaseLost: (error) => error === LOST,
    ...options,
  });
}

/** Lets some intervals pass. Returns what the heartbeat did in them. */
async function beats(count: number): Promise<readonly unknown[]> {
  acts = [];
  for (let index = 0; index < count; index++) {
    now += BEAT_MS;
    beat();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return acts.map((act) => (act === 'read' ? act : act.fraction));
}

test('without progress, it reads the lease at each interval', async () => {
  start();
  expect(await beats(3)).toEqual(['read', 'read', 'read']);
});

test('while nobody looks, it writes the latest progress every fifth interval, which reads nothing then', async () => {
  const heartbeat = start();
  heartbeat.update(0.1);
  heartbeat.update(0.2, 'half way');
  expect(await beats(5)).toEqual(['read', 'read', 'read', 'read', 0.2]);
  expect(acts.at(-1)).toEqual({ fraction: 0.2, message: 'half way' });
  heartbeat.update(0.3);
  expect(await beats(5)).toEqual(['read', 'read', 'read', 'read', 0.3]);
});

test('it writes at once when a read shows a look, and then at each interval with progress', async () => {
  const heartbeat = start();
  heartbeat.update(0.1);
  expect(await beats(1)).toEqual(['read']);
  watchedUntil = now + 60_000;
  expect(await beats(1)).toEqual(['read', 0.1]);
  expect(await beats(1)).toEqual(['read']);
  heartbeat.update(0.2);
  expect(await beats(1)).toEqual([0.2]);
});

test('it learns from a write that nobody looks any more', async () => {
  const heartbeat = start({}, { watchedUntil: now + 60_000 });
  heartbeat.update(0.1);
  expect(await beats(1)).toEqual([0.1]);
  heartbeat.update(0.2);
  expect(await beats(4)).toEqual(['read', 'read', 'read', 'read']);
  expect(await beats(1)).toEqual([0.2]);
});

test('progress whose write fails is written again, unless there is later progress', async () => {
  const heartbeat = start({}, { callback: { url: 'https://example.com', events: ['job.progress'] } });
  failure = new Error('throttled');
  heartbeat.update(0.1);
  expect(await beats(1)).toEqual([0.1]);
  failure = undefined;
  expect(await beats(2)).toEqual([0.1, 'read']);
});

test('a refused write ends the step, and so does a lease that another attempt has', async () => {
  const heartbeat = start({}, { watchedUntil: now + 60_000 });
  failure = LOST;
  heartbeat.update(0.1);
  await beats(1);
  expect(onLeaseLost).toHaveBeenCalledTimes(1);
  const other = start({ readLease: async () => undefined });
  other.update(0.1);
  await beats(1);
  expect([onLeaseLost.mock.calls.length, acts]).toEqual([2, []]);
});
