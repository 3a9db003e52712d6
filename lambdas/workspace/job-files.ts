/** Lists the files of a job, its result files and its logs, and creates download links for them. */
import type { OperationDefinition, ResultFile } from '../definition/operation-definition.ts';
import { presentResult } from '../definition/present-result.ts';
import { type Job, JobStatus } from '../jobs/job.ts';
import type { FileLink, WorkspaceLinks } from './workspace-links.ts';

/** Name of the file that holds a result too large for the job's record. */
export const RESULT_FILE = 'result.json';

/** @param operation undefined when the catalogue no longer contains it; its result files are then unknown. */
export function resultFiles(job: Job, operation: OperationDefinition | undefined): readonly ResultFile[] {
  if (job.status !== JobStatus.completed) return [];
  if (job.resultObject) return [{ ...job.resultObject, name: RESULT_FILE, contentType: 'application/json' }];
  return presentResult(operation, 'files', job.result) ?? [];
}

/** @returns one file for each step that printed output */
export function logFiles({ logs = {} }: Job): readonly ResultFile[] {
  return Object.entries(logs).map(([step, log]) => ({
    ...log,
    name: `${step}.log`,
    contentType: 'text/plain',
  }));
}

export function linkFiles(
  files: readonly ResultFile[],
  workspace: Pick<WorkspaceLinks, 'link'>,
): Promise<readonly FileLink[]> {
  return Promise.all(files.map((file) => workspace.link(file)));
}
