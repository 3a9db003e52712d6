/** Defines failures of an invocation that Lambda reports. */

/**
 * Uses the error name that Step Functions gives to its own invocations, so that the retry rules of the state apply.
 */
export class LambdaFailure extends Error {
  /** @param name such as `Lambda.TooManyRequestsException` or `Runtime.ExitError` */
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}
