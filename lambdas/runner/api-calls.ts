/** How a step has an API called: its attempt ends, Step Functions calls, and the step begins anew with what came back. */
import type { CalledStep, NextCall } from '../definition/api-call.ts';
import type { StepDefinition } from '../definition/operation-definition.ts';
import { callState } from '../definition/state-names.ts';
import type { Apis } from '../definition/step-context.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';

/** The way out of a step that wants an API called. Not a failure. */
export class CallRequired extends Error {
  readonly next: NextCall;

  constructor(next: NextCall) {
    super(next.message);
    this.next = next;
  }
}

/** @param called what the states have of the step, if it has called before */
export function createApis(
  step: string,
  { calls }: StepDefinition,
  { next: before, answer, caught }: Partial<CalledStep> = {},
): Apis {
  return {
    ...(before && { last: { ...before, answer, caught } }),
    call({ request, seconds, message, memory }) {
      if (!calls)
        throw new Error(`Step ${step} has an API called, and has no calls: give its definition some.`);
      const count = (before?.count ?? 0) + 1;
      const now = Date.now();
      const since = before?.since ?? now;
      const minutes = calls.periodMs / 60_000;
      if (count > calls.max || now + seconds * 1_000 > since + calls.periodMs) {
        throw new AppError(
          ErrorCode.stepTimedOut,
          `The step ${step} has called ${request.connection} ${count - 1} times and is not done; ${calls.max} times in ${minutes} minutes is the limit.`,
          { details: { calls: count - 1 } },
        );
      }
      const { connection, hasBody } = request;
      const state = callState(step, { connection, hasBody, waits: seconds > 0 });
      throw new CallRequired({ request, seconds, message, memory, state, count, since });
    },
  };
}
