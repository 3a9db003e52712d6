/** Defines `list_jobs`: lists the caller's jobs, newest first, in pages. */
import * as z from 'zod';
import { JobStatus } from '../../jobs/job.ts';
import { viewSummary } from '../../jobs/job-view.ts';
import { jobsCursor } from '../../jobs/jobs-cursor.ts';
import { Scope } from '../../shared/caller.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';

const MAX_PAGE = 100;
const DEFAULT_PAGE = 20;

export function listJobsTool({ jobs }: Pick<ToolDependencies, 'jobs'>): Tool {
  return defineTool({
    name: 'list_jobs',
    title: 'List jobs',
    description:
      'Lists your jobs, newest first. Use it to find a job_id, then call check_job for progress and result.',
    scope: Scope.jobsRead,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({
      limit: z.int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE).describe('Jobs per page.'),
      cursor: z.string().optional().describe('next_cursor of the previous page.'),
    }),
    output: z.object({
      jobs: z.array(
        z.looseObject({
          job_id: z.string(),
          operation: z.string(),
          status: z.enum(JobStatus),
          created_at: z.string(),
          ended_at: z.string().optional(),
          expires_at: z.string(),
        }),
      ),
      next_cursor: z.string().optional().describe('Pass it as cursor for the next page.'),
    }),
    async call({ limit, cursor }, { owner }) {
      const after = cursor === undefined ? undefined : jobsCursor.decode(cursor);
      const page = await jobs.list(owner, { limit, after });
      const lines = page.jobs.map(
        (job) => `${job.jobId} ${job.operation} ${job.status} since ${job.createdAt}`,
      );
      return {
        structured: {
          jobs: page.jobs.map(viewSummary),
          ...(page.next && { next_cursor: jobsCursor.encode(page.next) }),
        },
        text: [
          lines.length > 0 ? lines.join('\n') : 'No jobs.',
          ...(page.next ? ['For more, call list_jobs with next_cursor as cursor.'] : []),
        ].join('\n'),
      };
    },
  });
}
