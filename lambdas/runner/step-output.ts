/** Where what a step made is kept: its log, its result, and what it hands to the next step. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredObject } from '../jobs/job.ts';
import type { Json } from '../shared/json.ts';
import type { CalledStep } from './api-calls.ts';
import type { Workspace } from '../definition/step-context.ts';
import type { FileStepLog } from './step-log.ts';

/** What a step leaves in the execution for the steps after it. */
export interface FinishedStep extends Partial<CalledStep> {
  readonly result: Json;
  readonly log?: StoredObject;
}

/** Larger results are kept in the workspace bucket: an item takes 400 KB at most, and a reader pays for its size. */
const MAX_INLINE_RESULT_BYTES = 64 * 1024;
/** What a step but the last may hand on: the execution's state, at most 256 KiB, carries it through all later states. */
const MAX_HANDED_ON_BYTES = 16 * 1024;
/** For one upload after the step's own time. */
const UPLOAD_TIMEOUT_MS = 10_000;

/** @returns undefined when nothing was printed, or the log could not be stored: no reason to fail what has been done. */
export async function storeLog(
  log: FileStepLog,
  workspace: Workspace,
  key: string,
): Promise<StoredObject | undefined> {
  try {
    const file = await log.close();
    return file ? await store(workspace, key, file, 'text/plain; charset=utf-8') : undefined;
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

/** The result itself when it is small, else the object that holds it. */
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
    return { resultObject: await store(workspace, `results/${jobId}.json`, file, 'application/json') };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function store(
  workspace: Workspace,
  key: string,
  file: string,
  contentType: string,
): Promise<StoredObject> {
  const signal = AbortSignal.timeout(UPLOAD_TIMEOUT_MS);
  const { size, sha256 } = await workspace.upload(key, file, { contentType, signal });
  return { key, size, sha256 };
}
