/** Finds the job that a tool is called for. */
import { isJobId, type Job, logKeysOf } from '../../jobs/job.ts';
import { jobNotFound } from '../../jobs/job-errors.ts';
import { addLogKeys } from '../../shared/observability/log.ts';
import type { ToolDependencies } from './dependencies.ts';

/** @throws AppError JOB_NOT_FOUND, the same for an unknown job and another owner's; RESOURCE_EXHAUSTED */
export async function findJob(
  { jobs, pollRateLimiter }: Pick<ToolDependencies, 'jobs' | 'pollRateLimiter'>,
  owner: string,
  jobId: string,
): Promise<Job> {
  if (!isJobId(jobId)) throw jobNotFound();
  pollRateLimiter.check(owner, jobId);
  const job = await jobs.get(owner, jobId);
  if (!job) throw jobNotFound();
  addLogKeys(logKeysOf(job));
  return job;
}
