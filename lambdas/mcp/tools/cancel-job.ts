/** Defines `cancel_job`: cancels a job that has not ended yet. */
import * as z from 'zod';
import { cancelJob } from '../../executions/cancel.ts';
import { Scope } from '../../shared/caller.ts';
import { jobIdArgument, jobResult } from '../job-result.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';

export function cancelJobTool({
  operations,
  jobs,
  executions,
  executionQueue,
  workspace,
  polls,
}: ToolDependencies): Tool {
  return defineTool({
    name: 'cancel_job',
    title: 'Cancel job',
    description: 'Cancels an open job. Does not undo finished work.',
    scope: Scope.jobsWrite,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    input: z.strictObject({ job_id: jobIdArgument }),
    async call({ job_id: jobId }, caller) {
      const job = await cancelJob({ jobs, executions, executionQueue }, caller.owner, jobId);
      const operation = operations.find(({ name }) => name === job.operation);
      return jobResult(job, { operation, workspace, polls, caller });
    },
  });
}
