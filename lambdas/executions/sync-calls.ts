/** Calls an operation's function or Express state machine, and waits for the result. */
import { type CallEvent, type CallResult, callResult } from '../definition/call-protocol.ts';
import { isStateMachineOperation, type OperationDefinition } from '../definition/operation-definition.ts';
import { signedFetch } from '../shared/aws/signed-fetch.ts';
import { cutText } from '../shared/cut-text.ts';
import { functionName } from '../shared/env.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import { toJson } from '../shared/well-formed.ts';
import { ExpressCalls } from './express-calls.ts';

/** Time for the function's cold start, in addition to the limit of the operation. */
const COLD_START_MS = 5_000;

export class SyncCalls {
  // No retries: the caller decides.
  readonly #fetch = signedFetch('lambda', { retries: 0 });
  readonly #express = new ExpressCalls();

  /** Makes one invocation or execution. @throws AppError TIMED_OUT, RESOURCE_EXHAUSTED, or INTERNAL_ERROR */
  async invoke(operation: OperationDefinition, event: CallEvent): Promise<CallResult> {
    const { name, execution } = operation;
    if (isStateMachineOperation(operation)) {
      return this.#express.invoke(operation, event.call.jobId, event.call.input);
    }
    const response = await this.#post(name, execution.mode === 'job' ? 0 : execution.limitMs, event);
    if (response.status === 429 || response.status >= 500) {
      throw new AppError(
        ErrorCode.resourceExhausted,
        `${name} is busy: too many calls at once. Call again in a few seconds.`,
        { retryable: true, cause: await response.text() },
      );
    }
    const text = await response.text();
    if (!response.ok || response.headers.has('x-amz-function-error')) {
      throw new Error(`The function of ${name} responded with ${response.status}: ${cutText(text, 1_000)}`);
    }
    return callResult.parse(JSON.parse(text));
  }

  async #post(name: string, limitMs: number, event: CallEvent): Promise<Response> {
    try {
      return await this.#fetch(`/2015-03-31/functions/${functionName(name)}/invocations`, {
        method: 'POST',
        body: toJson(event),
        signal: AbortSignal.timeout(limitMs + COLD_START_MS),
      });
    } catch (cause) {
      throw new AppError(ErrorCode.timedOut, `${name} did not respond in time. Call again.`, {
        retryable: true,
        cause,
      });
    }
  }
}
