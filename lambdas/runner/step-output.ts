/** Stores the log of a step, and bounds what it hands to the next step. */

import type { Workspace } from '../definition/step-context.ts';
import type { StoredObject } from '../jobs/job.ts';
import type { Json } from '../shared/json.ts';
import { storeFile } from '../workspace/place-result.ts';
import type { FileStepLog } from './step-log.ts';

/** What a step but the last may hand on: the execution's state, at most 256 KiB, carries it through all later states. */
const MAX_HANDED_ON_BYTES = 16 * 1024;
/** @returns undefined when nothing was printed, or the log could not be stored: no reason to fail what has been done. */
export async function storeLog(
  log: FileStepLog,
  workspace: Workspace,
  key: string,
): Promise<StoredObject | undefined> {
  try {
    const file = await log.close();
    return file ? await storeFile(workspace, key, file, 'text/plain; charset=utf-8') : undefined;
  } catch (error) {
    console.error({ message: 'The log of a step could not be stored', key, error });
    return undefined;
  }
}

/** The error of a step that hands on more than the execution's state should carry. */
export function tooLargeToHandOn(step: string, result: Json): Error | undefined {
  const bytes = Buffer.byteLength(JSON.stringify(result));
  return bytes > MAX_HANDED_ON_BYTES
    ? new Error(
        `Step ${step} handed on ${bytes} bytes; ${MAX_HANDED_ON_BYTES} is the limit: use the workspace.`,
      )
    : undefined;
}
