/** What a state machine's `Catch` means for the job: why it failed, in the caller's words. */
import { ErrorCode } from '../shared/errors.ts';
import type { Job, JobError } from './job.ts';
import { type JobStore, TransitionRefused } from './job-store.ts';

/** The input of the state that a `Catch` leads to. */
export interface CaughtError {
  readonly jobId: string;
  readonly owner: string;
  readonly finished: Readonly<Record<string, { readonly log?: NonNullable<Job['logs']>[string] }>>;
  /** As Step Functions puts it: the error's name, and the function's JSON answer or a sentence. */
  readonly caught: { readonly Error: string; readonly Cause?: string };
}

/** A step's time was over in Step Functions' eyes, or in Lambda's. */
const TIMEOUTS: readonly string[] = ['States.Timeout', 'Sandbox.Timedout'];

/** Fails the job, unless it has ended already: then the step said why, or the owner cancelled it. */
export async function recordFailure(
  jobs: JobStore,
  { jobId, owner, finished, caught }: CaughtError,
): Promise<void> {
  console.error({ message: 'A step failed without a word', jobId, caught });
  const job = await jobs.get(owner, jobId);
  if (!job) return;
  const logs = Object.fromEntries(
    Object.entries(finished).flatMap(([step, { log }]) => (log ? [[step, log]] : [])),
  );
  try {
    await jobs.fail(jobId, describe(job, caught.Error), { logs, retentionSeconds: job.retentionSeconds });
  } catch (error) {
    if (!(error instanceof TransitionRefused)) throw error;
  }
}

function describe({ step }: Job, error: string): JobError {
  const what = step ? `The step ${step}` : 'The first step';
  const code = TIMEOUTS.includes(error) ? ErrorCode.stepTimedOut : ErrorCode.stepCrashed;
  const message =
    code === ErrorCode.stepTimedOut
      ? `${what} ran out of time and was stopped. Start the job again, or make its work smaller.`
      : `${what} ended without an answer (${error}). Start the job again; the operator's log of this job says more.`;
  return { code, message, ...(step && { step }), retryable: true, details: { cause: error } };
}
