/** Runs a synchronous call: the step runs within a time limit and without a job. */

import type { CallEvent, CallResult } from '../definition/call-protocol.ts';
import { checkResult } from '../definition/check-result.ts';
import type { StepsOperation } from '../definition/operation-definition.ts';
import type { Step, Workspace } from '../definition/step-context.ts';
import { boundError } from '../jobs/bound-record.ts';
import type { InputAnswer } from '../jobs/job.ts';
import { AppError, CodedError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { log } from '../shared/observability/log.ts';
import { toTraceContext } from '../shared/observability/trace-context.ts';
import { currentTrace, inSpan } from '../shared/observability/tracing.ts';
import { wellFormed } from '../shared/well-formed.ts';
import { createRequestInput, InputRequired, validAnswers } from './request-input.ts';
import type { Invocation } from './run-step.ts';
import { resultTooLarge } from './step-output.ts';

export interface CallRunnerOptions {
  readonly operation: StepsOperation;
  readonly work: Step<never, never>;
  readonly workspace: Workspace;
}

/** Time before the limit to store intermediate results for the job that continues the call. */
const HAND_OVER_MS = 2_000;

/** Creates the handler for calls of an operation of mode `sync` or `sync_first`. The handler returns errors as results. */
export function createCallRunner({ operation, work, workspace }: CallRunnerOptions) {
  const { execution, name } = operation;
  if (execution.mode === 'job')
    throw new Error(`Operation ${name} has mode job. Start a job instead of a call.`);
  const { limitMs, mode } = execution;
  const [[step, definition] = noStep()] = Object.entries(operation.steps);

  return ({ call }: CallEvent, invocation: Invocation): Promise<CallResult> => {
    const span = { name: `${name} ${step}`, attributes: { operation: name, step } };
    return inSpan(call.trace ?? currentTrace(), span, (trace) =>
      runCall({ ...call, trace: toTraceContext(trace) }, invocation),
    );
  };

  async function runCall(call: CallEvent['call'], { awsRequestId }: Invocation): Promise<CallResult> {
    const dueAt = Date.now() + limitMs - HAND_OVER_MS;
    const limit = new AbortController();
    const accepted: Record<string, InputAnswer> = {};
    const timer = setTimeout(() => limit.abort(timedOut(name, limitMs)), limitMs);
    const isOver = new Promise<never>((_resolve, reject) => {
      limit.signal.addEventListener('abort', () => reject(limit.signal.reason), { once: true });
    });
    try {
      const working = work({
        ...call,
        input: call.input as never,
        results: {} as never,
        attempt: 0,
        signal: limit.signal,
        progress: () => {},
        requestInput: (form) => {
          Object.assign(accepted, validAnswers(form, call.answers ?? {}));
          return createRequestInput(step, definition, { answers: accepted })(form);
        },
        apis: { call: noJob },
        requestUpload: noJob,
        jobs: { find: noJob, isOpen: noJob },
        // The log of a synchronous call is not stored.
        log: { write: () => {}, drain: async () => {} },
        workspace,
        ...(mode === 'sync_first' && { call: { isDue: () => Date.now() >= dueAt, handOver } }),
      });
      return { result: checkResult(operation, await Promise.race([working, isOver])) };
    } catch (error) {
      if (error instanceof HandedOver) return { handedOver: wellFormed(error.done), answers: accepted };
      if (error instanceof InputRequired) return { asked: wellFormed(error.questions), answers: accepted };
      return { error: describe(error, name, awsRequestId) };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Ends a call whose step continues as a job. Not a failure. */
class HandedOver extends Error {
  readonly done: Json;

  constructor(done: Json) {
    super('Handed over');
    this.done = done;
  }
}

function noStep(): never {
  throw new Error('The operation has no step.');
}

function noJob(): never {
  throw new Error(
    'A step of a synchronous call cannot call APIs, request uploads or read jobs. Use mode job.',
  );
}

function handOver(done: Json): never {
  const tooLarge = resultTooLarge('call', done);
  if (tooLarge) throw tooLarge;
  throw new HandedOver(done);
}

function timedOut(name: string, limitMs: number): AppError {
  const limit_seconds = limitMs / 1000;
  return new AppError(
    ErrorCode.timedOut,
    `${name} exceeded its limit of ${limit_seconds} s. Request less work, or call again.`,
    { retryable: true, details: { limit_seconds } },
  );
}

function describe(error: unknown, name: string, requestId: string) {
  if (error instanceof CodedError) {
    const { code, message, retryable, details, cause } = error;
    if (cause) log.warn('A call failed', { operation: name, code, cause });
    return boundError({ code, message, retryable, ...(details && { details }) });
  }
  log.error('A call failed unexpectedly', { operation: name, error });
  const message = `${name} failed unexpectedly. Ask the operator to read the log of request ${requestId}.`;
  return { code: ErrorCode.internal, message, retryable: false };
}
