/** Why a job failed, when no step of it could say so: in the caller's words. */
import { RETRYABLE_STEP_ERROR } from '../../definition/state-names.ts';
import type { RetryableFailure } from '../../definition/step-failure.ts';
import { awaitedUpload, executionName, type Job, type JobError, JobStatus, logsOf } from '../../jobs/job.ts';
import { type JobEnd, type JobStore, TransitionRefused } from '../../jobs/job-store.ts';
import { ErrorCode } from '../../shared/errors.ts';

/** The input of the state that a `Catch` leads to. */
export interface CaughtError {
  readonly jobId: string;
  readonly finished: Parameters<typeof logsOf>[0];
  /** As Step Functions puts it: the error's name, and Lambda's JSON text about it or a sentence. */
  readonly caught: { readonly Error: string; readonly Cause?: string };
}

/** The part that matters of EventBridge's "Step Functions Execution Status Change". */
export interface ExecutionEnded {
  readonly detail: {
    /** The job id, and for idempotent jobs their time behind it. */
    readonly name: string;
    readonly status: 'FAILED' | 'TIMED_OUT' | 'ABORTED' | 'SUCCEEDED';
    /** The name of what no state has caught. */
    readonly error?: string | null;
  };
}

const JOB_ID_LENGTH = 36;
const REMEDY = "Start the job again; the operator's log of this job says more.";

/** What Step Functions lets no state catch, and what can be done about it. */
const UNCATCHABLE: Readonly<Record<string, string>> = {
  'States.DataLimitExceeded': 'What came back has more than the 256 KiB that it can carry: ask for less.',
  'States.Runtime': 'It was given, or came by, something that it cannot carry, such as what is no text.',
};

/** A state has caught what its function died of, or a failure that was not to be tried again. */
export async function recordCaughtError(
  jobs: JobStore,
  { jobId, finished, caught }: CaughtError,
): Promise<void> {
  const job = await jobs.find(jobId);
  if (!job) return;
  const { error, ...end } = retryableFailure(caught) ?? {
    error: describe(job, caught.Error),
    logs: logsOf(finished),
  };
  await fail(jobs, job, error, end);
}

/** An execution is over: whatever became of it, its job is not left open. */
export async function recordExecutionEnded(jobs: JobStore, { detail }: ExecutionEnded): Promise<void> {
  const { name, status, error } = detail;
  const job = await jobs.find(name.slice(0, JOB_ID_LENGTH));
  // The same idempotency key may have made another job since.
  if (!job || executionName(job) !== name) return;
  const uncatchable = error ? UNCATCHABLE[error] : undefined;
  const message = `The job's execution ended as ${status} before the job did. ${uncatchable ?? REMEDY}`;
  const failure = toError(job, ErrorCode.executionStopped, message, error || status);
  await fail(jobs, job, { ...failure, retryable: uncatchable === undefined }, {});
}

/** What the step itself said, when its state gave up trying. */
function retryableFailure({ Error: name, Cause = '' }: CaughtError['caught']): RetryableFailure | undefined {
  if (name !== RETRYABLE_STEP_ERROR) return undefined;
  const { errorMessage } = JSON.parse(Cause) as { readonly errorMessage: string };
  return JSON.parse(errorMessage) as RetryableFailure;
}

function describe(job: Job, cause: string): JobError {
  const what = job.step ? `The step ${job.step}` : 'The first step';
  if (job.status === JobStatus.inputRequired && cause === 'States.Timeout') {
    const message = awaitedUpload(job)
      ? `The file that ${job.step ?? 'the job'} waited for did not come in the time there was. Start the job again.`
      : `Nobody answered what ${job.step ?? 'the job'} had asked in the time there was. Start the job again.`;
    return toError(job, ErrorCode.inputTimedOut, message, cause);
  }
  // A step's time was over in Step Functions' eyes, or in Lambda's.
  return cause === 'States.Timeout' || cause === 'Sandbox.Timedout'
    ? toError(job, ErrorCode.stepTimedOut, `${what} ran out of time and was stopped. ${REMEDY}`, cause)
    : toError(job, ErrorCode.stepCrashed, `${what} ended without an answer (${cause}). ${REMEDY}`, cause);
}

function toError({ step }: Job, code: ErrorCode, message: string, cause: string): JobError {
  return { code, message, ...(step && { step }), retryable: true, details: { cause } };
}

/** Fails a job that has not ended: else the step itself said why, or the owner cancelled it. */
async function fail(
  jobs: JobStore,
  { jobId, retentionSeconds }: Job,
  error: JobError,
  end: Pick<JobEnd, 'logs' | 'logTail'>,
): Promise<void> {
  try {
    await jobs.fail(jobId, error, { ...end, retentionSeconds });
    console.error({ message: 'A job failed', jobId, error });
  } catch (refusal) {
    if (!(refusal instanceof TransitionRefused)) throw refusal;
  }
}
