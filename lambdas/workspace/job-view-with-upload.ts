/** A job as its owner is answered: with the URL for the file that it waits for, made for this answer and kept nowhere. */

import { awaitedUpload, type Job } from '../jobs/job.ts';
import { type JobView, viewJob, viewUpload } from '../jobs/job-view.ts';
import { type Caller, Scope } from '../shared/caller.ts';
import type { WorkspaceLinks } from './workspace-links.ts';

/** @param caller the owner: whose token may only read learns what is waited for, and not where to put it */
export async function viewForOwner(
  job: Job,
  workspace: WorkspaceLinks,
  { scopes }: Pick<Caller, 'scopes'>,
  pollAfterMs?: number,
): Promise<JobView> {
  const view = viewJob(job, pollAfterMs);
  const awaited = awaitedUpload(job);
  if (!awaited || !scopes.includes(Scope.jobsWrite)) return view;
  const { key, request } = awaited;
  const { message, upload } = viewUpload(request);
  const link = await workspace.linkUpload(request.upload);
  return {
    ...view,
    input_requests: { ...view.input_requests, [key]: { message, upload: { ...upload, ...link } } },
  };
}
