/** Why an execution of the operator's own state machine did not succeed, in the caller's words. */

import type { JobError } from '../jobs/job.ts';
import { ErrorCode } from '../shared/errors.ts';
import type { ExecutionFailed } from './executions.ts';

/** More is no name: of a state that takes its error from its input, it can be anything. */
const MAX_NAME_CHARACTERS = 128;

/**
 * The error's name is what the operator's machine has chosen to fail with, or Step Functions' own, and callers can act on it.
 * The cause is left out: of a function that threw, it is a message and a stack trace that nobody has written for callers.
 */
export function executionFailure({ status, error }: Pick<ExecutionFailed, 'status' | 'error'>): JobError {
  const name = nameOf(error ?? '');
  const details = { status, ...(name && { error: name }) };
  switch (status) {
    case 'FAILED':
      return {
        code: ErrorCode.executionFailed,
        message: `The state machine failed${name && ` with ${name}`}. The operator finds the cause in its execution.`,
        retryable: false,
        details,
      };
    case 'TIMED_OUT':
      return {
        code: ErrorCode.executionTimedOut,
        message: 'The state machine did not end within its own time limit. Ask for less, or start it again.',
        retryable: true,
        details,
      };
    case 'ABORTED':
      return {
        code: ErrorCode.executionStopped,
        message:
          'The execution was stopped before it had ended. Start the job again, or ask the operator why.',
        retryable: true,
        details,
      };
  }
}

function nameOf(error: string): string {
  return error.replaceAll(/\p{C}/gu, '').trim().slice(0, MAX_NAME_CHARACTERS).toWellFormed();
}
