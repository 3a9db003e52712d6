/** Defines `list_jobs`: lists the caller's jobs, newest first, in pages. */
import * as z from 'zod';
import { jobFilters, readJobFilter } from '../../definition/job-filters.ts';
import { isTerminal, JobStatus, type JobSummary } from '../../jobs/job.ts';
import { viewSummary } from '../../jobs/job-view.ts';
import { jobsCursor } from '../../jobs/jobs-cursor.ts';
import { listJobs } from '../../jobs/list-jobs.ts';
import { Scope } from '../../shared/caller.ts';
import { defineTool, type Tool } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';

const MAX_PAGE = 100;
const DEFAULT_PAGE = 20;

export function listJobsTool({ operations, jobs }: Pick<ToolDependencies, 'operations' | 'jobs'>): Tool {
  return defineTool({
    name: 'list_jobs',
    title: 'List jobs',
    description: 'Lists your jobs, newest first.',
    scope: Scope.jobsRead,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({
      limit: z.int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
      cursor: z.string().min(1).optional(),
      ...jobFilters(operations),
    }),
    async call({ limit, cursor, ...filters }, { owner }) {
      const after = cursor === undefined ? undefined : jobsCursor.decode(cursor);
      const filter = readJobFilter(operations, filters);
      const page = await listJobs(jobs, owner, { limit, after, filter });
      return {
        structured: {
          jobs: page.jobs.map(viewSummary),
          ...(page.next && { next_cursor: jobsCursor.encode(page.next) }),
        },
        text: [
          page.jobs.map(describe).join('\n') || (page.next ? 'No matching jobs so far.' : 'No jobs.'),
          ...(page.next ? [`next_cursor: ${jobsCursor.encode(page.next)}`] : []),
        ].join('\n'),
        next: page.next && 'For more, repeat this call with next_cursor as cursor.',
      };
    },
  });
}

function describe({ jobId, operation, subject, status, createdAt, startedAt, endedAt }: JobSummary): string {
  const since = status === JobStatus.pending ? createdAt : (startedAt ?? createdAt);
  const time = isTerminal(status) ? `at ${endedAt}` : `since ${since}`;
  // It waits since a later time, which the record does not keep.
  const state = status === JobStatus.inputRequired ? `${status}, ${JobStatus.running}` : status;
  return [jobId, operation, ...(subject ? [subject.value] : []), state, time].join(' ');
}
