/** Lets a retry begin at a later step: copies the files of the retried job, then names that step to the state machine. */
import type { FinishedStep } from '../definition/finished-step.ts';
import { resumeError } from '../definition/state-names.ts';
import { workPrefix } from '../jobs/job.ts';
import type { JobStore } from '../jobs/job-store.ts';
import { ThrownResult } from '../shared/observability/thrown-result.ts';
import type { S3Workspace } from '../workspace/s3-workspace.ts';

/** Makes the first state continue with a later step. Not a failure. */
export class ResumeAt extends ThrownResult {
  constructor(step: string) {
    super(`The retry begins at ${step}.`);
    this.name = resumeError(step);
  }
}

/**
 * Only a retry's execution has a result of the first step before that step has run.
 * @param names the steps of the operation, in order
 * @returns the step at which the retry begins; undefined when the step of the event is to run
 */
export function resumedStep(
  names: readonly string[],
  { step, finished }: { readonly step: string; readonly finished: Readonly<Record<string, FinishedStep>> },
): string | undefined {
  const [first] = names;
  // A step with `next` is not finished: it calls an API.
  if (step !== first || !Object.hasOwn(finished, step) || finished[step]?.next) return undefined;
  return names.find((name) => !Object.hasOwn(finished, name));
}

/** Copies what the retried job has left in the workspace, also what its failed step had written. A repetition changes nothing. */
export async function copyRetriedFiles(
  { jobs, workspace }: { readonly jobs: JobStore; readonly workspace: Pick<S3Workspace, 'copyAll'> },
  jobId: string,
  signal: AbortSignal,
): Promise<void> {
  const { retriedFrom } = (await jobs.find(jobId)) ?? {};
  if (retriedFrom) await workspace.copyAll(workPrefix(retriedFrom), workPrefix(jobId), signal);
}
