/** Tests when a sweep may make its calls. */
import { CallPacer } from '../../../lambdas/executions/endings/call-pacer.ts';

let now: number;
let waits: number[];
const create = () =>
  new CallPacer({
    burst: 2,
    perSecond: 4,
    endsAtMs: 1_000,
    now: () => now,
    delay: async (ms) => {
      waits.push(ms);
      now += ms;
    },
  });

beforeEach(() => {
  now = 0;
  waits = [];
});

test('a burst does not wait, and each further call waits for its token', async () => {
  const pacer = create();
  for (let calls = 0; calls < 4; calls++) expect(await pacer.take()).toBe(true);
  expect(waits).toEqual([250, 250]);
});

test('calls that take longer than a token do not wait', async () => {
  const pacer = create();
  for (let calls = 0; calls < 4; calls++) {
    expect(await pacer.take()).toBe(true);
    now += 250;
  }
  expect(waits).toEqual([]);
});

test('no more than a burst is saved up', async () => {
  const pacer = create();
  now = 900;
  await pacer.take();
  await pacer.take();
  expect(await pacer.take()).toBe(false);
  expect(waits).toEqual([]);
});

test('a call that would begin after the end may not begin, without a wait', async () => {
  const pacer = create();
  now = 1_000;
  expect([await pacer.take(), await pacer.take(), await pacer.take()]).toEqual([true, true, false]);
  now = 1_001;
  expect(await pacer.take()).toBe(false);
  expect(waits).toEqual([]);
});
