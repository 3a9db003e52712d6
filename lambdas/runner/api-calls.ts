/** How a step has an API called: its attempt ends, Step Functions calls, and the step begins anew with what came back. */
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { callState, type StepDefinition } from '../definition/define-operation.ts';
import type { Apis } from '../definition/step-context.ts';

export interface ApiRequest {
  /** The operator's name for the API, and for the credentials that go with it. */
  readonly connection: string;
  readonly method: string;
  /** Below the API's root; begins with a slash. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** The body is `body` of the operation's input: only that there is one is said here. */
  readonly hasBody: boolean;
}

export interface ApiCall {
  readonly request: ApiRequest;
  /** To wait before it. */
  readonly seconds: number;
  /** For whoever follows the job, until the step says something else. */
  readonly message: string;
  /** What the step wants to know when it begins anew; small JSON. */
  readonly memory: Json;
}

/** What a step leaves in the execution for the states that call; they put the outcome beside it. */
export interface NextCall extends ApiCall {
  /** That which the execution goes to. */
  readonly state: string;
  /** 1 for the first. */
  readonly count: number;
  /** Epoch milliseconds: when the step wanted the first. */
  readonly since: number;
}

/** As Step Functions' HTTP task puts it. */
export interface HttpAnswer {
  readonly StatusCode: number;
  readonly Headers: Readonly<Record<string, string | readonly string[]>>;
  /** JSON when the API said that it was, else text. */
  readonly ResponseBody?: Json;
}

export interface CalledStep {
  readonly next: NextCall;
  readonly answer?: HttpAnswer;
  /** Also for an answer that is no success: then the error's name has the status, and the cause has the rest. */
  readonly caught?: { readonly Error: string; readonly Cause?: string };
}

/** The call before this attempt. */
export type LastCall = Pick<CalledStep, 'answer' | 'caught'> &
  Pick<NextCall, 'request' | 'memory' | 'count' | 'since'>;

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
