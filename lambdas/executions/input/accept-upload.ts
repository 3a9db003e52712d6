/** Fulfils an upload request from `HeadObject`; the S3 event is only a hint. */

import { writeAnswers } from '../../jobs/input/write-answers.ts';
import { awaitedUpload, type Job } from '../../jobs/job.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import type { WorkspaceLinks } from '../../workspace/workspace-links.ts';

export interface AcceptUploadDependencies {
  readonly jobs: JobStore;
  readonly workspace: Pick<WorkspaceLinks, 'find'>;
}

/**
 * Answers the upload request with the current version of the file. Later versions do not change the answer.
 * @returns undefined when the job waits for no file, or the file does not exist
 * @throws AppError CONFLICT when other callers answer at the same time
 */
export async function acceptUpload(
  { jobs, workspace }: AcceptUploadDependencies,
  jobId: string,
): Promise<Job | undefined> {
  return writeAnswers(jobs, async () => {
    const job = await jobs.find(jobId);
    const awaited = job && awaitedUpload(job);
    const file = awaited && (await workspace.find(awaited.request.upload.key));
    return file && { job, answers: { ...job.answers, [awaited.key]: { action: 'accept', content: file } } };
  });
}
