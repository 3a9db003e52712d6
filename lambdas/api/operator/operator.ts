/** Handles `/operator`: shows operators the jobs and deliveries of all owners without their content, cancels and replays. */
import * as z from 'zod';
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import { stepNames } from '../../definition/operation-definition.ts';
import { type CancelDependencies, cancelJob } from '../../executions/cancel.ts';
import type { SweepFindings } from '../../executions/endings/sweep-findings.ts';
import { isJobId, isTerminal, type Job, JobStatus } from '../../jobs/job.ts';
import { jobsCursor } from '../../jobs/jobs-cursor.ts';
import { listJobs } from '../../jobs/list-jobs.ts';
import type { OpenJobs, OpenPosition } from '../../jobs/open-jobs.ts';
import { Scope } from '../../shared/caller.ts';
import { Cursor } from '../../shared/cursor.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { log } from '../../shared/observability/log.ts';
import type { LogKeys } from '../../shared/observability/log-keys.ts';
import { RateLimiter } from '../../shared/rate-limiter.ts';
import { type Delivery, parseDeliveryId } from '../../webhooks/deliveries/delivery.ts';
import type { DeliveryQueue } from '../../webhooks/deliveries/delivery-queue.ts';
import type { DeliveryStore } from '../../webhooks/deliveries/delivery-store.ts';
import { replayDelivery } from '../../webhooks/deliveries/replay.ts';
import type { EndpointStore } from '../../webhooks/endpoints/endpoint-store.ts';
import type { RouteHandler } from '../dependencies.ts';
import { checkActive } from '../find-endpoint.ts';
import { pageQuery } from '../paging.ts';
import type { ApiRequest } from '../request.ts';
import type { ApiResponse } from '../response.ts';
import type { OperatorRouteName } from '../routes.ts';
import { serveRoutes } from '../serve-routes.ts';
import type { DeadLetterQueues } from './dead-letter-queues.ts';
import { viewOperatedDelivery, viewOperatedJob, viewOperatedJobWithTimeline } from './views.ts';

export const MAX_JOBS = 100;

/** Owners are ARNs, or an issuer and a name: printable ASCII. DynamoDB's keys have at most 2,048 bytes. */
const owner = z.string().regex(/^[\x20-\x7e]{1,2048}$/, 'must be an owner, as in a list of jobs');
export const operatorJobsQuery = pageQuery(MAX_JOBS).extend({
  // Jobs of removed operations may be open too.
  operation: z.string().min(1).max(100).optional(),
  status: z.enum(JobStatus).optional(),
  owner: owner.optional(),
});
const openJobsCursor = new Cursor<OpenPosition>(
  z.strictObject({ owner, createdAt: z.iso.datetime(), jobId: z.string().refine(isJobId) }),
);

/** Each request can read a thousand jobs. */
export const OPERATOR_RATE = { limit: 'operator_requests_per_second', burst: 20, perSecond: 5 };

export interface OperatorDependencies extends CancelDependencies {
  readonly operations: readonly OperationDefinition[];
  readonly openJobs: OpenJobs;
  readonly deadLetterQueues: DeadLetterQueues;
  readonly sweepFindings: Pick<SweepFindings, 'read'>;
  readonly deliveries: DeliveryStore;
  readonly endpoints: Pick<EndpointStore, 'get'>;
  readonly queue: DeliveryQueue;
}

/** @returns a function that handles a gateway event; errors become responses */
export function createOperatorApi(dependencies: OperatorDependencies) {
  const handlers: Readonly<Record<OperatorRouteName, RouteHandler>> = operatorRoutes(dependencies);
  return serveRoutes(handlers, { scopes: [Scope.jobsOperate] });
}

export function operatorRoutes(dependencies: OperatorDependencies) {
  const { operations, jobs, openJobs, deadLetterQueues, sweepFindings, deliveries, endpoints } = dependencies;
  const rateLimiter = new RateLimiter({
    ...OPERATOR_RATE,
    refusal: (waitMs) => `Too many operator requests. Wait ${waitMs} ms, then call again.`,
  });

  /** @throws AppError JOB_NOT_FOUND */
  async function findJob(request: ApiRequest): Promise<Job> {
    const jobId = request.param('job_id');
    const job = isJobId(jobId) ? await jobs.find(jobId) : undefined;
    if (job && job.expiresAt * 1000 > Date.now()) return job;
    throw new AppError(
      ErrorCode.jobNotFound,
      'Job not found: the id is wrong or the job has expired. List open jobs with GET /operator/jobs.',
    );
  }

  /** @throws AppError DELIVERY_NOT_FOUND */
  async function findDelivery(request: ApiRequest): Promise<Delivery> {
    const id = parseDeliveryId(request.param('delivery_id'));
    const delivery = id && (await deliveries.get(id));
    if (delivery && delivery.expiresAt * 1000 > Date.now()) return delivery;
    throw new AppError(
      ErrorCode.deliveryNotFound,
      'No such delivery: the id is wrong, or the record has expired. List failed ones with GET /operator/dead-letters.',
    );
  }

  function view(job: Job): ApiResponse {
    const operation = operations.find(({ name }) => name === job.operation);
    return { status: 200, body: viewOperatedJobWithTimeline(job, stepNames(operation)) };
  }

  const handlers = {
    'GET /operator/jobs': async (request) => {
      const { limit, cursor, owner, operation, status } = request.query(operatorJobsQuery);
      if (owner !== undefined) {
        const after = cursor === undefined ? undefined : jobsCursor.decode(cursor);
        const page = await listJobs(jobs, owner, { limit, after, filter: { operation, status } });
        return {
          status: 200,
          body: {
            jobs: page.jobs.map((job) => viewOperatedJob({ ...job, owner })),
            ...(page.next && { next_cursor: jobsCursor.encode(page.next) }),
          },
        };
      }
      if (status !== undefined && isTerminal(status)) {
        throw new AppError(
          ErrorCode.invalidArguments,
          `status: without an owner, only open jobs are listed, and ${status} jobs have ended. Give an owner too.`,
        );
      }
      const after = cursor === undefined ? undefined : openJobsCursor.decode(cursor);
      const page = await openJobs.list({ limit, after, operation, status });
      return {
        status: 200,
        body: {
          jobs: page.jobs.map(viewOperatedJob),
          ...(page.next && { next_cursor: openJobsCursor.encode(page.next) }),
        },
      };
    },

    'GET /operator/jobs/{job_id}': async (request) => {
      request.expectNoParameters();
      const job = await findJob(request);
      await jobs.watch(job);
      return view(job);
    },

    'POST /operator/jobs/{job_id}/cancel': async (request) => {
      request.expectNoInput();
      const { owner, jobId } = await findJob(request);
      logAct(request, { act: 'cancel_job', job_id: jobId, owner });
      return view(await cancelJob(dependencies, owner, jobId, 'Cancelled by an operator.'));
    },

    'GET /operator/dead-letters': async (request) => {
      request.expectNoParameters();
      const { queues, attempts } = await deadLetterQueues.read();
      const found = await Promise.all(attempts.map((attempt) => deliveries.get(attempt)));
      const byId = new Map(found.flatMap((one) => (one ? [[`${one.jobId}.${one.deliveryKey}`, one]] : [])));
      return { status: 200, body: { queues, deliveries: [...byId.values()].map(viewOperatedDelivery) } };
    },

    'GET /operator/findings': async (request) => {
      request.expectNoParameters();
      const { findings, sweptAt } = await sweepFindings.read();
      const found = await openJobs.find(findings.map(({ jobId }) => jobId));
      const byId = new Map(found.map((job) => [job.jobId, job]));
      return {
        status: 200,
        body: {
          ...(sweptAt && { swept_at: sweptAt }),
          findings: findings.map(({ finding, foundAt, jobId }) => {
            const job = byId.get(jobId);
            return { finding, found_at: foundAt, job_id: jobId, ...(job && { job: viewOperatedJob(job) }) };
          }),
        },
      };
    },

    'POST /operator/deliveries/{delivery_id}/replay': async (request) => {
      request.expectNoInput();
      const delivery = await findDelivery(request);
      const { owner, jobId, endpointId } = delivery;
      const delivery_id = request.param('delivery_id');
      logAct(request, { act: 'replay_delivery', delivery_id, job_id: jobId, owner });
      if (delivery.url === undefined) checkActive(await endpoints.get(owner, endpointId));
      return { status: 202, body: viewOperatedDelivery(await replayDelivery(dependencies, delivery)) };
    },
  } satisfies Record<string, RouteHandler>;

  return Object.fromEntries(
    Object.entries(handlers).map(([name, handler]) => [
      name,
      (request: ApiRequest) => {
        rateLimiter.check(request.owner);
        return handler(request);
      },
    ]),
  ) as typeof handlers;
}

/** Logs an act before it happens, so that a crash leaves no act without its line. */
function logAct(
  { caller: { owner: operator, person } }: ApiRequest,
  about: LogKeys & { readonly act: string },
): void {
  log.info('An operator acts', { operator, person, ...about });
}
