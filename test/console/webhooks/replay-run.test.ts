/** Tests a replay over many calls: its progress, a stop, failures, and how it continues. */
import {
  fractionOf,
  type ReplayedPage,
  type ReplayRun,
  runReplay,
} from '../../../console/app/webhooks/replay-run.ts';

const BEGIN = { replayed: 0, next: { since: 'then' } };
const busy = () => Object.assign(new Error('busy'), { code: 'RESOURCE_EXHAUSTED' });

let bodies: object[];
let runs: ReplayRun[];
let stop: AbortController;
let pauses: number[];
let responses: (ReplayedPage | Error)[];

beforeEach(() => {
  [bodies, runs, pauses, responses] = [[], [], [], []];
  stop = new AbortController();
});

const start = (from: Parameters<typeof runReplay>[0]['from'] = BEGIN) =>
  runReplay({
    from,
    signal: stop.signal,
    onProgress: (run) => runs.push(run),
    pause: async (ms) => void pauses.push(ms),
    post: async (body) => {
      bodies.push(body);
      const response = responses.shift() ?? { replayed: 0 };
      if (response instanceof Error) throw response;
      return response;
    },
  });

test('each call continues with the cursor of the one before, until there is none', async () => {
  responses = [
    { replayed: 3, reached_at: '1', next_cursor: 'a' },
    { replayed: 0, reached_at: '2', next_cursor: 'b' },
    { replayed: 4 },
  ];
  expect(await start()).toEqual({ state: 'done', replayed: 7, reachedAt: '2' });
  expect(bodies).toEqual([{ since: 'then' }, { cursor: 'a' }, { cursor: 'b' }]);
  expect(runs.map(({ state, replayed }) => [state, replayed])).toEqual([
    ['running', 0],
    ['running', 3],
    ['running', 3],
    ['running', 7],
    ['done', 7],
  ]);
});

test('a stop ends after the call under way, and the run continues from there', async () => {
  responses = [{ replayed: 3, reached_at: '1', next_cursor: 'a' }];
  const running = start();
  stop.abort();
  const stopped = await running;
  expect(stopped).toEqual({ state: 'stopped', replayed: 3, reachedAt: '1', next: { cursor: 'a' } });
  stop = new AbortController();
  responses = [{ replayed: 1 }];
  expect(await start({ ...stopped, next: stopped.next ?? {} })).toMatchObject({ state: 'done', replayed: 4 });
});

test('a failed call keeps its position, so that the run continues with it', async () => {
  const lost = new Error('lost');
  responses = [{ replayed: 3, next_cursor: 'a' }, lost];
  const failed = await start();
  expect(failed).toEqual({ state: 'failed', replayed: 3, next: { cursor: 'a' }, error: lost });
  responses = [{ replayed: 1 }];
  const { error: _, ...from } = failed;
  expect(await start({ ...from, next: failed.next ?? {} })).toEqual({ state: 'done', replayed: 4 });
});

test('waits while other calls of the owner hold the slots, but not for ever', async () => {
  responses = [busy(), busy(), { replayed: 1 }];
  expect(await start()).toMatchObject({ state: 'done', replayed: 1 });
  expect(pauses).toEqual([2_000, 2_000]);
  responses = Array.from({ length: 30 }, busy);
  expect(await start()).toMatchObject({ state: 'failed', next: BEGIN.next });
  expect(pauses).toHaveLength(2 + 15);
});

test.each([
  ['at the start', { state: 'running', replayed: 0 }, 0],
  ['halfway', { state: 'running', replayed: 0, reachedAt: '2026-01-01T00:00:05Z' }, 0.5],
  ['before its start', { state: 'running', replayed: 0, reachedAt: '2025-01-01T00:00:00Z' }, 0],
  ['past its end', { state: 'stopped', replayed: 0, reachedAt: '2027-01-01T00:00:00Z' }, 1],
  ['at the end', { state: 'done', replayed: 0 }, 1],
] as const)('the progress of a run %s', (_where, run, fraction) => {
  const sinceMs = Date.parse('2026-01-01T00:00:00Z');
  expect(fractionOf(run, sinceMs, sinceMs + 10_000)).toBe(fraction);
  expect(fractionOf({ ...run, state: 'running' }, sinceMs, sinceMs)).toBeGreaterThanOrEqual(0);
});
