/** Where the file that a job waits for is put: the key names one life of one job, so that nothing else is found there. */
import { executionName, isJobId, type Job } from './job.ts';

export const UPLOADS_PREFIX = 'uploads/';

const JOB_ID_LENGTH = 36;

/** A job that an idempotency key makes anew has another than the one before it. */
export function uploadKey(job: Pick<Job, 'jobId' | 'idempotent' | 'createdAt'>): string {
  return `${UPLOADS_PREFIX}${executionName(job)}`;
}

/** @returns undefined for a key that belongs to no job */
export function jobIdOfUpload(key: string): string | undefined {
  if (!key.startsWith(UPLOADS_PREFIX)) return undefined;
  const jobId = key.slice(UPLOADS_PREFIX.length, UPLOADS_PREFIX.length + JOB_ID_LENGTH);
  return isJobId(jobId) ? jobId : undefined;
}
