/** Tests that what a function passes through an error survives the limit of Step Functions for a cause. */
import { readCause, StateError } from '../../lambdas/definition/state-error.ts';
import { fitFailure } from '../../lambdas/definition/step-failure.ts';
import { boundError } from '../../lambdas/jobs/bound-record.ts';
import { RetryableStepError } from '../../lambdas/runner/end-step.ts';
import { createRequestInput, InputRequired } from '../../lambdas/runner/request-input.ts';

const MAX_CAUSE_CHARACTERS = 32_768;

/** The cause that a state sees, as Lambda's runtime for Node.js and Step Functions make it. */
function causeOf({ name, message, stack = '' }: Error): string {
  const cause = JSON.stringify({ errorType: name, errorMessage: message, trace: stack.split('\n') });
  return cause.slice(0, MAX_CAUSE_CHARACTERS);
}

function ask(message: string): Error {
  const request = createRequestInput('approve', { timeoutMs: 1, inputTimeoutMs: 1 } as never, {});
  try {
    request({ page: { message, url: 'https://example.com/' } });
  } catch (error) {
    return error as Error;
  }
  throw new Error('The step did not ask.');
}

test('the cause has the message once, and no stack', () => {
  const error = ask('Why?');
  expect(error).toBeInstanceOf(StateError);
  expect(causeOf(error).match(/Why/g)).toHaveLength(1);
  expect(readCause(causeOf(error))).toEqual((error as InputRequired).questions);
});

test.each([
  ['13,751 bytes', 'x'.repeat(13_600)],
  ['16 KiB', 'x'.repeat(16_270)],
  ['wide characters', '世'.repeat(5_400)],
  ['5,000 quotes', '"'.repeat(5_000)],
])('questions with %s pass', (_what, message) => {
  const error = ask(message);
  expect(error).toBeInstanceOf(InputRequired);
  expect(readCause(causeOf(error))).toMatchObject({ page: { message } });
});

test.each([
  ['more than 16 KiB', 'x'.repeat(17_000), /take 17\d\d\d bytes; the limit is 16384/],
  ['16 KiB of quotes', '"'.repeat(8_157), /take 16383 bytes/],
  ['16 KiB of backslashes', '\\'.repeat(8_157), /take 16383 bytes/],
])('questions with %s fail with the reason', (_what, message, reason) => {
  const error = ask(message);
  expect(error).not.toBeInstanceOf(InputRequired);
  expect(error.message).toMatch(reason);
});

describe('a retryable failure', () => {
  const log = { key: `logs/${'a'.repeat(36)}/compile.log`, size: 1, sha256: 'a'.repeat(64) };
  const failureOf = (text: string) => ({
    error: boundError({
      code: 'SCRIPT_FAILED',
      message: text.repeat(2_000),
      step: 'compile',
      retryable: true,
      details: { text: text.repeat(20_000) },
    }),
    logs: { compile: log },
    logTail: Array.from({ length: 20 }, (_, line) => `${line} ${text.repeat(197)}`),
  });

  test.each(['x', '"', '\\', '\n', '世', '😀'])('of "%s" fits with its error, whatever is in it', (text) => {
    const failure = failureOf(text);
    const error = new RetryableStepError(failure);
    expect(readCause(causeOf(error))).toMatchObject({ error: failure.error, logs: { compile: log } });
  });

  test('keeps its last lines, as many as fit', () => {
    expect(fitFailure(failureOf('x')).logTail).toHaveLength(20);
    const { logTail = [] } = fitFailure(failureOf('"'));
    expect(logTail.length).toBeLessThan(20);
    expect(logTail.at(-1)).toBe(`19 ${'"'.repeat(197)}`);
  });
});

test.each([
  [
    'cut off',
    causeOf(new RetryableStepError({ error: { code: 'A', message: 'x', retryable: true }, logs: {} })).slice(
      0,
      -9,
    ),
  ],
  ['of another error', '{"errorType":"Error","errorMessage":"It broke.","trace":[]}'],
  ['a sentence', 'The function timed out.'],
  ['empty', ''],
])('a cause that is %s is unreadable, and does not throw', (_what, cause) => {
  expect(readCause(cause)).toBeUndefined();
});
