/** Runs the steps of a job: updates its record before and after each step, and reports the outcome to the state machine. */

import { isDeepStrictEqual } from 'node:util';
import type { FinishedStep } from '../definition/finished-step.ts';
import type { StepsOperation } from '../definition/operation-definition.ts';
import { HANDED_OVER, STEP_WRAP_UP_MS } from '../definition/state-names.ts';
import type { OtherJobs, Step, Workspace } from '../definition/step-context.ts';
import { failedAttempts, isTerminal, type Job, logsOf } from '../jobs/job.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { Json } from '../shared/json.ts';
import { log } from '../shared/observability/log.ts';
import { type JobTrace, toTraceContext } from '../shared/observability/trace-context.ts';
import { currentTrace, inSpan } from '../shared/observability/tracing.ts';
import { sumUsage } from '../shared/usage.ts';
import type { S3Workspace } from '../workspace/s3-workspace.ts';
import { CallRequired, createApis } from './api-calls.ts';
import { attemptStep } from './attempt-step.ts';
import { endBefore, resultsOf } from './earlier-steps.ts';
import { endStep, guarded, StepEnded, StepInterrupted } from './end-step.ts';
import { attemptHeading, LiveLog, type LiveLogOptions } from './live-log.ts';
import { DEFAULT_PACE } from './progress-pace.ts';
import { createInputRequests, InputRequired } from './request-input.ts';
import { copyRetriedFiles, ResumeAt, resumedStep } from './resume-job.ts';
import { FileStepLog } from './step-log.ts';
import { metered, stepFunction, type UsageMeter, usageOf } from './step-usage.ts';

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

/** The line after an answer or an API call. */
const CONTINUED = '-- continued --';
/** Before a call: the choice of the next state, the wait unless the call is at once, and the call. */
const callTransitions = (seconds: number) => (seconds > 0 ? 3 : 2);
/** Nobody waits for a cancelled step. */
const LAST_LINES_TIMEOUT_MS = 3_000;

/**
 * Creates the handler for all steps of an operation. The handler returns the result of the step or its next API call. It
 * returns null after the last step, whose result is on the job. It throws RetryableStepError, InputRequired, ResumeAt,
 * StepInterrupted, StepEnded or LambdaFailure for the state machine.
 */
export function createStepRunner(options: StepRunnerOptions) {
  const { operation, steps, jobs, workspace, liveLogs, heartbeatMs = DEFAULT_PACE.watchedMs } = options;
  const names = Object.keys(operation.steps);
  const ranBy = stepFunction();

  /** @returns the definition of a step, its function and what depends on its place. @throws Error for an unknown step */
  function stepOf({ step }: StepEvent, invocation: Invocation) {
    const index = names.indexOf(step);
    const definition = operation.steps[step];
    const work = steps[step];
    if (!definition || !work) throw new Error(`Operation ${operation.name} has no step "${step}".`);
    const overall = (fraction: number) => (index + fraction) / names.length;
    const limitMs = () =>
      timeLeft(Math.min(definition.timeoutMs, invocation.getRemainingTimeInMillis() - STEP_WRAP_UP_MS));
    return { definition, work, overall, limitMs };
  }

  return (event: StepEvent, invocation: Invocation) => metered((meter) => run(event, invocation, meter));

  async function run(
    event: StepEvent,
    invocation: Invocation,
    meter: UsageMeter,
  ): Promise<FinishedStep | null> {
    const { step, jobId, finished, attempt } = event;
    const { overall, limitMs } = stepOf(event, invocation);
    const lease = invocation.awsRequestId;

    const resumed = resumedStep(names, event);
    if (resumed !== undefined) {
      await guarded(copyRetriedFiles({ jobs, workspace }, jobId, AbortSignal.timeout(limitMs())));
      throw new ResumeAt(resumed);
    }

    // A step can be named like an inherited property: `constructor`.
    const called = Object.hasOwn(finished, step) ? finished[step] : undefined;
    const message = called?.next?.message;
    const job = await guarded(
      jobs.begin(jobId, {
        step,
        progress: overall(0),
        lease,
        message,
        ...endBefore(names, event),
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
    const { definition, work, overall, limitMs } = stepOf(event, invocation);
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
      if (attempt > 0) await live?.resume(attemptHeading(attempt), printed);
      else if (printed) await live?.continue(CONTINUED, printed);
      else if (called || questions > 0) await live?.resume(CONTINUED);
      const results = resultsOf(earlier);
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

      return await endStep(ending, {
        operation,
        jobs,
        workspace,
        job,
        step,
        attempt,
        failures: failedAttempts(job, step),
        lease,
        requestId: invocation.awsRequestId,
        earlier: { logs: logsOf(finished), stepUsage: usageOf(finished) },
        used: () => meter.used(),
        stepLog,
        ...(live && { live }),
        durationMs: performance.now() - beganMs,
      });
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
 * Returns the time of a step. Slow writes before it may have used it up. The step did not time out then.
 * @throws StepInterrupted when no time is left: the next attempt has the time of a whole invocation
 */
function timeLeft(limitMs: number): number {
  if (limitMs > 0) return limitMs;
  throw new StepInterrupted('No time was left for the step when it began; the state retries.');
}
