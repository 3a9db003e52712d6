/** Maps failed executions of external state machines to job errors. */

import type { JobError } from '../jobs/job.ts';
import { cleanText } from '../shared/clean-text.ts';
import { cutText } from '../shared/cut-text.ts';
import { ErrorCode } from '../shared/errors.ts';
import type { ExecutionFailed } from './executions.ts';

/** Cuts off longer names: a state that takes its error name from its input can produce any text. */
const MAX_NAME_CHARACTERS = 128;

/**
 * Includes the error's name, which the state machine or Step Functions chose and on which callers can act. Omits the cause:
 * for a function that threw, it contains a stack trace that is not meant for callers.
 */
export function executionFailure({ status, error }: Pick<ExecutionFailed, 'status' | 'error'>): JobError {
  const name = nameOf(error ?? '');
  const details = { status, ...(name && { error: name }) };
  switch (status) {
    case 'FAILED':
      return {
        code: ErrorCode.executionFailed,
        message: `The state machine failed${name && ` with ${name}`}. Ask the operator to read the cause in its execution.`,
        retryable: false,
        details,
      };
    case 'TIMED_OUT':
      return {
        code: ErrorCode.executionTimedOut,
        message: 'The state machine exceeded its timeout. Request less work, or start the job again.',
        retryable: true,
        details,
      };
    case 'ABORTED':
      return {
        code: ErrorCode.executionStopped,
        message:
          'The execution was stopped before it ended. Start the job again, or ask the operator for the reason.',
        retryable: true,
        details,
      };
  }
}

function nameOf(error: string): string {
  return cutText(
    cleanText(error)
      .replaceAll(/[\n\t]/g, '')
      .trim(),
    MAX_NAME_CHARACTERS,
  );
}
