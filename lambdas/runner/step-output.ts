/** Stores the log of a step, and limits the size of its result for the next step. */

import type { Workspace } from '../definition/step-context.ts';
import type { StoredObject } from '../jobs/job.ts';
import type { Json } from '../shared/json.ts';
import { log } from '../shared/observability/log.ts';
import { storeFile } from '../workspace/place-result.ts';
import type { FileStepLog } from './step-log.ts';

/** Limit for the result of every step except the last: the execution carries it through all later states, at most 256 KiB. */
const MAX_STEP_RESULT_BYTES = 16 * 1024;

/** @returns the stored log; undefined for an empty log, or when the upload failed, which does not fail the step */
export async function storeLog(
  stepLog: FileStepLog,
  workspace: Workspace,
  key: string,
): Promise<StoredObject | undefined> {
  try {
    const file = await stepLog.close();
    return file ? await storeFile(workspace, key, file, 'text/plain; charset=utf-8') : undefined;
  } catch (error) {
    log.error('Failed to store the log of a step', { key, error });
    return undefined;
  }
}

/** @returns the error for a step result that is too large for the execution; undefined for a small one */
export function resultTooLarge(step: string, result: Json): Error | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(result));
  return bytes > MAX_STEP_RESULT_BYTES
    ? new Error(
        `The result of step ${step} takes ${bytes} bytes; the limit is ${MAX_STEP_RESULT_BYTES}. Put large data into the workspace.`,
      )
    : undefined;
}
