/**
 * Finds the logs of a job's steps, while they grow too. A running step writes its log in parts; when an attempt ends, it writes
 * the whole log:
 *
 *     logs/<job>/<step>/00.log, 01.log, …   what the step has printed so far
 *     logs/<job>/<step>.log                 the same, and the rest
 *
 * A log only grows, over all attempts of its step. So the longer of the two is the newer, and an offset in a log stays valid.
 */
import { type OperationDefinition, stepNames } from '../../definition/operation-definition.ts';
import {
  type Job,
  JobStatus,
  logPrefix,
  type StoredObject,
  stepLogKey,
  stepLogPartKey,
} from '../../jobs/job.ts';
import type { ListedFile, WorkspaceLinks } from '../workspace-links.ts';
import { filePiece, type Piece, sizeOf, textPiece } from './pieces.ts';

/** The log of a step: files that make it up, in order. */
export interface StepLog {
  readonly step: string;
  readonly files: readonly Pick<StoredObject, 'key' | 'size'>[];
}

/** More files than the logs of a job have: eight steps with a log of 50 MB in parts of 4 MiB. */
const MAX_FILES = 1_000;

/**
 * At most one request to S3.
 * @param operation undefined when the catalogue no longer contains it
 * @returns the logs in the order of the steps. The record has them when the job has completed or failed. Before that, after a
 *   cancellation, and for a step that crashed, the workspace has them.
 */
export async function findLogs(
  job: Job,
  operation: OperationDefinition | undefined,
  workspace: Pick<WorkspaceLinks, 'list'>,
): Promise<readonly StepLog[]> {
  const steps = stepNames(operation);
  const recorded = new Map(Object.entries(job.logs ?? {}).map(([step, log]) => [step, [log]] as const));
  if (areLogsRecorded(job) || steps.length === 0) return inOrder(steps, recorded);
  const written = await findWrittenLogs(workspace, job, steps);
  const found = written
    .map((log) => [log.step, filesOf(log)] as const)
    .filter(([, files]) => files.length > 0);
  return inOrder(steps, new Map<string, StepLog['files']>([...found, ...recorded]));
}

/** @returns whether the record has all logs of the job, which grow no more */
export function areLogsRecorded({ status, startedAt, step, logs = {} }: Job): boolean {
  if (!startedAt || status === JobStatus.completed) return true;
  return status === JobStatus.failed && step !== undefined && Object.hasOwn(logs, step);
}

/** What the attempts of a step have written. */
export interface WrittenLog {
  readonly step: string;
  readonly whole: ListedFile | undefined;
  readonly parts: readonly ListedFile[];
}

/** One request to S3. @throws the signal's reason when it aborts */
export async function findWrittenLogs(
  workspace: Pick<WorkspaceLinks, 'list'>,
  { jobId, startedAt = '' }: Pick<Job, 'jobId' | 'startedAt'>,
  steps: readonly string[],
  signal?: AbortSignal,
): Promise<readonly WrittenLog[]> {
  const { files } = await workspace.list(logPrefix(jobId), { limit: MAX_FILES, signal });
  // A job that repeats an idempotency key has the id, and perhaps the logs, of an expired one. S3 gives whole seconds.
  const sinceMs = Math.floor(Date.parse(startedAt) / 1_000) * 1_000;
  const isNew = ({ updatedAt }: ListedFile) => Date.parse(updatedAt) >= sinceMs;
  const byKey = new Map(files.filter(isNew).map((file) => [file.key, file]));
  return steps.map((step) => {
    const parts: ListedFile[] = [];
    for (let part: ListedFile | undefined; ; parts.push(part)) {
      part = byKey.get(stepLogPartKey(jobId, step, parts.length));
      if (!part) return { step, whole: byKey.get(stepLogKey(jobId, step)), parts };
    }
  });
}

/** @returns the files that make up the log; none when the step has written none */
export function filesOf({ whole, parts }: WrittenLog): readonly ListedFile[] {
  return whole && whole.size >= sizeOf(parts) ? [whole] : parts;
}

/** @param step only the log of this step, without the names of steps. @default all logs */
export function logPieces(
  logs: readonly StepLog[],
  workspace: Pick<WorkspaceLinks, 'read'>,
  step?: string,
): readonly Piece[] {
  const chosen = step === undefined ? logs : logs.filter((log) => log.step === step);
  return chosen.flatMap((log) => [
    ...(step === undefined ? [textPiece(stepHeading(log.step))] : []),
    ...log.files.map((file) => filePiece(workspace, file)),
  ]);
}

/** @returns the line that introduces the log of a step */
export function stepHeading(step: string): string {
  return `== ${step} ==\n`;
}

/** DynamoDB keeps no order. */
function inOrder(steps: readonly string[], logs: ReadonlyMap<string, StepLog['files']>): readonly StepLog[] {
  return [...logs]
    .map(([step, files]) => ({ step, files }))
    .toSorted((one, other) => steps.indexOf(one.step) - steps.indexOf(other.step));
}
