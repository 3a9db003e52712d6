/** Runs the steps of a job: updates its record before and after each step, and reports the outcome to the state machine. */

import { isDeepStrictEqual } from 'node:util';
import { checkResult } from '../definition/check-result.ts';
import type { FinishedStep } from '../definition/finished-step.ts';
import type { StepsOperation } from '../definition/operation-definition.ts';
import { StateError } from '../definition/state-error.ts';
import {
  HANDED_OVER,
  RETRYABLE_STEP_ERROR,
  STEP_INTERRUPTED,
  STEP_WRAP_UP_MS,
} from '../definition/state-names.ts';
import type { OtherJobs, Step, Workspace } from '../definition/step-context.ts';
import { fitFailure, type RetryableFailure } from '../definition/step-failure.ts';
import { boundError } from '../jobs/bound-record.ts';
import { isTerminal, type Job, type JobError, logsOf, stepLogKey } from '../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import { CodedError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { log } from '../shared/observability/log.ts';
import { ThrownResult } from '../shared/observability/thrown-result.ts';
import { type JobTrace, toTraceContext } from '../shared/observability/trace-context.ts';
import { currentTrace, inSpan } from '../shared/observability/tracing.ts';
import { FAILURE_TRANSITIONS, sumUsage, type Usage } from '../shared/usage.ts';
import { toJson } from '../shared/well-formed.ts';
import { placeResult } from '../workspace/place-result.ts';
import type { S3Workspace } from '../workspace/s3-workspace.ts';
import { CallRequired, createApis } from './api-calls.ts';
import { attemptStep, type Ending } from './attempt-step.ts';
import { LambdaFailure } from './lambda-failure.ts';
import { LiveLog, type LiveLogOptions } from './live-log.ts';
import { createInputRequests, InputRequired } from './request-input.ts';
import { copyRetriedFiles, ResumeAt, resumedStep } from './resume-job.ts';
import { FileStepLog } from './step-log.ts';
import { resultTooLarge, storeLog } from './step-output.ts';
import { StepRefused } from './step-refused.ts';
import { metered, sandboxMbOf, stepFunction, type UsageMeter, usageOf } from './step-usage.ts';

/** Event from a state to its function. */
export interface StepEvent {
  readonly step: string;
  readonly jobId: string;
  readonly owner: string;
  readonly input: Json;
  readonly finished: Readonly<Record<string, FinishedStep>>;
  /** 0 on the first attempt; each retry of the state adds one, also after failures of Lambda. */
  readonly attempt: number;
}

/** The fields in use of Lambda's context. */
export interface Invocation {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export interface StepRunnerOptions {
  readonly operation: StepsOperation;
  readonly steps: Readonly<Record<string, Step<never, never>>>;
  readonly jobs: JobStore;
  readonly workspace: Workspace & Pick<S3Workspace, 'copyAll'>;
  /** Stores the logs of running steps. @default a log is stored when its step ends */
  readonly liveLogs?: LiveLogOptions['files'];
  /** Milliseconds between heartbeats, which write progress and find out that a job was cancelled. @default 2,000 */
  readonly heartbeatMs?: number;
}

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

/** Two seconds: more frequent heartbeats would cost more than they show. */
const DEFAULT_HEARTBEAT_MS = 2_000;
/** The line after an answer or an API call. */
const CONTINUED = '-- continued --';
/** Before a call: the choice of the next state, the wait unless the call is at once, and the call. */
const callTransitions = (seconds: number) => (seconds > 0 ? 3 : 2);
/** After the last call: the choice, and the state that ends the execution. */
const LAST_CALL_TRANSITIONS = 2;
/** Nobody waits for a cancelled step. */
const LAST_LINES_TIMEOUT_MS = 3_000;

/**
 * Creates the handler for all steps of an operation. The handler returns the result of the step or its next API call. It
 * returns null after the last step, whose result is on the job. It throws RetryableStepError, InputRequired, ResumeAt,
 * StepInterrupted, StepEnded or LambdaFailure for the state machine.
 */
export function createStepRunner(options: StepRunnerOptions) {
  const { operation, steps, jobs, workspace, liveLogs, heartbeatMs = DEFAULT_HEARTBEAT_MS } = options;
  const names = Object.keys(operation.steps);
  const ranBy = stepFunction(operation.sandbox && sandboxMbOf(operation));

  /** @returns the definition of a step, its function and what depends on its place. @throws Error for an unknown step */
  function stepOf({ step }: StepEvent, invocation: Invocation) {
    const index = names.indexOf(step);
    const definition = operation.steps[step];
    const work = steps[step];
    if (!definition || !work) throw new Error(`Operation ${operation.name} has no step "${step}".`);
    const overall = (fraction: number) => (index + fraction) / names.length;
    const limitMs = () =>
      timeLeft(Math.min(definition.timeoutMs, invocation.getRemainingTimeInMillis() - STEP_WRAP_UP_MS));
    return { index, definition, work, overall, limitMs };
  }

  return (event: StepEvent, invocation: Invocation) => metered((meter) => run(event, invocation, meter));

  async function run(
    event: StepEvent,
    invocation: Invocation,
    meter: UsageMeter,
  ): Promise<FinishedStep | null> {
    const { step, jobId, finished, attempt } = event;
    const { index, overall, limitMs } = stepOf(event, invocation);
    const lease = invocation.awsRequestId;

    const resumed = resumedStep(names, event);
    if (resumed !== undefined) {
      await guarded(copyRetriedFiles({ jobs, workspace }, jobId, AbortSignal.timeout(limitMs())));
      throw new ResumeAt(resumed);
    }

    // A step can be named like an inherited property: `constructor`.
    const called = Object.hasOwn(finished, step) ? finished[step] : undefined;
    const message = called?.next?.message;
    const before = names[index - 1];
    const ended = before === undefined ? undefined : finished[before]?.ended;
    const job = await guarded(
      jobs.begin(jobId, {
        step,
        progress: overall(0),
        lease,
        message,
        ...(before !== undefined && ended !== undefined && { ended: { step: before, ended } }),
        continues: called !== undefined,
        stepUsage: usageOf(finished),
        stepFunction: ranBy,
      }),
    );
    const span = {
      name: `${operation.name} ${step}`,
      attributes: { job_id: jobId, operation: operation.name, step, attempt: attempt + 1 },
      isFailure: (error: unknown) => !(error instanceof InputRequired),
    };
    return inSpan(job.trace ?? currentTrace(), span, (trace) =>
      runBegun(event, invocation, job, trace, meter),
    );
  }

  /** @param job as the begin of this attempt left it */
  async function runBegun(
    event: StepEvent,
    invocation: Invocation,
    job: Job,
    trace: JobTrace,
    meter: UsageMeter,
  ): Promise<FinishedStep | null> {
    const { step, jobId, owner, input, attempt, finished } = event;
    const { index, definition, work, overall, limitMs } = stepOf(event, invocation);
    const lease = invocation.awsRequestId;
    const called = Object.hasOwn(finished, step) ? finished[step] : undefined;
    const beganMs = performance.now();
    const stepLog = await FileStepLog.create();
    const live = liveLogs && new LiveLog({ log: stepLog, files: liveLogs, job, step });
    try {
      const { [HANDED_OVER]: handedOver, ...earlier } = finished;
      const asked = Object.values(job.inputRequests ?? {}).filter((request) => request.step === step);
      const questions = asked.length;
      const printed = called?.printed?.questions === questions ? called.printed : undefined;
      if (attempt > 0) await live?.resume(`-- attempt ${attempt + 1} --`, printed);
      else if (printed) await live?.continue(CONTINUED, printed);
      else if (called || questions > 0) await live?.resume(CONTINUED);
      const results = Object.fromEntries(Object.entries(earlier).map(([name, { result }]) => [name, result]));
      const ending = await attemptStep({
        step,
        work,
        context: {
          jobId,
          owner,
          input,
          results,
          ...(handedOver && { handedOver: handedOver.result }),
          attempt,
          trace: toTraceContext(trace),
          ...createInputRequests(step, definition, job),
          apis: createApis(step, definition, called),
          jobs: otherJobs(jobs, owner),
          log: live ?? stepLog,
          workspace,
        },
        jobs,
        job,
        lease,
        // After a crash the recorded progress can be ahead; it stays until this attempt catches up.
        overall: (fraction) => Math.max(job.progress, overall(fraction)),
        limitMs: limitMs(),
        heartbeatMs,
      });
      const interruption = ending.kind === 'failure' ? ending.error : undefined;
      if (interruption instanceof InputRequired) {
        await live?.flush();
        throw interruption;
      }
      if (interruption instanceof CallRequired) {
        const { next } = interruption;
        log.debug('The step calls an API', { seconds: next.seconds });
        const written = await live?.pause(next.seconds);
        const progress = Math.max(job.progress, overall(0));
        const used = sumUsage([meter.used(), { transitions: callTransitions(next.seconds) }]);
        await guarded(jobs.report(jobId, lease, { progress, message: next.message, used }));
        return { result: null, next, ...(written && { printed: { ...written, questions } }) };
      }
      if (ending.kind === 'leaseLost') {
        log.info('Step stopped: its job has ended, or a later attempt runs');
        if (live && (await hasEnded(jobs, job))) await live.flush(LAST_LINES_TIMEOUT_MS);
        throw new StepEnded(`Job ${jobId} has ended or another attempt has taken over; ${step} stops.`);
      }

      await live?.stop();
      await live?.readEarlier();
      const stored = await storeLog(stepLog, workspace, stepLogKey(jobId, step));
      const ownLog = stored && { [step]: stored };
      const end = { step, logs: { ...logsOf(finished), ...ownLog }, logTail: stepLog.tail() };
      const isLast = index === names.length - 1;
      const total = (more: Usage = {}) => ({ stepUsage: sumUsage([usageOf(finished), meter.used(), more]) });
      const failed = () => total({ transitions: FAILURE_TRANSITIONS });
      const outcome = checkOutcome(operation, step, isLast, ending);

      if (outcome.kind === 'failure') {
        if (outcome.error instanceof LambdaFailure) {
          log.warn('The function of a step failed', { error: outcome.error });
          throw outcome.error;
        }
        if (outcome.error instanceof StepRefused) {
          const { message } = outcome.error;
          await guarded(jobs.refuse(jobId, lease, { ...end, ...failed(), message }, job.retentionSeconds));
          throw new StepEnded(message);
        }
        const error = toJobError(outcome.error, step, invocation.awsRequestId);
        if (error.retryable) {
          const used = meter.used();
          const isRetried = attempt < (definition.retries ?? 0);
          if (isRetried) await noted(jobs.recordFailedAttempt(jobId, lease, { ...error, step, used }));
          const failure = { error, logs: ownLog, logTail: end.logTail };
          throw new RetryableStepError(isRetried ? failure : { ...failure, used });
        }
        await guarded(
          jobs.fail(jobId, error, { ...end, ...failed(), lease, retentionSeconds: job.retentionSeconds }),
        );
        throw new StepEnded(`${error.code}: ${error.message}`);
      }
      // The end of the last step is the end of the job.
      if (!isLast) {
        log.info('Step ended', { duration_ms: Math.round(performance.now() - beganMs) });
        const used = meter.used();
        return { result: outcome.result, ...(stored && { log: stored }), ended: Date.now(), used };
      }
      const result = await guarded(placeResult(outcome.result, workspace, jobId));
      await guarded(
        jobs.complete(
          jobId,
          lease,
          { ...end, ...result, ...total(definition.calls && { transitions: LAST_CALL_TRANSITIONS }) },
          job.retentionSeconds,
        ),
      );
      return null;
    } finally {
      await live?.stop();
      await stepLog.remove();
    }
  }
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

/**
 * One read. A later attempt of the step writes the log itself; the last event of the timeline is then its own.
 * @returns whether the job has ended since the attempt began, without a later one
 */
async function hasEnded(jobs: JobStore, { jobId, createdAt, timeline }: Job): Promise<boolean> {
  try {
    const now = await jobs.find(jobId);
    const isSame = now?.createdAt === createdAt && isDeepStrictEqual(now?.timeline?.at(-1), timeline?.at(-1));
    return isSame && isTerminal(now.status);
  } catch (error) {
    log.warn('Failed to read a job; the last lines of its log are lost', { error });
    return false;
  }
}

/**
 * Returns the time of a step. Slow writes before it may have used it up: that is no timeout of the step.
 * @throws StepInterrupted when no time is left: the next attempt has the time of a whole invocation
 */
function timeLeft(limitMs: number): number {
  if (limitMs > 0) return limitMs;
  throw new StepInterrupted('No time was left for the step when it began; the state retries.');
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

/** Only the timeline needs this write: its failure does not change the outcome of the attempt. */
async function noted(write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (error instanceof TransitionRefused) throw new StepEnded(error.message);
    log.warn('Failed to record a failed attempt', { error });
  }
}

type Outcome = Exclude<Ending, { kind: 'leaseLost' }>;

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

function toJobError(error: unknown, step: string, requestId: string): JobError {
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
