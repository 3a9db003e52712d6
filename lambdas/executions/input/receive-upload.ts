/** What EventBridge tells of a file that was put under `uploads/`: a hint to look, which may come late, twice or never. */

import { jobIdOfUpload } from '../../jobs/upload-key.ts';
import { type TakeUploadDependencies, takeUpload } from './accept-upload.ts';

/** The part that matters of S3's "Object Created". */
export interface ObjectCreated {
  readonly detail: { readonly object: { readonly key: string } };
}

/** @throws what makes Lambda try again */
export async function receiveUpload(
  dependencies: TakeUploadDependencies,
  { detail }: ObjectCreated,
): Promise<void> {
  const { key } = detail.object;
  const jobId = jobIdOfUpload(key);
  const job = jobId && (await takeUpload(dependencies, jobId));
  if (!job) console.warn({ message: 'A file came that no job waits for', key });
}
