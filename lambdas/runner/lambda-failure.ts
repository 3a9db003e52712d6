/** What Lambda does to whom it invokes. */

/**
 * Thrown on as Step Functions would have named it, had it invoked that function itself: the state's own rules say what
 * is tried again.
 */
export class LambdaFailure extends Error {
  /** @param name such as `Lambda.TooManyRequestsException` or `Runtime.ExitError` */
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}
