/** Handles S3 events for files under `uploads/`. An event can arrive late, twice or never. */

import { jobIdOfUpload } from '../../jobs/upload-key.ts';
import { log } from '../../shared/observability/log.ts';
import { type AcceptUploadDependencies, acceptUpload } from './accept-upload.ts';

/** The fields in use of S3's "Object Created" event. */
export interface ObjectCreated {
  readonly detail: { readonly object: { readonly key: string } };
}

/** @throws any error, so that Lambda retries the event */
export async function receiveUpload(
  dependencies: AcceptUploadDependencies,
  { detail }: ObjectCreated,
): Promise<void> {
  const { key } = detail.object;
  const jobId = jobIdOfUpload(key);
  const job = jobId && (await acceptUpload(dependencies, jobId));
  if (!job) log.warn('A file arrived that no job waits for', { key });
}
