/** Defines the errors of tasks, with AWS's names. */

/** Step Functions' limit for the output of a state. */
export const MAX_OUTPUT_BYTES = 256 * 1024;

/** The output of a state is too large. On AWS, `States.ALL` does not match it; here, no Retry or Catch does. */
export class DataLimitExceeded extends Error {
  override readonly name = 'States.DataLimitExceeded';
  readonly isRetryable = false;
  readonly isCatchable = false;

  /** @param what subject of the message */
  constructor(what: string) {
    super(`${what} exceeds the maximum of ${MAX_OUTPUT_BYTES} bytes.`);
  }
}

/** Step Functions cannot continue. As on AWS, no Retry or Catch handles it. */
export class StatesRuntime extends Error {
  override readonly name = 'States.Runtime';
  readonly isRetryable = false;
  readonly isCatchable = false;
}

export function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
