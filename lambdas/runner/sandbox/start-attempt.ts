/** Starts an attempt of a step in its sandbox, and returns. The reports of the sandbox do the rest. */
import { randomUUID } from 'node:crypto';
import type { StepsOperation } from '../../definition/operation-definition.ts';
import { SANDBOX_CRASHED_AGAIN } from '../../definition/state-names.ts';
import { failedAttempts, isTerminal, type Job, type JobError, logsOf } from '../../jobs/job.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import { ErrorCode } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { log } from '../../shared/observability/log.ts';
import { ThrownResult } from '../../shared/observability/thrown-result.ts';
import { type JobTrace, toTraceContext } from '../../shared/observability/trace-context.ts';
import { currentTrace, inSpan } from '../../shared/observability/tracing.ts';
import { toJson } from '../../shared/well-formed.ts';
import type { S3Workspace } from '../../workspace/s3-workspace.ts';
import { endBefore, resultsOf } from '../earlier-steps.ts';
import { guarded, StepEnded, toJobError } from '../end-step.ts';
import { LambdaFailure } from '../lambda-failure.ts';
import { attemptHeading, LiveLog, type LiveLogOptions } from '../live-log.ts';
import { copyRetriedFiles, ResumeAt, resumedStep } from '../resume-job.ts';
import type { Invocation, StepEvent } from '../run-step.ts';
import { FileStepLog } from '../step-log.ts';
import { metered, sandboxMbOf, stepFunction, type UsageMeter, usageOf } from '../step-usage.ts';
import {
  type AttemptLog,
  type AttemptSeal,
  type AttemptState,
  EMPTY_LOG,
  MAX_FIRST_TOKEN_CHARACTERS,
} from './attempt-state.ts';
import type { SandboxEvent } from './protocol.ts';
import { MAX_EVENT_BYTES, type SandboxFunction } from './sandbox-function.ts';
import type { WorkspaceUrls } from './workspace-urls.ts';

/** Event from a state to the runner of a sandbox. */
export interface StartEvent extends StepEvent {
  /** Step Functions waits until it comes back. */
  readonly taskToken: string;
}

export interface AttemptStarterOptions {
  readonly operation: StepsOperation;
  readonly jobs: JobStore;
  readonly workspace: Pick<S3Workspace, 'copyAll'>;
  /** The logs of earlier attempts. */
  readonly files: LiveLogOptions['files'];
  /** @returns the function with the memory of a step */
  sandboxOf(step: string): Pick<SandboxFunction, 'start'>;
  readonly urls: Pick<WorkspaceUrls, 'read' | 'write'>;
  readonly seal: Pick<AttemptSeal, 'seal'>;
  /** Where the sandbox posts its reports. */
  readonly reportsUrl: string;
}

type Started = Invocation & { readonly invokedFunctionArn: string };

/** Time in which the sandbox gets its event and begins. */
const START_MS = 60_000;
/** Extra lifetime of URLs after the step, for clock differences and the last upload. */
const URL_SLACK_MS = 60_000;
/** Attempts of a step that may end without an outcome: a step that runs out of memory would do so again. */
const MAX_CRASHES = 2;
/** For the files of a retried job. */
const WRAP_UP_MS = 5_000;

/** Creates the handler. It throws ResumeAt, StepInterrupted, StepEnded or LambdaFailure for the state machine. */
export function createAttemptStarter(options: AttemptStarterOptions) {
  const { operation, jobs, workspace, files, urls, seal, reportsUrl } = options;
  const names = Object.keys(operation.steps);
  const ranBy = stepFunction(sandboxMbOf(operation));

  return (event: StartEvent, invocation: Started) => metered((meter) => start(event, invocation, meter));

  async function start(event: StartEvent, invocation: Started, meter: UsageMeter): Promise<void> {
    const { step, jobId, attempt } = event;
    if (!operation.steps[step]) throw new Error(`Operation ${operation.name} has no step "${step}".`);
    const resumed = resumedStep(names, event);
    if (resumed !== undefined) {
      const signal = AbortSignal.timeout(invocation.getRemainingTimeInMillis() - WRAP_UP_MS);
      await guarded(copyRetriedFiles({ jobs, workspace }, jobId, signal));
      throw new ResumeAt(resumed);
    }
    const job = await guarded(jobs.find(jobId));
    if (!job || isTerminal(job.status)) throw new StepEnded(`Job ${jobId} has ended; ${step} does not run.`);
    if (crashesOf(job, step) >= MAX_CRASHES) {
      throw new LambdaFailure(SANDBOX_CRASHED_AGAIN, `The sandbox of ${step} ended twice without a result.`);
    }
    const span = {
      name: `${operation.name} ${step}`,
      attributes: { job_id: jobId, operation: operation.name, step, attempt: attempt + 1 },
    };
    try {
      await inSpan(job.trace ?? currentTrace(), span, (trace) => send(event, invocation, job, trace, meter));
    } catch (error) {
      if (error instanceof ThrownResult) throw error;
      // Such as a missing permission: another attempt would meet it again.
      await fail(job, toJobError(error, step, invocation.awsRequestId));
    }
  }

  async function send(
    event: StartEvent,
    { invokedFunctionArn }: Started,
    job: Job,
    trace: JobTrace,
    meter: UsageMeter,
  ): Promise<void> {
    const { step, jobId, owner, input, finished, attempt, taskToken } = event;
    const index = names.indexOf(step);
    const limitMs = operation.steps[step]?.timeoutMs ?? 0;
    const stepFiles = operation.sandbox?.(step, { input: input as never, jobId });
    if (!stepFiles)
      throw new Error(
        `Operation ${operation.name} names no files for step ${step}. Return them from sandbox.`,
      );
    const earlierLog = attempt > 0 ? await readEarlierLog(files, job, step) : EMPTY_LOG;
    const state: AttemptState = {
      operation: operation.name,
      step,
      jobId,
      owner,
      attempt,
      failures: failedAttempts(job, step),
      trace,
      taskToken,
      runner: invokedFunctionArn,
      attemptId: randomUUID(),
      ...(job.lease !== undefined && { leaseBefore: job.lease }),
      limitMs,
      begin: {
        ...endBefore(names, event),
        stepUsage: usageOf(finished),
        stepFunction: ranBy,
      },
      from: index / names.length,
      to: (index + 1) / names.length,
      logs: logsOf(finished),
      reads: stepFiles.reads.length,
      writes: stepFiles.writes,
      log: earlierLog,
      ...(attempt > 0 && { heading: attemptHeading(attempt) }),
      logStart: earlierLog.size,
      sequence: 0,
      used: meter.used(),
    };
    const token = await guarded(seal.seal(state));
    if (token.length > MAX_FIRST_TOKEN_CHARACTERS) {
      const message = `The step ${step} may write ${state.writes.length} files; its token has ${token.length} characters, and ${MAX_FIRST_TOKEN_CHARACTERS} is the limit. Request fewer files at once.`;
      await refuse(job, step, message);
    }
    const seconds = Math.ceil((START_MS + limitMs + URL_SLACK_MS) / 1_000);
    const sandboxEvent: SandboxEvent = {
      step,
      jobId,
      input: input as Json,
      results: resultsOf(finished),
      attempt,
      trace: toTraceContext(trace),
      limitMs,
      reads: await urlsOf(stepFiles.reads, (key) => urls.read(key, seconds)),
      writes: await urlsOf(stepFiles.writes, (key) => urls.write(key, seconds)),
      reports: { url: reportsUrl, token },
    };
    const text = toJson(sandboxEvent);
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_EVENT_BYTES) {
      const message = `The step ${step} receives ${bytes} bytes; the limit of its sandbox is ${MAX_EVENT_BYTES}. Request less work at once.`;
      await refuse(job, step, message);
    }
    await options.sandboxOf(step).start(owner, text);
  }

  function refuse(job: Job, step: string, message: string): Promise<never> {
    return fail(job, { code: ErrorCode.inputTooLarge, message, step, retryable: false });
  }

  async function fail(job: Job, error: JobError): Promise<never> {
    await guarded(jobs.fail(job.jobId, error, { retentionSeconds: job.retentionSeconds }));
    throw new StepEnded(error.message);
  }
}

/** @returns the attempts of a step that began and ended without an outcome */
function crashesOf(job: Job, step: string): number {
  const began = (job.timeline ?? []).filter((event) => event.step === step && 'began' in event);
  return began.length - failedAttempts(job, step);
}

/** Writes what earlier attempts printed into parts, so that this attempt can add to it. @throws StepInterrupted */
async function readEarlierLog(files: LiveLogOptions['files'], job: Job, step: string): Promise<AttemptLog> {
  const stepLog = await FileStepLog.create();
  const live = new LiveLog({ log: stepLog, files, job, step });
  try {
    await live.resume('');
    const written = await live.pause(Number.POSITIVE_INFINITY);
    if (written) return written;
    log.warn('Failed to read the log of earlier attempts; its lines are lost');
    return EMPTY_LOG;
  } finally {
    await stepLog.remove();
  }
}

async function urlsOf(keys: readonly string[], sign: (key: string) => Promise<string>) {
  return Object.fromEntries(await Promise.all(keys.map(async (key) => [key, await sign(key)] as const)));
}
