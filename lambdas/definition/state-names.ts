/** Names of states, and of the errors by which a step's function tells its state what to do next. */

/** Under which a job finds in `results` what the call before it has handed over. */
export const HANDED_OVER = 'call';

/**
 * Between a step's own limit and its function's: to stop child processes, upload the log and write the failure, so that
 * a step that runs out of time says so itself.
 */
export const STEP_WRAP_UP_MS = 20_000;

/** The names of the errors by which a step's function tells its state to try again: as the definition says, or always. */
export const RETRYABLE_STEP_ERROR = 'RetryableStepError';
export const STEP_INTERRUPTED = 'StepInterrupted';
/** The step has asked something: its execution is to wait for the answers. */
export const INPUT_REQUIRED = 'InputRequired';
/** There is nothing to wait for any more. */
export const INPUT_ANSWERED = 'InputAnswered';

/** The state that waits for the answers to what a step has asked. */
export function inputState(step: string): string {
  return `${step}_input`;
}

/** The state that has one API called for a step, with the request's body or without; or the one that waits before it. */
export function callState(
  step: string,
  { connection, hasBody, waits }: { connection: string; hasBody: boolean; waits: boolean },
): string {
  return `${step}_${connection}${hasBody ? '_body' : ''}${waits ? '_wait' : ''}`;
}
