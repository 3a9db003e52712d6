/** Defines `check_job`: returns a job's progress, and its result once it has ended. */
import * as z from 'zod';
import { maxWaitMs } from '../../definition/operation-definition.ts';
import { isJobId } from '../../jobs/job.ts';
import { jobNotFound } from '../../jobs/job-errors.ts';
import { waitForEndOrInput } from '../../jobs/wait.ts';
import { Scope } from '../../shared/caller.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { jobIdArgument, jobOutput, jobResult } from '../job-result.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';

export function checkJobTool({
  operations,
  jobs,
  executionProgress,
  pollRateLimiter,
  polls,
  waits,
  workspace,
}: ToolDependencies): Tool {
  const maxWaitSeconds = Math.max(...operations.map(({ execution }) => maxWaitMs(execution))) / 1000;
  return defineTool({
    name: 'check_job',
    title: 'Check job',
    description:
      'Returns the status and progress of a job and, once it has ended, its result or error. ' +
      'With wait_seconds, waits until it ends or needs input. While it is open, call again after poll_after_ms.',
    scope: Scope.jobsRead,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({
      job_id: jobIdArgument,
      wait_seconds: z
        .int()
        .min(0)
        .max(maxWaitSeconds)
        .default(0)
        .describe(`Seconds to wait for the job to end, 0 to ${maxWaitSeconds}.`),
    }),
    output: jobOutput,
    async call({ job_id: jobId, wait_seconds }, caller) {
      const { owner } = caller;
      if (!isJobId(jobId)) throw jobNotFound();
      pollRateLimiter.check(owner, jobId);
      const found = await jobs.get(owner, jobId);
      if (!found) throw jobNotFound();
      const operation = operations.find(({ name }) => name === found.operation);
      const waitMs = wait_seconds * 1000;
      if (operation && waitMs > maxWaitMs(operation.execution)) {
        throw new AppError(
          ErrorCode.invalidArguments,
          `wait_seconds: ${wait_seconds} is too long for ${operation.name}. Use at most ${maxWaitMs(operation.execution) / 1000}.`,
        );
      }
      const job = await waitForEndOrInput({ jobs, waits }, found, waitMs);
      if (!job) throw jobNotFound();
      return jobResult(await executionProgress.refresh(job), { operation, workspace, polls, caller });
    },
  });
}
