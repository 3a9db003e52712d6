/** Creates download links for the result files and the logs of a job. */
import type { OperationDefinition } from '../definition/operation-definition.ts';
import { presentResult } from '../definition/present-result.ts';
import { type Job, JobStatus } from '../jobs/job.ts';
import type { FileLink, WorkspaceLinks } from './workspace-links.ts';

/** @param operation undefined when the catalogue no longer contains it; its result files are then unknown. */
export function linkFiles(
  job: Job,
  operation: OperationDefinition | undefined,
  workspace: WorkspaceLinks,
): Promise<readonly FileLink[]> {
  return Promise.all(filesOf(job, operation).map((file) => workspace.link(file)));
}

export function linkLogs(job: Job, workspace: WorkspaceLinks): Promise<readonly FileLink[]> {
  return Promise.all(
    Object.entries(job.logs ?? {}).map(([step, log]) =>
      workspace.link({ ...log, name: `${step}.log`, contentType: 'text/plain' }),
    ),
  );
}

function filesOf(job: Job, operation: OperationDefinition | undefined) {
  if (job.status !== JobStatus.completed) return [];
  if (job.resultObject)
    return [{ ...job.resultObject, name: 'result.json', contentType: 'application/json' }];
  return presentResult(operation, 'files', job.result) ?? [];
}
