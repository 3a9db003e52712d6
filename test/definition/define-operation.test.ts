import * as z from 'zod';
import { defineOperation } from '../../lambdas/definition/define-operation.ts';
import { longestRunMs } from '../../lambdas/definition/operation-definition.ts';

const good = {
  name: 'resize',
  title: 'Resize',
  description: 'Resizes images.',
  input: z.object({ folder: z.string() }),
  output: z.object({}),
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  execution: { mode: 'job', maxWaitMs: 30_000 },
  steps: { scan: { timeoutMs: 60_000 } },
} as const;

test('a good definition comes back as it is', () => {
  expect(defineOperation(good)).toEqual(good);
});

test.each<[string, object, RegExp]>([
  ['a name in another case', { name: 'reSize' }, /"reSize" is invalid\. Use snake_case/],
  ['no steps', { steps: {} }, /has 0 steps/],
  [
    'too many steps',
    { steps: Object.fromEntries([...'abcdefghi'].map((s) => [s, { timeoutMs: 1_000 }])) },
    /has 9 steps/,
  ],
  ['a step in another case', { steps: { 'Scan!': { timeoutMs: 1_000 } } }, /"Scan!"/],
  ['a step with the name of a state of ours', { steps: { failed: { timeoutMs: 1_000 } } }, /"failed"/],
  ['a step beyond what Lambda allows', { steps: { scan: { timeoutMs: 900_000 } } }, /timeoutMs 900000/],
  ['a step without time', { steps: { scan: { timeoutMs: 0 } } }, /timeoutMs 0/],
  [
    'a step with the name of the state that waits for the answers of another',
    { steps: { scan: { timeoutMs: 1_000 }, scan_input: { timeoutMs: 1_000 } } },
    /"scan_input"/,
  ],
  [
    'questions that wait for a month',
    { steps: { scan: { timeoutMs: 1_000, inputTimeoutMs: 30 * 86_400_000 } } },
    /inputTimeoutMs 2592000000/,
  ],
  [
    'questions from a sandbox',
    {
      sandbox: () => ({ reads: [], writes: [] }),
      steps: { scan: { timeoutMs: 1_000, inputTimeoutMs: 1_000 } },
    },
    /sandbox and inputTimeoutMs/,
  ],
  [
    'calls in a step that is not the last',
    { steps: { scan: { timeoutMs: 1_000, calls: { max: 1, periodMs: 1_000 } }, end: { timeoutMs: 1_000 } } },
    /to the last step/,
  ],
  [
    'more calls than an execution has events for',
    { steps: { scan: { timeoutMs: 1_000, calls: { max: 2_000, periodMs: 1_000 } } } },
    /calls\.max 2000 and calls\.periodMs 1000/,
  ],
  [
    'calls from a sandbox',
    {
      sandbox: () => ({ reads: [], writes: [] }),
      steps: { scan: { timeoutMs: 1_000, calls: { max: 1, periodMs: 1_000 } } },
    },
    /sandbox and calls/,
  ],
  ['fewer than no retries', { steps: { scan: { timeoutMs: 1_000, retries: -1 } } }, /retries -1/],
  ['a wait of half a second', { execution: { mode: 'job', maxWaitMs: 1_500 } }, /maxWaitMs 1500/],
  ['a wait of two minutes', { execution: { mode: 'job', maxWaitMs: 120_000 } }, /maxWaitMs 120000/],
  ['an argument of every start tool', { input: z.object({ wait_seconds: z.number() }) }, /"wait_seconds"/],
])('%s is refused, naming it', (_what, overrides, message) => {
  expect(() => defineOperation({ ...good, ...overrides })).toThrow(message);
});

test('the longest run counts each try, the one after a crash, and the time to wrap up', () => {
  const operation = defineOperation({ ...good, steps: { scan: { timeoutMs: 60_000, retries: 1 } } });
  expect(longestRunMs(operation)).toBe(3 * 80_000 + 3_600_000);
});

test('a step that asks may do so five times, each question waiting for as long as it may', () => {
  const operation = defineOperation({
    ...good,
    steps: { scan: { timeoutMs: 60_000, inputTimeoutMs: 600_000 } },
  });
  expect(longestRunMs(operation)).toBe(6 * 2 * 80_000 + 5 * 600_000 + 3_600_000);
});

test('a step that has APIs called may do so for as long as its calls allow', () => {
  const calls = { max: 10, periodMs: 600_000 };
  const operation = defineOperation({ ...good, steps: { scan: { timeoutMs: 60_000, calls } } });
  expect(longestRunMs(operation)).toBe(2 * 80_000 + 600_000 + 3_600_000);
});
