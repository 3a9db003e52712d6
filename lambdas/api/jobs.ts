/** `/jobs`: an owner's jobs to look at and to answer, for who polls over plain HTTP. */
import * as z from 'zod';
import { answerJobQuestions } from '../jobs/input/answer.ts';
import { answersInput } from '../jobs/input/answer-schema.ts';
import { isJobId, type Job } from '../jobs/job.ts';
import { jobNotFound } from '../jobs/job-errors.ts';
import { viewSummary } from '../jobs/job-view.ts';
import { jobsCursor } from '../jobs/jobs-cursor.ts';
import { linkFiles, linkLogs } from '../workspace/job-files.ts';
import { viewForOwner } from '../workspace/job-view-with-upload.ts';
import { jobDeliveriesCursor, MAX_DELIVERIES, pageOfDeliveries } from './delivery-pages.ts';
import type { ApiDependencies, RouteHandler } from './dependencies.ts';
import { pageQuery } from './paging.ts';
import type { ApiRequest } from './request.ts';

const MAX_JOBS = 100;

export function jobRoutes({
  operations,
  jobs,
  observer,
  pace,
  polls,
  workspace,
  deliveries,
}: ApiDependencies) {
  /** Unknown, malformed and somebody else's ids all look the same. */
  async function find(request: ApiRequest): Promise<Job> {
    const jobId = request.param('job_id');
    const job = isJobId(jobId) ? await jobs.get(request.owner, jobId) : undefined;
    if (!job) throw jobNotFound();
    return job;
  }

  return {
    'GET /jobs': async (request) => {
      const { limit, cursor } = request.query(pageQuery(MAX_JOBS));
      const after = cursor === undefined ? undefined : jobsCursor.decode(cursor);
      const page = await jobs.list(request.owner, { limit, after });
      return {
        status: 200,
        body: {
          jobs: page.jobs.map(viewSummary),
          ...(page.next && { next_cursor: jobsCursor.encode(page.next) }),
        },
      };
    },

    'GET /jobs/{job_id}': async (request) => {
      request.takesNoParameters();
      pace.check(request.owner, request.param('job_id'));
      const job = await observer.observe(await find(request));
      const view = await viewForOwner(job, workspace, request.caller, polls.next(job));
      const etag = etagOf(job);
      const headers = {
        etag,
        'cache-control': 'private, no-cache',
        ...(view.poll_after_ms && { 'retry-after': String(Math.ceil(view.poll_after_ms / 1000)) }),
      };
      if (matches(request.header('if-none-match'), etag)) return { status: 304, headers };
      const operation = operations.find(({ name }) => name === job.operation);
      const files = [...(await linkFiles(job, operation, workspace)), ...(await linkLogs(job, workspace))];
      return { status: 200, headers, body: { ...view, ...(files.length > 0 && { files }) } };
    },

    'POST /jobs/{job_id}/answers': async (request) => {
      const { answers } = request.body(z.strictObject({ answers: answersInput }));
      const { owner, jobId } = await find(request);
      const job = await answerJobQuestions({ jobs }, owner, jobId, answers);
      return { status: 200, body: await viewForOwner(job, workspace, request.caller, polls.next(job)) };
    },

    'GET /jobs/{job_id}/deliveries': async (request) => {
      const { limit, cursor } = request.query(pageQuery(MAX_DELIVERIES));
      const { owner, jobId } = await find(request);
      const after = cursor === undefined ? undefined : jobDeliveriesCursor.decode(cursor);
      const page = await deliveries.listOfJob(owner, jobId, { limit, after });
      return { status: 200, body: pageOfDeliveries(page, jobDeliveriesCursor) };
    },
  } satisfies Record<string, RouteHandler>;
}

/**
 * The version tells one state of a record from another, and the time of its creation one record from another: an
 * idempotency key may make a job anew under the id of one that could not be started, or that has expired.
 */
function etagOf({ createdAt, version }: Job): string {
  return `"${Date.parse(createdAt)}.${version}"`;
}

/** RFC 9110, 13.1.2: `*`, or a list of tags, compared weakly. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etag);
}
