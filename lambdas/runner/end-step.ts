/** Ends an attempt of a step: checks its result, stores its log, and records the outcome for the job and its state machine. */
import { checkResult } from '../definition/check-result.ts';
import type { FinishedStep } from '../definition/finished-step.ts';
import type { StepsOperation } from '../definition/operation-definition.ts';
import { StateError } from '../definition/state-error.ts';
import { RETRYABLE_STEP_ERROR, STEP_INTERRUPTED } from '../definition/state-names.ts';
import type { Workspace } from '../definition/step-context.ts';
import { fitFailure, type RetryableFailure } from '../definition/step-failure.ts';
import { boundError } from '../jobs/bound-record.ts';
import { type Job, type JobError, JobStatus, stepLogKey } from '../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import { CodedError, ErrorCode } from '../shared/errors.ts';
import { log } from '../shared/observability/log.ts';
import { ThrownResult } from '../shared/observability/thrown-result.ts';
import { FAILURE_TRANSITIONS, sumUsage, type Usage } from '../shared/usage.ts';
import { toJson } from '../shared/well-formed.ts';
import { placeResult } from '../workspace/place-result.ts';
import type { Ending } from './attempt-step.ts';
import { LambdaFailure } from './lambda-failure.ts';
import type { LiveLog } from './live-log.ts';
import type { FileStepLog } from './step-log.ts';
import { resultTooLarge, storeLog } from './step-output.ts';
import { StepRefused } from './step-refused.ts';

/** A retryable failure of a step: the state retries as often as the definition allows, then records it. */
export class RetryableStepError extends StateError {
  override readonly name = RETRYABLE_STEP_ERROR;

  constructor(failure: RetryableFailure) {
    super(toJson(fitFailure(failure)));
  }
}

/** A failure of the runner, such as a failed write: the state always retries. */
export class StepInterrupted extends ThrownResult {
  override readonly name = STEP_INTERRUPTED;
}

/** Ends the execution; the job's record already contains the reason. */
export class StepEnded extends ThrownResult {
  override readonly name = 'StepEnded';
}

/** After the last call of a step with `calls`: the choice, and the state that ends the execution. */
const LAST_CALL_TRANSITIONS = 2;

export type Outcome = Exclude<Ending, { kind: 'leaseLost' }>;

export interface EndingAttempt {
  readonly operation: StepsOperation;
  readonly jobs: JobStore;
  readonly workspace: Workspace;
  readonly job: Pick<Job, 'jobId' | 'retentionSeconds'>;
  readonly step: string;
  /** 0 on the first attempt; each retry of the state adds one, also after crashes and throttling. */
  readonly attempt: number;
  /** Attempts of the step that failed before. */
  readonly failures: number;
  readonly lease: string;
  /** Of the invocation, for operators. */
  readonly requestId: string;
  /** Of the steps before. */
  readonly earlier: { readonly logs: Job['logs']; readonly stepUsage: Usage };
  /** What the attempt has used so far. */
  readonly used: () => Usage;
  readonly stepLog: FileStepLog;
  /** @default the log has no parts */
  readonly live?: LiveLog;
  /** Milliseconds. */
  readonly durationMs: number;
}

/**
 * Repeating it gives the same outcome.
 * @returns the result for the states that follow; null after the last step, whose result is on the job
 * @throws RetryableStepError, StepInterrupted, StepEnded or LambdaFailure
 */
export async function endStep(ending: Outcome, attempted: EndingAttempt): Promise<FinishedStep | null> {
  const { operation, jobs, workspace, job, step, lease, requestId, earlier, used, stepLog, live } = attempted;
  const { jobId, retentionSeconds } = job;
  const definition = operation.steps[step];
  await live?.stop();
  await live?.readEarlier();
  const stored = await storeLog(stepLog, workspace, stepLogKey(jobId, step));
  const ownLog = stored && { [step]: stored };
  const end = { step, logs: { ...earlier.logs, ...ownLog }, logTail: stepLog.tail() };
  const isLast = step === Object.keys(operation.steps).at(-1);
  const total = (more: Usage = {}) => ({ stepUsage: sumUsage([earlier.stepUsage, used(), more]) });
  const failed = () => total({ transitions: FAILURE_TRANSITIONS });
  const outcome = checkOutcome(operation, step, isLast, ending);

  if (outcome.kind === 'failure') {
    if (outcome.error instanceof LambdaFailure) {
      log.warn('The function of a step failed', { error: outcome.error });
      throw outcome.error;
    }
    if (outcome.error instanceof StepRefused) {
      const { message } = outcome.error;
      await guarded(jobs.refuse(jobId, lease, { ...end, ...failed(), message }, retentionSeconds));
      throw new StepEnded(message);
    }
    const error = toJobError(outcome.error, step, requestId);
    if (error.retryable) {
      const isRetried = isRetriedAfter(attempted, definition?.retries);
      const usedSoFar = used();
      if (isRetried) await noted(jobs.recordFailedAttempt(jobId, lease, { ...error, step, used: usedSoFar }));
      const failure = { error, logs: ownLog, logTail: end.logTail };
      throw new RetryableStepError(isRetried ? failure : { ...failure, used: usedSoFar });
    }
    await guarded(jobs.fail(jobId, error, { ...end, ...failed(), lease, retentionSeconds }));
    throw new StepEnded(`${error.code}: ${error.message}`);
  }
  // The end of the last step is the end of the job.
  if (!isLast) {
    log.info('Step ended', { duration_ms: Math.round(attempted.durationMs) });
    return { result: outcome.result, ...(stored && { log: stored }), ended: Date.now(), used: used() };
  }
  const result = await guarded(placeResult(outcome.result, workspace, jobId));
  const usage = total(definition?.calls && { transitions: LAST_CALL_TRANSITIONS });
  await guarded(
    jobs.complete(jobId, lease, { ...end, ...result, ...usage }, retentionSeconds).catch((refusal) => {
      if (!isRepeated(refusal)) throw refusal;
    }),
  );
  return null;
}

/**
 * @returns whether the state retries the failed attempt: it counts failures apart from crashes and throttling, and begins to count
 *   again after questions and API calls
 */
function isRetriedAfter({ attempt, failures }: EndingAttempt, retries = 0): boolean {
  return Math.min(attempt, failures) < retries;
}

/** The function of the first try ended after the write, and before it told the state machine. */
function isRepeated(error: unknown): boolean {
  return error instanceof TransitionRefused && error.job?.status === JobStatus.completed;
}

/**
 * A refused write ends this attempt: the job has ended, or another attempt has taken over. The state retries after other failures
 * of a read or a write.
 */
export async function guarded<T>(write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof TransitionRefused) throw new StepEnded(error.message);
    log.error('A step was interrupted', { error });
    throw new StepInterrupted('A write of the step runner failed. Read its log for the cause.');
  }
}

/** Only the timeline and the count of crashes need this write: its failure does not change the outcome of the attempt. */
async function noted(write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (error instanceof TransitionRefused) throw new StepEnded(error.message);
    log.warn('Failed to record a failed attempt', { error });
  }
}

/** Checks the schema of a step's result, and of the job's result or the size for the next step. */
function checkOutcome(operation: StepsOperation, step: string, isLast: boolean, ending: Outcome): Outcome {
  if (ending.kind === 'failure') return ending;
  try {
    const named = { name: `step ${step} of ${operation.name}`, output: operation.steps[step]?.output };
    const result = checkResult(named, ending.result);
    if (isLast) return { kind: 'result', result: checkResult(operation, result) };
    const error = resultTooLarge(step, result);
    return error ? { kind: 'failure', error } : { kind: 'result', result };
  } catch (error) {
    return { kind: 'failure', error };
  }
}

export function toJobError(error: unknown, step: string, requestId: string): JobError {
  if (error instanceof CodedError) {
    const { code, message, retryable, details } = error;
    if (error.cause) log.warn('A step failed', { code, cause: error.cause });
    return boundError({ code, message, step, retryable, ...(details && { details }) });
  }
  log.error('A step failed unexpectedly', { error });
  return {
    code: ErrorCode.internal,
    message: `The step ${step} failed unexpectedly. Ask the operator to read the log of request ${requestId}.`,
    step,
    retryable: false,
  };
}
