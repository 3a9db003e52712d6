/** Runs external Express state machines while the caller waits. */
import type { CallResult } from '../definition/call-protocol.ts';
import { checkResult } from '../definition/check-result.ts';
import type { StateMachineOperation } from '../definition/operation-definition.ts';
import { StepFunctionsError, stepFunctionsCalls } from '../shared/aws/step-functions-calls.ts';
import { cutText } from '../shared/cut-text.ts';
import { stateMachineArn } from '../shared/env.ts';
import { AppError, codedError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { toJson } from '../shared/well-formed.ts';
import { executionFailure } from './execution-failure.ts';

type SyncExecution =
  | { readonly status: 'SUCCEEDED'; readonly output?: string }
  | { readonly status: 'FAILED' | 'TIMED_OUT'; readonly error?: string; readonly cause?: string };

/** Errors of throttling and of an unavailable service. */
const BUSY = /Throttl|LimitExceeded|TooManyRequests|ServiceUnavailable|^5\d\d$|^429$/;

export class ExpressCalls {
  // No retries: the caller decides.
  readonly #call = stepFunctionsCalls({ hostPrefix: 'sync-' });

  /**
   * Runs one execution with the caller's arguments only.
   * @param name name of the execution in the log of the state machine
   * @throws AppError EXECUTION_FAILED, TIMED_OUT, RESULT_INVALID or RESOURCE_EXHAUSTED
   */
  async invoke(operation: StateMachineOperation, name: string, input: Json): Promise<CallResult> {
    const execution = await this.#run(operation, name, input);
    if (execution.status === 'SUCCEEDED') {
      return { result: checkResult(operation, JSON.parse(execution.output ?? 'null') as Json) };
    }
    if (execution.status === 'TIMED_OUT') throw timedOut(operation);
    const { code, message, ...rest } = executionFailure(execution);
    throw codedError(code, message, { ...rest, cause: cutText(execution.cause ?? '', 1_000) });
  }

  async #run(operation: StateMachineOperation, name: string, input: Json): Promise<SyncExecution> {
    const signal = AbortSignal.timeout(limitMs(operation));
    try {
      const start = { stateMachineArn: stateMachineArn(operation.name), name, input: toJson(input) };
      return (await this.#call('StartSyncExecution', start, signal)) as SyncExecution;
    } catch (cause) {
      if (signal.aborted) throw timedOut(operation, cause);
      if (!(cause instanceof StepFunctionsError && BUSY.test(cause.name))) throw cause;
      throw new AppError(
        ErrorCode.resourceExhausted,
        `${operation.name} is busy: too many calls at once. Call again in a few seconds.`,
        { retryable: true, cause },
      );
    }
  }
}

function limitMs({ execution }: StateMachineOperation): number {
  return execution.mode === 'sync' ? execution.limitMs : 0;
}

function timedOut(operation: StateMachineOperation, cause?: unknown): AppError {
  const limit_seconds = limitMs(operation) / 1000;
  return new AppError(
    ErrorCode.timedOut,
    `${operation.name} exceeded its limit of ${limit_seconds} s. Request less work, or call again.`,
    { retryable: true, details: { limit_seconds }, cause },
  );
}
