/** Lists the steps from which a job can be retried. */
import type { JobDetails } from '../../shared/job.ts';

/** @returns the steps up to the one at which the job stopped, in order; empty when they are unknown */
export function retrySteps({
  timeline,
  error,
  step,
}: Pick<JobDetails, 'timeline' | 'error' | 'step'>): readonly string[] {
  const names = (timeline?.steps ?? []).map((each) => each.step);
  const stopped = names.indexOf(error?.step ?? step ?? '');
  return stopped < 0 ? [] : names.slice(0, stopped + 1);
}
