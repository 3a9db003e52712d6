/** The file that a job waits for has come: what is in the bucket, and not what was told of it, is the answer. */

import { recordAnswers } from '../../jobs/input/write-answers.ts';
import { awaitedUpload, type Job } from '../../jobs/job.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import type { WorkspaceLinks } from '../../workspace/workspace-links.ts';

export interface TakeUploadDependencies {
  readonly jobs: JobStore;
  readonly workspace: Pick<WorkspaceLinks, 'find'>;
}

/**
 * Answers the job with the version that is there now. Later ones change nothing of that.
 * @returns undefined when the job waits for no file, or its file is not there
 * @throws AppError CONFLICT when others answer the job at the same time
 */
export async function takeUpload(
  { jobs, workspace }: TakeUploadDependencies,
  jobId: string,
): Promise<Job | undefined> {
  return recordAnswers(jobs, async () => {
    const job = await jobs.find(jobId);
    const awaited = job && awaitedUpload(job);
    const file = awaited && (await workspace.find(awaited.request.upload.key));
    return file && { job, answers: { ...job.answers, [awaited.key]: { action: 'accept', content: file } } };
  });
}
