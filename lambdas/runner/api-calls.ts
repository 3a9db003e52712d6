/** Makes API calls for a step: ends the attempt, lets Step Functions call, and starts the step again with the outcome. */
import type { CalledStep, NextCall } from '../definition/api-call.ts';
import type { StepDefinition } from '../definition/operation-definition.ts';
import { callState } from '../definition/state-names.ts';
import type { Apis } from '../definition/step-context.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';

/** Ends the attempt of a step that requests an API call. Not a failure. */
export class CallRequired extends Error {
  readonly next: NextCall;

  constructor(next: NextCall) {
    super(next.message);
    this.next = next;
  }
}

/** @param called the previous call in the execution; absent before the first one */
export function createApis(
  step: string,
  { calls }: StepDefinition,
  { next: before, answer, caught }: Partial<CalledStep> = {},
): Apis {
  return {
    ...(before && { last: { ...before, response: answer, caught } }),
    call({ request, seconds, message, memory }) {
      if (!calls) throw new Error(`Step ${step} calls an API but has no calls. Add calls to its definition.`);
      const count = (before?.count ?? 0) + 1;
      const now = Date.now();
      const since = before?.since ?? now;
      const minutes = calls.periodMs / 60_000;
      if (count > calls.max || now + seconds * 1_000 > since + calls.periodMs) {
        throw new AppError(
          ErrorCode.stepTimedOut,
          `The step ${step} called ${request.connection} ${count - 1} times without an end; the limit is ${calls.max} calls in ${minutes} minutes. Request less work.`,
          { details: { calls: count - 1 } },
        );
      }
      const { connection, hasBody } = request;
      const state = callState(step, { connection, hasBody, waits: seconds > 0 });
      throw new CallRequired({ request, seconds, message, memory, state, count, since });
    },
  };
}
