/** Defines `check_job`: returns a job's progress, and its result once it has ended. */
import * as z from 'zod';
import { maxWaitMs } from '../../definition/operation-definition.ts';
import { jobNotFound } from '../../jobs/job-errors.ts';
import { waitForEndOrInput } from '../../jobs/wait.ts';
import { Scope } from '../../shared/caller.ts';
import { measurePoll } from '../../shared/observability/request-metrics.ts';
import { withLastLines } from '../../workspace/logs/last-lines.ts';
import { jobExtras, jobIdArgument, jobResult } from '../job-result.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';
import { findJob } from './find-job.ts';
import { limitWait, listedWait, waitArgument, withWaitLimit } from './wait-argument.ts';

const ARGUMENTS = {
  job_id: jobIdArgument,
  include: z
    .array(z.enum(jobExtras))
    .optional()
    .describe('links: URLs. log: last lines. details: step, times.'),
};

export function checkJobTool({
  operations,
  jobs,
  executionProgress,
  pollRateLimiter,
  polls,
  waits,
  workspace,
}: ToolDependencies): Tool {
  // For a job whose operation the catalogue no longer contains.
  const longestWaitMs = Math.max(0, ...operations.map(({ execution }) => maxWaitMs(execution)));
  return defineTool({
    name: 'check_job',
    title: 'Check job',
    description:
      'Returns the status, progress, result or error of a job. wait_seconds waits until it ends or asks.',
    scope: Scope.jobsRead,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({ ...ARGUMENTS, wait_seconds: waitArgument }),
    listed: z.strictObject({ ...ARGUMENTS, wait_seconds: listedWait }),
    showsCard: true,
    async call({ job_id: jobId, wait_seconds, include }, caller, { onProgress }) {
      const { owner } = caller;
      const found = await findJob({ jobs, pollRateLimiter }, owner, jobId);
      measurePoll(found);
      const operation = operations.find(({ name }) => name === found.operation);
      const wait = limitWait(wait_seconds, operation ? maxWaitMs(operation.execution) : longestWaitMs);
      const [job] = await Promise.all([
        waitForEndOrInput({ jobs, waits, onRead: onProgress }, found, wait.ms),
        jobs.watch(found),
      ]);
      if (!job) throw jobNotFound();
      const latest = await executionProgress.refresh(job);
      const shown = include?.includes('log') ? await withLastLines(latest, operation, workspace) : latest;
      const options = { operation, workspace, polls, caller, include, isNamedByCaller: true };
      return withWaitLimit(await jobResult(shown, options), wait);
    },
  });
}
