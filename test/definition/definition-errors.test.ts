/** Tests the limits of a definition at their edges, and the whole text of each error. */
import * as z from 'zod';
import { defineOperation, MAX_INPUT_TIMEOUT_MS } from '../../lambdas/definition/define-operation.ts';
import {
  isStateMachineOperation,
  longestCallMs,
  longestRunMs,
  maxStartWaitMs,
  maxWaitMs,
  type OperationDefinition,
} from '../../lambdas/definition/operation-definition.ts';
import {
  callState,
  HANDED_OVER,
  INPUT_ANSWERED,
  INPUT_REQUIRED,
  inputState,
  RETRYABLE_STEP_ERROR,
  STEP_INTERRUPTED,
} from '../../lambdas/definition/state-names.ts';

const WEEK_MS = 604_800_000;
const good = {
  name: 'resize',
  description: 'Resizes images.',
  input: z.object({}),
  output: z.object({}),
  steps: { scan: {} },
} as const;
const define = (changes: object) => () => defineOperation({ ...good, ...changes });
const step = (options: object) => define({ steps: { scan: options } });
const calls = (max: number, periodMs: number) => ({ calls: { max, periodMs } });
const many = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`step_${i}`, {}]));
const sync = { execution: { mode: 'sync', limitMs: 1_000 } };
const sandbox = () => ({ reads: [], writes: [] });

test('a question can wait a week', () => {
  expect(MAX_INPUT_TIMEOUT_MS).toBe(WEEK_MS);
});

test.each<[string, () => unknown]>([
  ['a name of 48 characters', define({ name: 'n'.repeat(48) })],
  ['a name with digits', define({ name: 'a1_2b' })],
  ['eight steps', define({ steps: many(8) })],
  ['one step in mode sync', define(sync)],
  ['no wait', define({ execution: { mode: 'job', maxWaitMs: 0 } })],
  ['a wait of a minute', define({ execution: { mode: 'job', maxWaitMs: 60_000 } })],
  ['no retries', step({ retries: 0 })],
  ['the least memory', step({ memoryMb: 128 })],
  ['the most memory', step({ memoryMb: 10_240 })],
  ['the least storage', define({ resources: { storageMb: 512 } })],
  ['the most storage', define({ resources: { storageMb: 10_240 } })],
  ['ten retries', step({ retries: 10 })],
  ['a step of a second', step({ timeoutMs: 1_000 })],
  ['a step of 14 minutes', step({ timeoutMs: 840_000 })],
  ['questions for a second', step({ inputTimeoutMs: 1_000 })],
  ['questions for a week', step({ inputTimeoutMs: WEEK_MS })],
  ['one call in a second', step(calls(1, 1_000))],
  ['a thousand calls in a week', step(calls(1_000, WEEK_MS))],
  ['calls in the last of two steps', define({ steps: { scan: {}, end: calls(1, 1_000) } })],
  ['a sandbox', define({ sandbox })],
  ['questions in one of two steps', define({ steps: { scan: { inputTimeoutMs: 1_000 }, end: {} } })],
])('%s is valid', (_what, valid) => {
  expect(valid).not.toThrow();
});

const NAME = '. Use snake_case and at most 48 characters, such as "build".';
const STEP_NAME = 'has an invalid name. Use snake_case and a name that the engine does not use for a state.';
const of = (text: string) => `Step "scan" of operation "resize" has ${text}`;
const TIMEOUT = 'Set 1,000 to 840000.';
const INPUT_TIMEOUT = 'Set 1000 to 604800000.';
const CALLS = 'Set max to 1 to 1000 and periodMs to 1,000 to 604800000.';
const WAIT = 'Set whole seconds in milliseconds, at most 60000.';
const LAST = 'has calls. Move calls to the last step and use mode job.';

const invalid: readonly [() => unknown, string][] = [
  [define({ name: 'n'.repeat(49) }), `Operation name "${'n'.repeat(49)}" is invalid${NAME}`],
  ...['', '1a', '_a', 'a_', 'a__b', 'aB', 'a-b', 'xA', 'a!'].map((name): [() => unknown, string] => [
    define({ name }),
    `Operation name "${name}" is invalid${NAME}`,
  ]),
  ...[
    { toolName: 'Resize' },
    { aliases: ['scale', 'scale-image'] },
    { toolName: 'n'.repeat(49) },
    { listing: { toolName: '' } },
  ].map((names): [() => unknown, string] => [
    define(names),
    `Operation "resize" has the tool name "${names.toolName ?? names.aliases?.[1] ?? ''}". Use snake_case and at most 48 characters, such as "import_project".`,
  ]),
  [define({ steps: {} }), 'Operation "resize" has 0 steps. Define 1 to 8.'],
  [define({ steps: many(9) }), 'Operation "resize" has 9 steps. Define 1 to 8.'],
  [
    define({ ...sync, steps: many(2) }),
    'Operation "resize" has 2 steps and mode sync. Define one step, or use mode job.',
  ],
  [
    define({ sandbox, steps: { scan: {}, end: { inputTimeoutMs: 1_000 } } }),
    'Operation "resize" has a sandbox and inputTimeoutMs. Remove inputTimeoutMs, or ask in a separate operation.',
  ],
  [
    define({ sandbox, steps: { scan: {}, end: calls(1, 1_000) } }),
    'Operation "resize" has a sandbox and calls. Remove calls, or call APIs in a separate operation.',
  ],
  [define({ steps: { scan: calls(1, 1_000), end: {} } }), `Step "scan" of operation "resize" ${LAST}`],
  [define({ ...sync, steps: { scan: calls(1, 1_000) } }), `Step "scan" of operation "resize" ${LAST}`],
  [step(calls(0, 1_000)), of(`calls.max 0 and calls.periodMs 1000. ${CALLS}`)],
  [step(calls(1_001, 1_000)), of(`calls.max 1001 and calls.periodMs 1000. ${CALLS}`)],
  [step(calls(1, 999)), of(`calls.max 1 and calls.periodMs 999. ${CALLS}`)],
  [step(calls(1, WEEK_MS + 1)), of(`calls.max 1 and calls.periodMs 604800001. ${CALLS}`)],
  ...['record_failure', 'failed', 'call', 'Scan', 'a!'].map((name): [() => unknown, string] => [
    define({ steps: { [name]: {} } }),
    `Step "${name}" of operation "resize" ${STEP_NAME}`,
  ]),
  [define({ steps: { a: {}, a_input: {} } }), `Step "a_input" of operation "resize" ${STEP_NAME}`],
  [step({ retries: -1 }), of('retries -1. Set 0 to 10.')],
  [step({ retries: 11 }), of('retries 11. Set 0 to 10.')],
  [step({ retries: 1.5 }), of('retries 1.5. Set 0 to 10.')],
  ...[127, 10_241, 512.5, Number.NaN].flatMap((memoryMb): [() => unknown, string][] => [
    [step({ memoryMb }), of(`memoryMb ${memoryMb}. Set whole MiB, 128 to 10240.`)],
    [
      define({ resources: { memoryMb } }),
      `Operation "resize" has resources.memoryMb ${memoryMb}. Set whole MiB, 128 to 10240.`,
    ],
  ]),
  ...[511, 10_241, 512.5, Number.NaN].map((storageMb): [() => unknown, string] => [
    define({ resources: { storageMb } }),
    `Operation "resize" has resources.storageMb ${storageMb}. Set whole MiB, 512 to 10240.`,
  ]),
  [step({ timeoutMs: 999 }), of(`timeoutMs 999. ${TIMEOUT}`)],
  [step({ timeoutMs: 840_001 }), of(`timeoutMs 840001. ${TIMEOUT}`)],
  [step({ inputTimeoutMs: 999 }), of(`inputTimeoutMs 999. ${INPUT_TIMEOUT}`)],
  [step({ inputTimeoutMs: WEEK_MS + 1 }), of(`inputTimeoutMs 604800001. ${INPUT_TIMEOUT}`)],
  ...[-1_000, 1_001, 61_000].map((maxWaitMs): [() => unknown, string] => [
    define({ execution: { mode: 'job', maxWaitMs } }),
    `Operation "resize" has maxWaitMs ${maxWaitMs}. ${WAIT}`,
  ]),
  [
    define({ input: z.object({ image: z.string(), size: z.int() }), subject: 'toString' }),
    'Operation "resize" has the subject "toString", which is not a property of its input. Use one of: image, size.',
  ],
  ...['status', 'limit', 'job_id', 'files', 'a b', 'a\n', '__proto__'].map(
    (subject): [() => unknown, string] => [
      define({ input: z.object({ [subject]: z.string() }), subject }),
      `Operation "resize" has the subject "${subject}", a name that jobs use already or that is not a word. Rename the property, or leave subject out.`,
    ],
  ),
  [
    define({ execution: { mode: 'sync', limitMs: 51_000 } }),
    'Operation "resize" has limitMs 51000. Set whole seconds in milliseconds, at most 50000.',
  ],
];

test.each(invalid.map(([defines, message]) => [message, defines] as const))(
  'throws: %s',
  (message, defines) => {
    expect(defines).toThrow(new Error(message));
  },
);

test('an error names the first reserved argument', () => {
  expect(define({ input: z.object({ callback_url: z.string() }) })).toThrow(
    new Error(
      'Operation "resize" has the input "callback_url", which every start tool already has. Rename it.',
    ),
  );
});

test('a title is the name in words', () => {
  expect(defineOperation({ ...good, name: 'read_all_files' }).title).toBe('Read all files');
});

test.each([
  [{ mode: 'sync', limitMs: 3_000 }, 0, 0, 3_000],
  [{ mode: 'sync_first', limitMs: 3_000, maxWaitMs: 5_000 }, 5_000, 5_000, 8_000],
  [{ mode: 'job', maxWaitMs: 5_000 }, 5_000, 5_000, 5_000],
  // Many clients stop listening after 60 s.
  [{ mode: 'job', maxWaitMs: 60_000 }, 50_000, 50_000, 50_000],
  [{ mode: 'sync_first', limitMs: 10_000, maxWaitMs: 60_000 }, 50_000, 40_000, 50_000],
  [{ mode: 'sync_first', limitMs: 50_000, maxWaitMs: 10_000 }, 10_000, 0, 50_000],
] as const)(
  'the policy %j waits %i ms for a job, %i ms at its start, and takes %i ms',
  (execution, ...times) => {
    expect([maxWaitMs(execution), maxStartWaitMs(execution), longestCallMs(execution)]).toEqual(times);
  },
);

test('an external state machine has its own longest run', () => {
  const external = { stateMachine: { longestRunMs: 5 } } as unknown as OperationDefinition;
  expect(isStateMachineOperation(external)).toBe(true);
  expect(longestRunMs(external)).toBe(5);
  expect(isStateMachineOperation(defineOperation(good))).toBe(false);
});

test('the states of an execution have stable names', () => {
  expect([HANDED_OVER, RETRYABLE_STEP_ERROR, STEP_INTERRUPTED, INPUT_REQUIRED, INPUT_ANSWERED]).toEqual([
    'call',
    'RetryableStepError',
    'StepInterrupted',
    'InputRequired',
    'InputAnswered',
  ]);
  expect(inputState('ask')).toBe('ask_input');
});

test.each([
  [false, false, 'poll_crm'],
  [true, false, 'poll_crm_body'],
  [false, true, 'poll_crm_wait'],
  [true, true, 'poll_crm_body_wait'],
])('with body %s and wait %s the calling state is %s', (hasBody, waits, name) => {
  expect(callState('poll', { connection: 'crm', hasBody, waits })).toBe(name);
});
