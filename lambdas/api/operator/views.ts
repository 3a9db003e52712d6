/**
 * Maps jobs and deliveries of any owner to what operators see: owner, state and times, and codes of errors. It omits content,
 * and texts and URLs that may repeat content.
 */
import type { Job, JobSummary } from '../../jobs/job.ts';
import { percentOf } from '../../jobs/job-view.ts';
import type { OperatedJob } from '../../jobs/open-jobs.ts';
import { type TimelineView, viewTimeline } from '../../jobs/timeline-view.ts';
import { viewTrace } from '../../jobs/trace-view.ts';
import { receiptOf } from '../../receipt/receipt.ts';
import { region } from '../../shared/env.ts';
import { type Delivery, deliveryId, TEST_EVENT } from '../../webhooks/deliveries/delivery.ts';

/** @param job from an owner's list, it has no progress, step and error */
export function viewOperatedJob(job: JobSummary & Pick<OperatedJob, 'owner'> & Partial<OperatedJob>): object {
  const { progress, step, error } = job;
  return {
    job_id: job.jobId,
    owner: job.owner,
    operation: job.operation,
    status: job.status,
    ...(progress !== undefined && { progress: percentOf({ progress }) / 100 }),
    ...(step && { step }),
    ...(error && {
      error: { code: error.code, ...(error.step && { step: error.step }), retryable: error.retryable },
    }),
    ...(job.retriedFrom && { retried_from: job.retriedFrom }),
    created_at: job.createdAt,
    ...(job.startedAt && { started_at: job.startedAt }),
    ...(job.updatedAt && { updated_at: job.updatedAt }),
    ...(job.endedAt && { ended_at: job.endedAt }),
    expires_at: new Date(job.expiresAt * 1000).toISOString(),
  };
}

/** With the receipt of a job that has ended. @param steps of the operation in order; empty when they are unknown */
export function viewOperatedJobWithTimeline(job: Job, steps: readonly string[]): object {
  const trace = viewTrace(job.trace);
  const receipt = receiptOf(job, region());
  return {
    ...viewOperatedJob(job),
    timeline: withoutMessages(viewTimeline(job, steps)),
    ...(trace && { trace }),
    ...(receipt && { receipt }),
  };
}

/** The message of an error may repeat content. */
function withoutMessages({ steps, ...timeline }: TimelineView): object {
  return {
    ...timeline,
    steps: steps.map(({ attempts, ...step }) => ({
      ...step,
      ...(attempts && {
        attempts: attempts.map(({ error, ...attempt }) => ({
          ...attempt,
          ...(error && { error: { code: error.code } }),
        })),
      }),
    })),
  };
}

export function viewOperatedDelivery(delivery: Delivery): object {
  const { jobId, owner, endpointId, type, event, status, attempts, nextAttemptAt } = delivery;
  const { attemptCount, repeatCount = 0 } = delivery;
  const last = attempts.at(-1);
  return {
    delivery_id: deliveryId(delivery),
    ...(type !== TEST_EVENT && { job_id: jobId }),
    owner,
    endpoint_id: endpointId,
    event: { id: event.id, type },
    status,
    attempt_count: attemptCount + repeatCount,
    ...(last && {
      last_attempt: {
        at: last.at,
        latency_ms: last.latencyMs,
        ...(last.status !== undefined && { http_status: last.status }),
        ...(last.error !== undefined && { error: last.error }),
      },
    }),
    ...(nextAttemptAt !== undefined && { next_attempt_at: nextAttemptAt }),
    created_at: delivery.createdAt,
    expires_at: new Date(delivery.expiresAt * 1000).toISOString(),
  };
}
