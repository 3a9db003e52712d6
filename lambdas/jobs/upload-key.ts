/** Maps a job to the workspace key of its uploaded file. A key identifies one record of one job. */
import { executionName, isJobId, type Job } from './job.ts';

export const UPLOADS_PREFIX = 'uploads/';

const JOB_ID_LENGTH = 36;

/** A job that an idempotency key creates again gets a new key. */
export function uploadKey(job: Pick<Job, 'jobId' | 'idempotent' | 'createdAt'>): string {
  return `${UPLOADS_PREFIX}${executionName(job)}`;
}

/** @returns the job id; undefined for a key that belongs to no job */
export function jobIdOfUpload(key: string): string | undefined {
  if (!key.startsWith(UPLOADS_PREFIX)) return undefined;
  const jobId = key.slice(UPLOADS_PREFIX.length, UPLOADS_PREFIX.length + JOB_ID_LENGTH);
  return isJobId(jobId) ? jobId : undefined;
}
