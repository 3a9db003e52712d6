/** Runs one attempt at one step: what surrounds an operation's own code, whatever the operation. */
import type { JobError } from '../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import {
  type OperationDefinition,
  RETRYABLE_STEP_ERROR,
  STEP_ENDED,
  STEP_WRAP_UP_MS,
  type StepDefinition,
} from './define-operation.ts';
import { Pulse } from './pulse.ts';
import type { Step, Workspace } from './step.ts';
import { FileStepLog } from './step-log.ts';
import { type FinishedStep, logsOf, placeResult, storeLog, tooLargeToHandOn } from './step-output.ts';

/** What a state passes to its function. */
export interface StepEvent {
  readonly step: string;
  readonly jobId: string;
  readonly owner: string;
  readonly input: Json;
  readonly finished: Readonly<Record<string, FinishedStep>>;
  /** 0 on the first try. */
  readonly attempt: number;
}

/** The part of Lambda's context that matters here. */
export interface Invocation {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export interface StepRunnerOptions {
  readonly operation: OperationDefinition;
  readonly steps: Readonly<Record<string, Step<never>>>;
  readonly jobs: JobStore;
  readonly workspace: Workspace;
  /** Milliseconds between heartbeats: how soon a cancelled job's step stops, and the most often progress is written. */
  readonly pulseMs?: number;
}

/** Thrown out of the function so that the state's `Retry` takes it. */
export class RetryableStepError extends Error {
  override readonly name = RETRYABLE_STEP_ERROR;
}

/** Thrown out of the function when the job's record already says all there is to say. */
export class StepEnded extends Error {
  override readonly name = STEP_ENDED;
}

/** Two seconds: a read twice a second per running job would cost more than its progress. */
const DEFAULT_PULSE_MS = 2_000;
/** A step that ignores its signal is left behind after this long. */
const ABORT_GRACE_MS = 5_000;

type Ending =
  | { readonly kind: 'result'; readonly result: Json }
  | { readonly kind: 'failure'; readonly error: unknown };

/**
 * A handler for every step of an operation.
 * @returns what the next states need; null after the last step, whose result is on the job.
 * @throws RetryableStepError, or StepEnded once the failure is on the job's record.
 */
export function createStepRunner({
  operation,
  steps,
  jobs,
  workspace,
  pulseMs = DEFAULT_PULSE_MS,
}: StepRunnerOptions) {
  const names = Object.keys(operation.steps);

  return async (event: StepEvent, invocation: Invocation): Promise<FinishedStep | null> => {
    const { step, jobId, attempt, finished } = event;
    const index = names.indexOf(step);
    const definition = operation.steps[step];
    const work = steps[step];
    if (!definition || !work) throw new Error(`Operation ${operation.name} has no step "${step}".`);
    const lease = invocation.awsRequestId;
    const overall = (fraction: number) => (index + fraction) / names.length;

    const job = await orEnd(jobs.begin(jobId, { step, progress: overall(0), lease }));
    const log = await FileStepLog.create();
    const stop = new AbortController();
    const pulse = new Pulse({
      intervalMs: pulseMs,
      // After a crash the record may be ahead of this attempt: what it says stays until this attempt has caught up.
      report: ({ fraction, message }) =>
        jobs.report(jobId, lease, { progress: Math.max(job.progress, overall(fraction)), message }),
      holds: () => jobs.holds(jobId, lease),
      onLost: () => stop.abort(new StepEnded(`Job ${jobId} has ended or moved on; step ${step} stops.`)),
      isLoss: (error) => error instanceof TransitionRefused,
    });
    const limitMs = Math.min(definition.timeoutMs, invocation.getRemainingTimeInMillis() - STEP_WRAP_UP_MS);
    const deadline = setTimeout(() => stop.abort(timedOut(step, definition)), limitMs);

    try {
      const ending = await settle(
        work({
          jobId,
          owner: event.owner,
          input: event.input as never,
          results: Object.fromEntries(Object.entries(finished).map(([name, { result }]) => [name, result])),
          attempt,
          signal: stop.signal,
          progress: (fraction, message) => pulse.note(fraction, message),
          log,
          workspace,
        }),
        stop.signal,
      );
      clearTimeout(deadline);
      await pulse.stop();
      if (stop.signal.reason instanceof StepEnded) throw stop.signal.reason;

      const stored = await storeLog(log, workspace, `logs/${jobId}/${step}.log`);
      const logs = { ...logsOf(finished), ...(stored && { [step]: stored }) };
      const end = { step, logs, logTail: log.tail() };

      const fail = async (error: unknown): Promise<never> => {
        const failure = toJobError(error, step, invocation.awsRequestId);
        if (failure.retryable && attempt < (definition.retries ?? 0))
          throw new RetryableStepError(failure.message);
        await orEnd(jobs.fail(jobId, failure, { ...end, lease, retentionSeconds: job.retentionSeconds }));
        throw new StepEnded(`${failure.code}: ${failure.message}`);
      };

      if (ending.kind === 'failure') return await fail(ending.error);
      if (index < names.length - 1) {
        const handedOn = { result: ending.result ?? null, ...(stored && { log: stored }) };
        const tooLarge = tooLargeToHandOn(step, handedOn);
        return tooLarge ? await fail(tooLarge) : handedOn;
      }
      const output = operation.output.safeParse(ending.result);
      if (!output.success) {
        return await fail(
          new AppError(ErrorCode.resultInvalid, `The result of ${operation.name} is not what it promises.`, {
            cause: output.error,
          }),
        );
      }
      const result = await placeResult(output.data as Json, workspace, jobId);
      await orEnd(jobs.complete(jobId, lease, { ...end, ...result }, job.retentionSeconds));
      return null;
    } finally {
      clearTimeout(deadline);
      await pulse.stop();
      await log.remove();
    }
  };
}

/** A refused write means that the job has ended without us, and so does this step. */
async function orEnd<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    throw error instanceof TransitionRefused ? new StepEnded(error.message) : error;
  }
}

/**
 * The step's ending, or that of its signal: once that has fired, an answer may be half of one, and is not taken. A step
 * that does not end after it is left behind.
 */
async function settle(work: Promise<Json>, signal: AbortSignal): Promise<Ending> {
  let grace: NodeJS.Timeout | undefined;
  const aborted = (): Ending => ({ kind: 'failure', error: signal.reason });
  const abandoned = new Promise<Ending>((resolve) => {
    signal.addEventListener('abort', () => {
      grace = setTimeout(() => resolve(aborted()), ABORT_GRACE_MS);
    });
  });
  const done = work.then(
    (result): Ending => (signal.aborted ? aborted() : { kind: 'result', result }),
    (error): Ending => (signal.aborted ? aborted() : { kind: 'failure', error }),
  );
  const ending = await Promise.race([done, abandoned]);
  clearTimeout(grace);
  return ending;
}

function timedOut(step: string, { timeoutMs }: StepDefinition): AppError {
  return new AppError(
    ErrorCode.stepTimedOut,
    `The step ${step} took longer than its limit of ${timeoutMs / 1000} s and was stopped.`,
    { details: { limit_seconds: timeoutMs / 1000 } },
  );
}

function toJobError(error: unknown, step: string, requestId: string): JobError {
  if (error instanceof AppError) {
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
