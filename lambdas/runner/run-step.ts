/** What surrounds an operation's own code, whatever the operation: the job's record before and after each step. */

import { checkedResult } from '../definition/check-result.ts';
import type { FinishedStep } from '../definition/finished-step.ts';
import type { StepsOperation } from '../definition/operation-definition.ts';
import {
  HANDED_OVER,
  RETRYABLE_STEP_ERROR,
  STEP_INTERRUPTED,
  STEP_WRAP_UP_MS,
} from '../definition/state-names.ts';
import type { OtherJobs, Step, Workspace } from '../definition/step-context.ts';
import type { RetryableFailure } from '../definition/step-failure.ts';
import { isTerminal, type JobError, logsOf } from '../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import { CodedError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { placeResult } from '../workspace/place-result.ts';
import { CallRequired, createApis } from './api-calls.ts';
import { attemptStep, type Ending } from './attempt-step.ts';
import { LambdaFailure } from './lambda-failure.ts';
import { createRequests, InputRequired } from './request-input.ts';
import { FileStepLog } from './step-log.ts';
import { storeLog, tooLargeToHandOn } from './step-output.ts';
import { StepRefused } from './step-refused.ts';

/** What a state passes to its function. */
export interface StepEvent {
  readonly step: string;
  readonly jobId: string;
  readonly owner: string;
  readonly input: Json;
  readonly finished: Readonly<Record<string, FinishedStep>>;
  /** 0 on the first try; grows with every retry of the state, Lambda's own troubles included. */
  readonly attempt: number;
}

/** The part of Lambda's context that matters here. */
export interface Invocation {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export interface StepRunnerOptions {
  readonly operation: StepsOperation;
  readonly steps: Readonly<Record<string, Step<never, never>>>;
  readonly jobs: JobStore;
  readonly workspace: Workspace;
  /** Milliseconds between heartbeats: how soon a cancelled job's step stops, and the most often progress is written. */
  readonly pulseMs?: number;
}

/** The step failed in a way that may pass: the state tries again as often as the definition says, or has it recorded. */
export class RetryableStepError extends Error {
  override readonly name = RETRYABLE_STEP_ERROR;

  constructor(failure: RetryableFailure) {
    super(JSON.stringify(failure));
  }
}

/** What surrounds the step failed, such as a write: the state always tries again. */
export class StepInterrupted extends Error {
  override readonly name = STEP_INTERRUPTED;
}

/** The execution is to end: the job's record already says why. */
export class StepEnded extends Error {
  override readonly name = 'StepEnded';
}

/** Two seconds: more often, a running job's heartbeat would cost more than its progress. */
const DEFAULT_PULSE_MS = 2_000;

/**
 * A handler for every step of an operation.
 * @returns what the next states need: what the step has made, or the call it wants made; null after the last step, whose result is on the job.
 * @throws RetryableStepError, InputRequired, StepInterrupted, StepEnded or LambdaFailure: for the state, not for people.
 */
export function createStepRunner(options: StepRunnerOptions) {
  const { operation, steps, jobs, workspace, pulseMs = DEFAULT_PULSE_MS } = options;
  const names = Object.keys(operation.steps);

  return async (event: StepEvent, invocation: Invocation): Promise<FinishedStep | null> => {
    const { step, jobId, owner, input, attempt, finished } = event;
    const index = names.indexOf(step);
    const definition = operation.steps[step];
    const work = steps[step];
    if (!definition || !work) throw new Error(`Operation ${operation.name} has no step "${step}".`);
    const lease = invocation.awsRequestId;
    const overall = (fraction: number) => (index + fraction) / names.length;

    const called = finished[step];
    const message = called?.next?.message;
    const job = await guarded(jobs.begin(jobId, { step, progress: overall(0), lease, message }));
    const log = await FileStepLog.create();
    try {
      const { [HANDED_OVER]: before, ...earlier } = finished;
      const results = Object.fromEntries(Object.entries(earlier).map(([name, { result }]) => [name, result]));
      const ending = await attemptStep({
        step,
        work,
        context: {
          jobId,
          owner,
          input,
          results,
          ...(before && { handedOver: before.result }),
          attempt,
          ...createRequests(step, definition, job),
          apis: createApis(step, definition, called),
          jobs: otherJobs(jobs, owner),
          log,
          workspace,
        },
        jobs,
        lease,
        // After a crash the record may be ahead of this attempt: it stays until this attempt has caught up.
        overall: (fraction) => Math.max(job.progress, overall(fraction)),
        limitMs: Math.min(definition.timeoutMs, invocation.getRemainingTimeInMillis() - STEP_WRAP_UP_MS),
        pulseMs,
      });
      if (ending.kind === 'failure' && ending.error instanceof InputRequired) throw ending.error;
      if (ending.kind === 'failure' && ending.error instanceof CallRequired) {
        const { next } = ending.error;
        const progress = Math.max(job.progress, overall(0));
        await guarded(jobs.report(jobId, lease, { progress, message: next.message }));
        return { result: null, next };
      }
      if (ending.kind === 'lost') throw new StepEnded(`Job ${jobId} has ended or moved on; ${step} stops.`);

      const stored = await storeLog(log, workspace, `logs/${jobId}/${step}.log`);
      const logs = { ...logsOf(finished), ...(stored && { [step]: stored }) };
      const end = { step, logs, logTail: log.tail() };
      const isLast = index === names.length - 1;
      const outcome = checkResult(operation, step, isLast, ending);

      if (outcome.kind === 'failure') {
        if (outcome.error instanceof LambdaFailure) throw outcome.error;
        if (outcome.error instanceof StepRefused) {
          const { message } = outcome.error;
          await guarded(jobs.refuse(jobId, lease, { ...end, message }, job.retentionSeconds));
          throw new StepEnded(message);
        }
        const error = toJobError(outcome.error, step, invocation.awsRequestId);
        if (error.retryable) throw new RetryableStepError({ error, logs, logTail: end.logTail });
        await guarded(jobs.fail(jobId, error, { ...end, lease, retentionSeconds: job.retentionSeconds }));
        throw new StepEnded(`${error.code}: ${error.message}`);
      }
      if (!isLast) return { result: outcome.result, ...(stored && { log: stored }) };
      const result = await guarded(placeResult(outcome.result, workspace, jobId));
      await guarded(jobs.complete(jobId, lease, { ...end, ...result }, job.retentionSeconds));
      return null;
    } finally {
      await log.remove();
    }
  };
}

function otherJobs(jobs: JobStore, owner: string): OtherJobs {
  return {
    find: (jobId) => jobs.get(owner, jobId),
    isOpen: async (jobId) => {
      const job = await jobs.find(jobId);
      return job !== undefined && !isTerminal(job.status);
    },
  };
}

/** A refused write means that the job has ended without us, or has been taken over: either way, this attempt is over. */
async function guarded<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof TransitionRefused) throw new StepEnded(error.message);
    console.error({ message: 'A step was interrupted', error });
    throw new StepInterrupted('A write of the step runner failed; its log says why.');
  }
}

type Outcome = Exclude<Ending, { kind: 'lost' }>;

/** Checks what a step returns: its type, and that of the job's result or the size of what it hands on. */
function checkResult(operation: StepsOperation, step: string, isLast: boolean, ending: Outcome): Outcome {
  if (ending.kind === 'failure') return ending;
  try {
    const named = { name: `step ${step} of ${operation.name}`, output: operation.steps[step]?.output };
    const result = checkedResult(named, ending.result);
    if (isLast) return { kind: 'result', result: checkedResult(operation, result) };
    const error = tooLargeToHandOn(step, result);
    return error ? { kind: 'failure', error } : { kind: 'result', result };
  } catch (error) {
    return { kind: 'failure', error };
  }
}

function toJobError(error: unknown, step: string, requestId: string): JobError {
  if (error instanceof CodedError) {
    const { code, message, retryable, details } = error;
    if (error.cause) console.warn({ message: 'A step failed', step, code, cause: error.cause });
    return { code, message, step, retryable, ...(details && { details }) };
  }
  console.error({ message: 'A step failed unexpectedly', step, error });
  return {
    code: ErrorCode.internal,
    message: `The step ${step} failed unexpectedly. The operator finds why in the log of request ${requestId}.`,
    step,
    retryable: false,
  };
}
