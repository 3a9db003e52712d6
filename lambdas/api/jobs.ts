/** Handles `/jobs`: lists, shows, answers, cancels and retries an owner's jobs, for clients that poll over plain HTTP. */
import * as z from 'zod';
import { jobFilters, readJobFilter } from '../definition/job-filters.ts';
import { type OperationDefinition, stepNames } from '../definition/operation-definition.ts';
import { cancelJob } from '../executions/cancel.ts';
import { retryJob } from '../executions/retry/retry-job.ts';
import { answerJobQuestions } from '../jobs/input/answer.ts';
import { answersSchema } from '../jobs/input/answer-schema.ts';
import { isJobId, type Job, logKeysOf } from '../jobs/job.ts';
import { jobNotFound } from '../jobs/job-errors.ts';
import { viewSummary } from '../jobs/job-view.ts';
import { jobsCursor } from '../jobs/jobs-cursor.ts';
import { listJobs } from '../jobs/list-jobs.ts';
import { viewTimeline } from '../jobs/timeline-view.ts';
import { viewTrace } from '../jobs/trace-view.ts';
import { receiptOf } from '../receipt/receipt.ts';
import { region } from '../shared/env.ts';
import { addLogKeys } from '../shared/observability/log.ts';
import { measurePoll } from '../shared/observability/request-metrics.ts';
import { linkFiles, logFiles, resultFiles } from '../workspace/job-files.ts';
import { jobViewWithUpload } from '../workspace/job-view-with-upload.ts';
import { jobDeliveriesCursor, MAX_DELIVERIES, pageOfDeliveries } from './delivery-pages.ts';
import type { ApiDependencies, RouteHandler } from './dependencies.ts';
import { matches } from './etag.ts';
import { pageQuery } from './paging.ts';
import type { ApiRequest } from './request.ts';

export const MAX_JOBS = 100;

const MAX_STEP_CHARACTERS = 255;

/** @returns the query parameters of a list of jobs */
export function jobsQuery(operations: readonly OperationDefinition[]) {
  return pageQuery(MAX_JOBS).extend(jobFilters(operations));
}

export const answersBody = z.strictObject({ answers: answersSchema });

export const retryBody = z.strictObject({ from_step: z.string().min(1).max(MAX_STEP_CHARACTERS).optional() });

export function jobRoutes(dependencies: ApiDependencies) {
  const { operations, jobs, executionProgress, pollRateLimiter, polls, workspace, deliveries } = dependencies;
  const listQuery = jobsQuery(operations);

  /** @throws AppError JOB_NOT_FOUND, the same for unknown, malformed and other owners' ids */
  async function find(request: ApiRequest): Promise<Job> {
    const jobId = request.param('job_id');
    const job = isJobId(jobId) ? await jobs.get(request.owner, jobId) : undefined;
    if (!job) throw jobNotFound();
    addLogKeys(logKeysOf(job));
    return job;
  }

  return {
    'GET /jobs': async (request) => {
      const { limit, cursor, ...filters } = request.query(listQuery);
      const after = cursor === undefined ? undefined : jobsCursor.decode(cursor);
      const filter = readJobFilter(operations, filters);
      const page = await listJobs(jobs, request.owner, { limit, after, filter });
      return {
        status: 200,
        body: {
          jobs: page.jobs.map(viewSummary),
          ...(page.next && { next_cursor: jobsCursor.encode(page.next) }),
        },
      };
    },

    'GET /jobs/{job_id}': async (request) => {
      request.expectNoParameters();
      pollRateLimiter.check(request.owner, request.param('job_id'));
      const found = await find(request);
      measurePoll(found);
      const [job] = await Promise.all([executionProgress.refresh(found), jobs.watch(found)]);
      const view = await jobViewWithUpload(job, workspace, request.caller, polls.next(job));
      const etag = etagOf(job);
      const headers = {
        etag,
        'cache-control': 'private, no-cache',
        ...(view.poll_after_ms && { 'retry-after': String(Math.ceil(view.poll_after_ms / 1000)) }),
      };
      if (matches(request.header('if-none-match'), etag)) return { status: 304, headers };
      const operation = operations.find(({ name }) => name === job.operation);
      const files = await linkFiles([...resultFiles(job, operation), ...logFiles(job)], workspace);
      const timeline = viewTimeline(job, stepNames(operation));
      const trace = viewTrace(job.trace);
      const receipt = receiptOf(job, region());
      return {
        status: 200,
        headers,
        body: {
          ...view,
          timeline,
          ...(files.length > 0 && { files }),
          ...(trace && { trace }),
          ...(receipt && { receipt }),
        },
      };
    },

    'POST /jobs/{job_id}/answers': async (request) => {
      const { answers } = request.body(answersBody);
      const { owner, jobId } = await find(request);
      const job = await answerJobQuestions({ jobs }, owner, jobId, answers);
      return { status: 200, body: await jobViewWithUpload(job, workspace, request.caller, polls.next(job)) };
    },

    'POST /jobs/{job_id}/cancel': async (request) => {
      request.expectNoInput();
      const job = await cancelJob(dependencies, request.owner, request.param('job_id'));
      return { status: 200, body: await jobViewWithUpload(job, workspace, request.caller) };
    },

    'POST /jobs/{job_id}/retry': async (request) => {
      const { from_step } = request.body(retryBody);
      const job = await retryJob(dependencies, request.caller, request.param('job_id'), from_step);
      return { status: 202, body: await jobViewWithUpload(job, workspace, request.caller, polls.next(job)) };
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
 * The version identifies the state of a record, and the creation time the record: an idempotency key may create a new job
 * under the id of a job that failed to start or has expired.
 */
function etagOf({ createdAt, version }: Job): string {
  return `"${Date.parse(createdAt)}.${version}"`;
}
