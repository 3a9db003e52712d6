/** Finds out which results of an ended job a retry can reuse: those whose files still exist. */
import type * as z from 'zod';
import { hasTransform } from '../../definition/has-transform.ts';
import type { StepsOperation } from '../../definition/operation-definition.ts';
import { type Job, workPrefix } from '../../jobs/job.ts';
import { uploadKey } from '../../jobs/upload-key.ts';
import type { Json } from '../../shared/json.ts';
import type { WorkspaceLinks } from '../../workspace/workspace-links.ts';
import type { ExecutionHistory } from '../execution-history.ts';

export interface ReuseDependencies {
  readonly history: Pick<ExecutionHistory, 'finishedSteps'>;
  readonly workspace: Pick<WorkspaceLinks, 'has'>;
}

/** The results that a retry reuses. */
export interface Reuse {
  /** Results by step, from the first step on without a gap. */
  readonly results: Readonly<Record<string, Json>>;
  /** What is missing of the step after these, as the subject of a sentence; undefined when nothing is. */
  readonly lost?: string;
}

/** Files of a job that are checked. A hostile step can name more. */
const MAX_FILES = 100;

/**
 * Reads the execution of the job once, and checks each file of the job that a result names.
 * @param steps the steps whose results the retry needs, in order
 * @throws AppError RESOURCE_EXHAUSTED while Step Functions throttles reads
 */
export async function reuseResults(
  { history, workspace }: ReuseDependencies,
  operation: StepsOperation,
  job: Job,
  steps: readonly string[],
): Promise<Reuse> {
  if (steps.length === 0) return { results: {} };
  const finished = (await history.finishedSteps(job)) ?? {};
  const found: [string, Json][] = [];
  const without = (lost: string): Reuse => ({ results: Object.fromEntries(found), lost });
  let checks = 0;
  for (const step of steps) {
    const result = Object.hasOwn(finished, step) ? finished[step]?.result : undefined;
    if (result === undefined || !isAccepted(operation.steps[step]?.output, result))
      return without(`The result of step ${step} is gone`);
    const keys = [...new Set(filesIn(result, job))].slice(0, MAX_FILES - checks);
    checks += keys.length;
    const exist = await Promise.all(keys.map((key) => workspace.has(key)));
    if (exist.includes(false)) return without(`A file of step ${step} is gone`);
    found.push([step, result]);
  }
  return { results: Object.fromEntries(found) };
}

/** A deploy may have changed what the steps after it expect. A schema that transforms may not take its own output. */
function isAccepted(output: z.ZodType | undefined, result: Json): boolean {
  return !output || output.safeParse(result).success || hasTransform(output);
}

/** @returns the workspace keys in a result that belong to the job */
function filesIn(result: Json, job: Job): string[] {
  if (typeof result === 'string') {
    const key = result.replace(/^\//, '');
    return key.startsWith(workPrefix(job.jobId)) || key === uploadKey(job) ? [key] : [];
  }
  if (result === null || typeof result !== 'object') return [];
  return Object.values(result).flatMap((one) => filesIn(one, job));
}
