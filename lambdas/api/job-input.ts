/** Handles `/jobs/{job_id}/input`: shows what a job was started with, and its execution. */
import { visibleInput } from '../definition/visible-input.ts';
import { executionArn } from '../executions/execution-arn.ts';
import { isJobId } from '../jobs/job.ts';
import { jobNotFound } from '../jobs/job-errors.ts';
import { Env } from '../shared/env.ts';
import type { ApiDependencies, RouteHandler } from './dependencies.ts';

/** The input of a job never changes, so this is apart from what clients poll. */
export function jobInputRoutes({ jobs, operations }: Pick<ApiDependencies, 'jobs' | 'operations'>) {
  return {
    'GET /jobs/{job_id}/input': async (request) => {
      request.expectNoParameters();
      const jobId = request.param('job_id');
      const job = isJobId(jobId) ? await jobs.get(request.owner, jobId) : undefined;
      if (!job) throw jobNotFound();
      const input = visibleInput(
        operations.find(({ name }) => name === job.operation),
        job.input,
      );
      const hasExecutions = process.env[Env.stateMachineArnPrefix] !== undefined;
      return {
        status: 200,
        body: {
          ...(input !== undefined && { input }),
          ...(hasExecutions && { execution_arn: executionArn(job) }),
        },
      };
    },
  } satisfies Record<string, RouteHandler>;
}
