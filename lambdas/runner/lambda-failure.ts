/** Defines failures of an invocation that Lambda reports. */
import { ThrownResult } from '../shared/observability/thrown-result.ts';

/**
 * Uses the error name that Step Functions gives to its own invocations. The retry rules of the state then apply.
 */
export class LambdaFailure extends ThrownResult {
  /** @param name such as `Lambda.TooManyRequestsException` or `Runtime.ExitError` */
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}
