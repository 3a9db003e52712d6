import { jest } from '@jest/globals';
import { CallProgress, reportWhile } from '../../lambdas/mcp/progress.ts';

let now: number;
beforeEach(() => {
  now = 1_000_000;
  jest.spyOn(Date, 'now').mockImplementation(() => now);
});
afterEach(() => jest.restoreAllMocks());

test('progress is told at each change and every two seconds, and always increases', () => {
  const progress = new CallProgress('token');
  const told: number[] = [];
  const states = [0, 0, 0.25, 0.25, 1, 1];
  for (let second = 0; second < 120; second++) {
    const state = { progress: states[Math.floor(second / 20)] ?? 0, message: 'Running compile.' };
    const { params } = progress.next(state) ?? {};
    if (params) {
      expect(params).toMatchObject({ progressToken: 'token', total: 1, message: 'Running compile.' });
      told.push(params.progress);
    }
    now += 1_000;
  }
  expect(told.length).toBeGreaterThanOrEqual(60);
  expect(told).toEqual(told.toSorted((a, b) => a - b));
  expect(new Set(told).size).toBe(told.length);
  expect(told.at(0)).toBe(0);
  expect(told.at(-1)).toBeLessThan(1);
});

test('what another instance tells later goes on from there', () => {
  const state = { progress: 0.5, message: 'x' };
  const sinceMs = now;
  now += 80_000;
  const before = new CallProgress(7, sinceMs).next(state)?.params.progress ?? 1;
  now += 1_000;
  expect(new CallProgress(7, sinceMs).next(state)?.params.progress).toBeGreaterThan(before);
});

test('a call that returns at once tells nothing', async () => {
  const onProgress = jest.fn();
  expect(await reportWhile(onProgress, 'Search runs.', async () => 'found')).toBe('found');
  expect(onProgress).not.toHaveBeenCalled();
});
