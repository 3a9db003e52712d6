/** Defines the errors of tasks, with AWS's names. */

/** Step Functions' limit for the input and the output of a state, of a task and of an execution. */
export const MAX_OUTPUT_BYTES = 256 * 1024;
/** Step Functions cuts off a longer cause. */
const MAX_CAUSE_CHARACTERS = 32_768;

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

/** @param data JSON */
export function isTooLarge(data: unknown): boolean {
  return Buffer.byteLength(JSON.stringify(data) ?? '') > MAX_OUTPUT_BYTES;
}

/** Cuts off the message of an error, which becomes the cause that a state catches. */
export function withCutCause(error: unknown): unknown {
  if (error instanceof Error) error.message = error.message.slice(0, MAX_CAUSE_CHARACTERS).toWellFormed();
  return error;
}

export function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
