/** Why a job failed, when no step of it could say so: in the caller's words. */
import { ErrorCode } from '../shared/errors.ts';
import type { Job, JobError } from './job.ts';
import { type JobStore, TransitionRefused } from './job-store.ts';

/** The input of the state that a `Catch` leads to. */
export interface CaughtError {
  readonly jobId: string;
  readonly finished: Readonly<Record<string, { readonly log?: NonNullable<Job['logs']>[string] }>>;
  /** As Step Functions puts it: the error's name, and the function's JSON answer or a sentence. */
  readonly caught: { readonly Error: string; readonly Cause?: string };
}

/** The part that matters of EventBridge's "Step Functions Execution Status Change". */
export interface ExecutionEnded {
  readonly detail: {
    /** The job id, and for idempotent jobs their time behind it. */
    readonly name: string;
    readonly status: 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  };
}

const JOB_ID_LENGTH = 36;
const LOST = "Start the job again; the operator's log of this job says more.";

/** A state has caught what a function died of: the job fails with the logs of the steps before. */
export async function recordCaughtError(
  jobs: JobStore,
  { jobId, finished, caught }: CaughtError,
): Promise<void> {
  const logs = Object.fromEntries(
    Object.entries(finished).flatMap(([step, { log }]) => (log ? [[step, log]] : [])),
  );
  await fail(jobs, jobId, logs, ({ step }) => {
    const what = step ? `The step ${step}` : 'The first step';
    // A step's time was over in Step Functions' eyes, or in Lambda's.
    return caught.Error === 'States.Timeout' || caught.Error === 'Sandbox.Timedout'
      ? [ErrorCode.stepTimedOut, `${what} ran out of time and was stopped. ${LOST}`, caught.Error]
      : [ErrorCode.stepCrashed, `${what} ended without an answer (${caught.Error}). ${LOST}`, caught.Error];
  });
}

/** An execution is over: whatever became of it, its job is not left open. */
export async function recordExecutionEnded(jobs: JobStore, { detail }: ExecutionEnded): Promise<void> {
  await fail(jobs, detail.name.slice(0, JOB_ID_LENGTH), undefined, () => [
    ErrorCode.executionStopped,
    `The job's execution ended as ${detail.status} before the job did. ${LOST}`,
    detail.status,
  ]);
}

/** Fails a job that has not ended: then the step itself said why, or the owner cancelled it. */
async function fail(
  jobs: JobStore,
  jobId: string,
  logs: Job['logs'],
  describe: (job: Job) => readonly [code: ErrorCode, message: string, cause: string],
): Promise<void> {
  const job = await jobs.find(jobId);
  if (!job) return;
  const [code, message, cause] = describe(job);
  const { step, retentionSeconds } = job;
  const error: JobError = { code, message, ...(step && { step }), retryable: true, details: { cause } };
  try {
    await jobs.fail(jobId, error, { retentionSeconds, ...(logs && { logs }) });
    console.error({ message: 'A job failed without a word', jobId, error });
  } catch (refusal) {
    if (!(refusal instanceof TransitionRefused)) throw refusal;
  }
}
