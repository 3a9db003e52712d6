/** Maps a job to its view for the owner. Adds a new upload URL when the job waits for a file; no record stores it. */

import { awaitedUpload, type Job } from '../jobs/job.ts';
import { type JobView, viewJob, viewUpload } from '../jobs/job-view.ts';
import { type Caller, Scope } from '../shared/caller.ts';
import type { WorkspaceLinks } from './workspace-links.ts';

/** @param caller the owner. Without the scope jobs:write, the view contains the upload request but not its URL. */
export async function jobViewWithUpload(
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
