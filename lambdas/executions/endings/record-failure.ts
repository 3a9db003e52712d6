/** Records the failure of a job when its step could not, with a message for callers. */
import { readCause } from '../../definition/state-error.ts';
import {
  HEARTBEAT_TIMEOUT,
  RETRYABLE_STEP_ERROR,
  SANDBOX_CRASHED_AGAIN,
} from '../../definition/state-names.ts';
import type { RetryableFailure } from '../../definition/step-failure.ts';
import {
  awaitedUpload,
  executionName,
  type Job,
  type JobError,
  JobStatus,
  leadingJobId,
  logKeysOf,
  logsOf,
} from '../../jobs/job.ts';
import { type JobEnd, type JobStore, TransitionRefused } from '../../jobs/job-store.ts';
import { ErrorCode, SANDBOX_CRASHED } from '../../shared/errors.ts';
import { log } from '../../shared/observability/log.ts';
import { FAILURE_TRANSITIONS, sumUsage, type Usage } from '../../shared/usage.ts';
import { operationRemoved } from './removed-operation.ts';

/** Input of the state after a `Catch`. */
export interface CaughtError {
  readonly jobId: string;
  readonly finished: Parameters<typeof logsOf>[0];
  /** The error's name, and as its cause Lambda's JSON text or a sentence. */
  readonly caught: { readonly Error: string; readonly Cause?: string };
}

/** The fields in use of EventBridge's "Step Functions Execution Status Change". */
export interface ExecutionEnded {
  readonly detail: {
    /** The job id; for a job with an idempotency key, followed by its creation time. */
    readonly name: string;
    readonly status: 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'SUCCEEDED';
    /** Name of the uncaught error. */
    readonly error?: string | null;
  };
}

const REMEDY = 'Start the job again, or ask the operator to read the log of this job.';

/** Errors that no state can catch, with their remedies. */
const UNCATCHABLE: Readonly<Record<string, string>> = {
  'States.DataLimitExceeded': 'Its data exceeded 256 KiB, the limit of Step Functions. Request less data.',
  'States.Runtime':
    'It received data that Step Functions cannot process, such as bytes that are not text. Request different data.',
};

/** Records an error that a state caught: a crash of its function, or a failure without further retries. */
export async function recordCaughtError(
  jobs: JobStore,
  { jobId, finished, caught }: CaughtError,
): Promise<void> {
  const job = await jobs.find(jobId);
  if (!job) return;
  const { error, logs, used, ...end } = retryableFailure(job, caught) ?? {
    error: describe(job, caught.Error, finished),
  };
  await fail(jobs, job, error, {
    ...end,
    logs: { ...logsOf(finished), ...logs },
    used: sumUsage([used, { transitions: FAILURE_TRANSITIONS }]),
  });
}

/**
 * Fails a job that is still open although its execution has ended. Step Functions ends executions whose state machine a deploy
 * has deleted.
 * @param deployed names of the operations of this deployment. @default the operation of the job is one
 */
export async function recordExecutionEnded(
  jobs: JobStore,
  { detail }: ExecutionEnded,
  deployed?: ReadonlySet<string>,
): Promise<void> {
  const { name, status, error } = detail;
  const jobId = leadingJobId(name);
  const job = jobId === undefined ? undefined : await jobs.find(jobId);
  // The idempotency key may have created another job since.
  if (!job || executionName(job) !== name) return;
  if (deployed && !deployed.has(job.operation)) return fail(jobs, job, operationRemoved(job), {});
  const uncatchable = error && Object.hasOwn(UNCATCHABLE, error) ? UNCATCHABLE[error] : undefined;
  const message = `The execution ended as ${status} before the job ended. ${uncatchable ?? REMEDY}`;
  const failure = toError(job, ErrorCode.executionStopped, message, error || status);
  await fail(jobs, job, { ...failure, retryable: uncatchable === undefined }, {});
}

/** @returns the id of the job that an event is about; undefined for an execution of no job */
export function jobIdOf(event: CaughtError | ExecutionEnded): string | undefined {
  return 'detail' in event ? leadingJobId(event.detail.name) : event.jobId;
}

/** @returns the failure that the step reported, after its last retry; undefined for another error */
function retryableFailure(
  job: Job,
  { Error: name, Cause = '' }: CaughtError['caught'],
): (Partial<RetryableFailure> & Pick<RetryableFailure, 'error'>) | undefined {
  if (name !== RETRYABLE_STEP_ERROR) return undefined;
  const failure = readCause(Cause) as RetryableFailure | undefined;
  if (failure) return failure;
  const message = `${stepOf(job)} failed in all its attempts. Its error is unreadable: Step Functions cut it off. ${REMEDY}`;
  return { error: toError(job, ErrorCode.stepCrashed, message, name) };
}

function describe(job: Job, name: string, finished: CaughtError['finished']): JobError {
  if (name === HEARTBEAT_TIMEOUT && !hasBegun(job, finished)) {
    const message = `${waitingStep(job, finished)} did not start: no report of its sandbox arrived. ${REMEDY}`;
    return toError(job, ErrorCode.stepCrashed, message, name);
  }
  const cause = SANDBOX_ENDINGS.includes(name) ? SANDBOX_CRASHED : name;
  const what = stepOf(job);
  if (job.status === JobStatus.inputRequired && cause === 'States.Timeout') {
    const message = awaitedUpload(job)
      ? `The file for ${job.step ?? 'the job'} did not arrive in time. Start the job again.`
      : `The questions of ${job.step ?? 'the job'} were not answered in time. Start the job again.`;
    return toError(job, ErrorCode.inputTimedOut, message, cause);
  }
  // Step Functions or Lambda timed out the step.
  return cause === 'States.Timeout' || cause === 'Sandbox.Timedout'
    ? toError(job, ErrorCode.stepTimedOut, `${what} timed out. ${REMEDY}`, cause)
    : toError(job, ErrorCode.stepCrashed, `${what} crashed (${cause}). ${REMEDY}`, cause);
}

/** Other names for a sandbox that ended without a result. */
const SANDBOX_ENDINGS: readonly string[] = [HEARTBEAT_TIMEOUT, SANDBOX_CRASHED_AGAIN];

/** @returns whether the last attempt began: the record has no event of a step that did not start */
function hasBegun({ step, timeline }: Job, finished: CaughtError['finished']): boolean {
  const last = timeline?.at(-1);
  return last !== undefined && 'began' in last && last.step === step && !Object.hasOwn(finished, step);
}

/** The record of a job has the last step that began. */
function waitingStep(job: Job, finished: CaughtError['finished']): string {
  const { step } = job;
  return step !== undefined && Object.hasOwn(finished, step) ? `The step after ${step}` : stepOf(job);
}

function stepOf({ step }: Job): string {
  return step ? `The step ${step}` : 'The first step';
}

function toError({ step }: Job, code: ErrorCode, message: string, cause: string): JobError {
  return { code, message, ...(step && { step }), retryable: true, details: { cause } };
}

/** Fails a job unless it has ended: then its step recorded the reason, or the owner cancelled it. */
async function fail(
  jobs: JobStore,
  job: Job,
  error: JobError,
  end: Pick<JobEnd, 'logs' | 'logTail'> & { readonly used?: Usage },
): Promise<void> {
  const { jobId, retentionSeconds } = job;
  const { code, details } = error;
  try {
    await jobs.fail(jobId, error, { ...end, retentionSeconds });
    log.error('A job failed outside of its step', { ...logKeysOf(job), code, cause: details?.cause });
  } catch (refusal) {
    if (!(refusal instanceof TransitionRefused)) throw refusal;
  }
}
