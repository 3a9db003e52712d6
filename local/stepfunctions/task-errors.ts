/** The errors of tasks, with AWS's names. */

/** Step Functions' limit of a state's output. */
export const MAX_OUTPUT_BYTES = 256 * 1024;

/** `States.ALL` does not match it on AWS, and neither Retry nor Catch does here. */
export class DataLimitExceeded extends Error {
  override readonly name = 'States.DataLimitExceeded';
  readonly isRetryable = false;
  readonly isCatchable = false;

  /** @param what begins a sentence */
  constructor(what: string) {
    super(`${what} exceeds the maximum of ${MAX_OUTPUT_BYTES} bytes.`);
  }
}

/** Step Functions could not go on. AWS's, too, is neither tried again nor caught. */
export class StatesRuntime extends Error {
  override readonly name = 'States.Runtime';
  readonly isRetryable = false;
  readonly isCatchable = false;
}

export function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
