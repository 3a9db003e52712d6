/** Maps a job to the workspace key of its uploaded file. A key identifies one record of one job. */
import { executionName, type Job, leadingJobId } from './job.ts';

export const UPLOADS_PREFIX = 'uploads/';

/** A job that an idempotency key creates again gets a new key. */
export function uploadKey(job: Pick<Job, 'jobId' | 'idempotent' | 'createdAt'>): string {
  return `${UPLOADS_PREFIX}${executionName(job)}`;
}

/** @returns the job id; undefined for a key that belongs to no job */
export function jobIdOfUpload(key: string): string | undefined {
  return key.startsWith(UPLOADS_PREFIX) ? leadingJobId(key.slice(UPLOADS_PREFIX.length)) : undefined;
}
