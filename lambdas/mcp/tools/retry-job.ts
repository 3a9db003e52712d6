/** Defines `retry_job`: runs an ended job again as a new job, from the step that failed. */
import * as z from 'zod';
import { retryJob } from '../../executions/retry/retry-job.ts';
import { JobStatus } from '../../jobs/job.ts';
import { Scope } from '../../shared/caller.ts';
import { jobIdArgument, jobResult, nextLookMs, startedGuidance } from '../job-result.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';

export function retryJobTool(dependencies: ToolDependencies): Tool {
  const { operations, workspace, polls } = dependencies;
  return defineTool({
    name: 'retry_job',
    title: 'Retry job',
    description: 'Runs an ended job again, from the step that failed, as a new job.',
    scope: Scope.jobsWrite,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true },
    input: z.strictObject({ job_id: jobIdArgument, from_step: z.string().min(1).optional() }),
    showsCard: true,
    async call({ job_id: jobId, from_step }, caller) {
      const job = await retryJob(dependencies, caller, jobId, from_step);
      const operation = operations.find(({ name }) => name === job.operation);
      const { structured, ...result } = await jobResult(job, { operation, workspace, polls, caller });
      const link = { retried_from: job.retriedFrom, ...(job.callback && { will_callback: true }) };
      if (job.status !== JobStatus.pending) return { ...result, structured: { ...structured, ...link }, job };
      const message = job.message ?? '';
      return {
        structured: { ...structured, message, ...link, poll_after_ms: nextLookMs(job, polls) },
        text: `${message} job_id: ${job.jobId}`,
        next: startedGuidance(job),
        job,
      };
    },
  });
}
