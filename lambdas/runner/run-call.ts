/** Does the work of a call while its caller waits: under a limit, and without a job. */

import type { CallAnswer, CallEvent } from '../definition/call-protocol.ts';
import { checkedResult } from '../definition/check-result.ts';
import type { StepsOperation } from '../definition/operation-definition.ts';
import type { Step, Workspace } from '../definition/step-context.ts';
import type { InputAnswer } from '../jobs/job.ts';
import { AppError, CodedError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { createRequestInput, fitting, InputRequired } from './request-input.ts';
import type { Invocation } from './run-step.ts';
import { tooLargeToHandOn } from './step-output.ts';

export interface CallRunnerOptions {
  readonly operation: StepsOperation;
  readonly work: Step<never, never>;
  readonly workspace: Workspace;
}

/** Before the limit: to store what has been done, for the job that goes on with it. */
const HAND_OVER_MS = 2_000;

/** A handler for calls of an operation of mode `sync` or `sync_first`. @throws nothing that a caller could read */
export function createCallRunner({ operation, work, workspace }: CallRunnerOptions) {
  const { execution, name } = operation;
  if (execution.mode === 'job') throw new Error(`Operation ${name} is always a job.`);
  const { limitMs, mode } = execution;
  const [[step, definition] = noStep()] = Object.entries(operation.steps);

  return async ({ call }: CallEvent, { awsRequestId }: Invocation): Promise<CallAnswer> => {
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
          Object.assign(accepted, fitting(form, call.answers ?? {}));
          return createRequestInput(step, definition, { answers: accepted })(form);
        },
        apis: { call: noJob },
        requestUpload: noJob,
        jobs: { find: noJob, isOpen: noJob },
        // What it prints while somebody waits is kept by nobody.
        log: { write: () => {} },
        workspace,
        ...(mode === 'sync_first' && { call: { isDue: () => Date.now() >= dueAt, handOver } }),
      });
      return { result: checkedResult(operation, await Promise.race([working, isOver])) };
    } catch (error) {
      if (error instanceof HandedOver) return { handedOver: error.done, answers: accepted };
      if (error instanceof InputRequired) return { asked: error.questions, answers: accepted };
      return { error: describe(error, name, awsRequestId) };
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Not a failure: the way out of a step that goes on as a job. */
class HandedOver extends Error {
  readonly done: Json;

  constructor(done: Json) {
    super('Handed over');
    this.done = done;
  }
}

function noStep(): never {
  throw new Error('An operation has a step.');
}

function noJob(): never {
  throw new Error(
    'A step has APIs called, or looks for jobs, while there is no job: give the operation mode job.',
  );
}

function handOver(done: Json): never {
  const tooLarge = tooLargeToHandOn('call', done);
  if (tooLarge) throw tooLarge;
  throw new HandedOver(done);
}

function timedOut(name: string, limitMs: number): AppError {
  const limit_seconds = limitMs / 1000;
  return new AppError(
    ErrorCode.timedOut,
    `${name} did not end within its ${limit_seconds} s. Ask for less, or try again.`,
    { retryable: true, details: { limit_seconds } },
  );
}

function describe(error: unknown, name: string, requestId: string) {
  if (error instanceof CodedError) {
    const { code, message, retryable, details, cause } = error;
    if (cause) console.warn({ message: 'A call failed', operation: name, code, cause });
    return { code, message, retryable, ...(details && { details }) };
  }
  console.error({ message: 'A call failed unexpectedly', operation: name, error });
  const message = `${name} failed unexpectedly. The operator finds why in the log of request ${requestId}.`;
  return { code: ErrorCode.internal, message, retryable: false };
}
