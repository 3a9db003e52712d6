/** Checks the names that operations cannot use: arguments of start tools, and error codes of the engine. */
import * as z from 'zod';
import { defineOperation } from '../../lambdas/definition/define-operation.ts';
import { JOB_ARGUMENTS } from '../../lambdas/definition/job-arguments.ts';
import { AppError, ErrorCode, OperationError } from '../../lambdas/shared/errors.ts';

test.each(JOB_ARGUMENTS)('an operation cannot have the input %s', (argument) => {
  const define = () =>
    defineOperation({
      name: 'resize',
      description: 'Resizes.',
      input: z.object({ [argument]: z.string() }),
      output: z.object({}),
      steps: { scale: {} },
    });
  expect(define).toThrow(
    `Operation "resize" has the input "${argument}", which every start tool already has. Rename it.`,
  );
});

const shared = ['CONFLICT', 'INVALID_ARGUMENTS', 'RANGE_INVALID', 'STEP_TIMED_OUT', 'URL_REFUSED'];
const reserved = Object.values(ErrorCode).filter((code) => !shared.includes(code));

test('the reserved codes include those of jobs and steps', () => {
  expect(reserved).toEqual(expect.arrayContaining(['JOB_NOT_FOUND', 'INTERNAL_ERROR', 'STEP_CRASHED']));
});

test.each(reserved)('an operation cannot report %s', (code) => {
  expect(() => new OperationError(code, 'No.')).toThrow(
    `Error code "${code}" belongs to the engine. Choose a different code for the operation.`,
  );
  expect(new AppError(code, 'No.').code).toBe(code);
});

test.each(shared)('an operation can report %s', (code) => {
  expect(new OperationError(code, 'No.')).toMatchObject({ code, message: 'No.', retryable: false });
});

test.each([
  '',
  'lower',
  'Camel',
  'WITH SPACE',
  'WITH-DASH',
  '_LEADING',
  'TRAILING_',
  'DOUBLE__',
  '1ST',
  'ÄRGER',
  `A${'B'.repeat(64)}`,
  'A\n',
])('the code %j is malformed', (code) => {
  expect(() => new OperationError(code, 'No.')).toThrow(
    /^Error code ".*" is invalid\. Use UPPER_SNAKE_CASE and at most 64 characters, such as IMAGE_UNREADABLE\.$/s,
  );
});

test('a code may have 64 characters and digits', () => {
  expect(new OperationError(`A${'B'.repeat(63)}`, 'No.').code).toHaveLength(64);
  expect(new OperationError('HTTP_404', 'No.').code).toBe('HTTP_404');
});
