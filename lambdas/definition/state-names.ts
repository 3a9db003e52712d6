/** Names states, and the errors with which a step's function controls its state machine. */

/** Key in the execution for the value that a synchronous call handed over to its job. */
export const HANDED_OVER = 'call';

/**
 * Time between the limit of a step and the timeout of its function, in milliseconds. In it a step that timed out stops child
 * processes, uploads its log and records the failure.
 */
export const STEP_WRAP_UP_MS = 20_000;

/**
 * Time without a report after which Step Functions gives up an attempt in a sandbox, in milliseconds. It is also the longest time from
 * the start of an attempt to its first report.
 */
export const SANDBOX_HEARTBEAT_MS = 45_000;
/** Error of Step Functions for such an attempt. */
export const HEARTBEAT_TIMEOUT = 'States.HeartbeatTimeout';
/** Two attempts in the sandbox ended without an outcome: the state does not retry. */
export const SANDBOX_CRASHED_AGAIN = 'Sandbox.CrashedAgain';

/** Makes the state retry as often as the definition allows. */
export const RETRYABLE_STEP_ERROR = 'RetryableStepError';
/** Makes the state retry always. */
export const STEP_INTERRUPTED = 'StepInterrupted';
/** The step asks questions: the execution waits for the answers. */
export const INPUT_REQUIRED = 'InputRequired';
/** All questions already have answers: the execution does not wait. */
export const INPUT_ANSWERED = 'InputAnswered';

/** @returns the name of the error with which the first step makes its state continue with a later one, when a retry begins there */
export function resumeError(step: string): string {
  return `ResumeAt.${step}`;
}

/** @returns the name of the state that waits for answers to the questions of a step */
export function inputState(step: string): string {
  return `${step}_input`;
}

/** @returns the name of the state that calls an API with or without a body, or waits before the call */
export function callState(
  step: string,
  { connection, hasBody, waits }: { connection: string; hasBody: boolean; waits: boolean },
): string {
  return `${step}_${connection}${hasBody ? '_body' : ''}${waits ? '_wait' : ''}`;
}
