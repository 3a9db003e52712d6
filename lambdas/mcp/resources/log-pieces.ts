/** Finds the logs of a job's steps, while the job runs too, and joins them into one text. */
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import { type Job, JobStatus, type StoredObject, stepLogKey } from '../../jobs/job.ts';
import type { WorkspaceLinks } from '../../workspace/workspace-links.ts';
import { filePiece, type Piece, textPiece } from './pieces.ts';

/** The log of a step: its key and its size in bytes. */
export type StepLogFile = readonly [step: string, log: Pick<StoredObject, 'key' | 'size'>];

/** @param step only the log of this step, without the names of steps. @default all logs */
export function logPieces(
  logs: readonly StepLogFile[],
  workspace: WorkspaceLinks,
  step?: string,
): readonly Piece[] {
  if (step !== undefined) {
    return logs.flatMap(([name, log]) => (name === step ? [filePiece(workspace, log)] : []));
  }
  return logs.flatMap(([name, log]) => [textPiece(`== ${name} ==\n`), filePiece(workspace, log)]);
}

/**
 * @param operation undefined when the catalogue no longer contains it
 * @returns the logs in the order of the steps. The record has them when the job has completed or failed. Before that, and after
 *   a cancellation, the workspace has those of the steps that have ended, and of earlier attempts of the running step.
 */
export async function findLogs(
  job: Job,
  operation: OperationDefinition | undefined,
  workspace: WorkspaceLinks,
): Promise<readonly StepLogFile[]> {
  const steps = stepsOf(operation);
  const recorded = Object.entries(job.logs ?? {});
  const isRecorded = job.status === JobStatus.completed || job.status === JobStatus.failed;
  if (isRecorded || !job.startedAt) {
    // DynamoDB keeps no order.
    return recorded.toSorted(([one], [other]) => steps.indexOf(one) - steps.indexOf(other));
  }
  // A job that repeats an idempotency key has the id, and perhaps the logs, of an expired one.
  const sinceMs = Date.parse(job.startedAt);
  const found = await Promise.all(
    steps.slice(0, steps.indexOf(job.step ?? '') + 1).map(async (step) => {
      const key = stepLogKey(job.jobId, step);
      const size = await workspace.sizeSince(key, sinceMs);
      return size === undefined ? [] : [[step, { key, size }] as const];
    }),
  );
  return found.flat();
}

export function stepsOf(operation: OperationDefinition | undefined): readonly string[] {
  return operation && 'steps' in operation ? Object.keys(operation.steps) : [];
}
