/** Stores the result of a job: on its record when it is small, else in the workspace bucket. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Workspace } from '../definition/step-context.ts';
import type { StoredObject } from '../jobs/job.ts';
import type { Json } from '../shared/json.ts';

/** Limit for results on the record: an item holds at most 400 KB, and each read costs by size. */
const MAX_INLINE_RESULT_BYTES = 64 * 1024;
/** For one upload after the limit of the step. */
const UPLOAD_TIMEOUT_MS = 10_000;

/** @returns the result when it is small, else the object that stores it */
export async function placeResult(
  result: Json,
  workspace: Workspace,
  jobId: string,
): Promise<{ readonly result: Json } | { readonly resultObject: StoredObject }> {
  const text = JSON.stringify(result);
  if (Buffer.byteLength(text) <= MAX_INLINE_RESULT_BYTES) return { result };
  const directory = await mkdtemp(join(tmpdir(), 'result-'));
  try {
    const file = join(directory, 'result.json');
    await writeFile(file, text);
    return { resultObject: await storeFile(workspace, `results/${jobId}.json`, file, 'application/json') };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Uploads a file of a job within 10 s. @throws what `workspace.upload` throws */
export async function storeFile(
  workspace: Workspace,
  key: string,
  file: string,
  contentType: string,
): Promise<StoredObject> {
  const signal = AbortSignal.timeout(UPLOAD_TIMEOUT_MS);
  const { size, sha256 } = await workspace.upload(key, file, { contentType, signal });
  return { key, size, sha256 };
}
