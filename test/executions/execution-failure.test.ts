/** Tests how a failed execution of an external state machine shows on its job. */
import { executionFailure } from '../../lambdas/executions/execution-failure.ts';

test('a failure names its error and needs the operator', () => {
  expect(executionFailure({ status: 'FAILED', error: 'Report.NoData' })).toStrictEqual({
    code: 'EXECUTION_FAILED',
    message:
      'The state machine failed with Report.NoData. Ask the operator to read the cause in its execution.',
    retryable: false,
    details: { status: 'FAILED', error: 'Report.NoData' },
  });
});

test('a failure without a name shows none', () => {
  expect(executionFailure({ status: 'FAILED' })).toStrictEqual({
    code: 'EXECUTION_FAILED',
    message: 'The state machine failed. Ask the operator to read the cause in its execution.',
    retryable: false,
    details: { status: 'FAILED' },
  });
});

test('a timeout can be repeated', () => {
  expect(executionFailure({ status: 'TIMED_OUT' })).toStrictEqual({
    code: 'EXECUTION_TIMED_OUT',
    message: 'The state machine exceeded its timeout. Request less work, or start the job again.',
    retryable: true,
    details: { status: 'TIMED_OUT' },
  });
});

test('a stopped execution can be repeated', () => {
  expect(executionFailure({ status: 'ABORTED', error: 'Stopped' })).toStrictEqual({
    code: 'EXECUTION_STOPPED',
    message:
      'The execution was stopped before it ended. Start the job again, or ask the operator for the reason.',
    retryable: true,
    details: { status: 'ABORTED', error: 'Stopped' },
  });
});

test.each([
  ['control characters', ' a\u0000b\nc\u202e ', 'abc'],
  ['half of a character', 'a\ud800', 'a'],
  ['too many characters', 'x'.repeat(129), 'x'.repeat(128)],
  ['a character at the cut', `${'x'.repeat(127)}😀`, 'x'.repeat(127)],
])('a name with %s is cleaned', (_what, error, name) => {
  expect(executionFailure({ status: 'FAILED', error }).details).toEqual({ status: 'FAILED', error: name });
});
