/** Describes what operators see of jobs and deliveries. */
import * as z from 'zod';
import { Finding, MAX_FINDINGS } from '../../../executions/endings/sweep-findings.ts';
import { nextCursor, time } from './common.ts';
import { jobId, jobStatus, operatedTimeline, receipt, trace } from './job.ts';
import { deliveredEventRef, deliveryId, deliveryStatus } from './webhooks.ts';

export const owner = z
  .string()
  .min(1)
  .max(2048)
  .meta({ id: 'Owner', description: 'An ARN of IAM, or `<issuer>#<name>` of access tokens.' });

export const operatorJob = z
  .strictObject({
    job_id: jobId,
    owner,
    operation: z.string(),
    status: jobStatus,
    progress: z.number().min(0).max(1).optional(),
    step: z.string().optional(),
    error: z
      .strictObject({ code: z.string(), step: z.string().optional(), retryable: z.boolean() })
      .optional(),
    retried_from: jobId.describe('The job that this one retries.').optional(),
    timeline: operatedTimeline.optional(),
    trace: trace.optional(),
    receipt: receipt.optional(),
    created_at: time,
    started_at: time.optional(),
    updated_at: time.optional(),
    ended_at: time.optional(),
    expires_at: time,
  })
  .meta({
    id: 'OperatorJob',
    description:
      'A job as operators see it. It omits input, subject, message, questions, answers, results, files, log, and the texts of errors.',
  });

export const operatorJobPage = z
  .strictObject({ jobs: z.array(operatorJob).max(100), next_cursor: nextCursor.optional() })
  .meta({ id: 'OperatorJobPage' });

export const operatorDelivery = z
  .strictObject({
    delivery_id: deliveryId,
    job_id: jobId.optional(),
    owner,
    endpoint_id: z.string(),
    event: deliveredEventRef,
    status: deliveryStatus,
    attempt_count: z.int().min(0),
    last_attempt: z
      .strictObject({
        at: time,
        latency_ms: z.int().min(0),
        http_status: z.int().optional(),
        error: z.string().optional(),
      })
      .optional(),
    next_attempt_at: time.optional(),
    created_at: time,
    expires_at: time,
  })
  .meta({
    id: 'OperatorDelivery',
    description: 'A delivery as operators see it, without URLs and the texts of responses.',
  });

export const deadLetters = z
  .strictObject({
    queues: z.array(
      z.strictObject({
        name: z
          .enum(['answers', 'deliveries', 'events', 'executions'])
          .describe(
            '`answers`: answers whose execution was not resumed. `deliveries`: deliveries that failed in every attempt. `events`: events that were not published. `executions`: executions that were not started or stopped.',
          ),
        messages: z.int().min(0).describe('Approximate, as SQS counts.'),
      }),
    ),
    deliveries: z
      .array(operatorDelivery)
      .max(10)
      .describe(
        'The current state of the deliveries that at most ten messages name. SQS chooses the messages.',
      ),
  })
  .meta({ id: 'DeadLetters' });

export const findings = z
  .strictObject({
    swept_at: time.describe('When the last sweep began; absent before the first.').optional(),
    findings: z
      .array(
        z.strictObject({
          finding: z
            .enum(Finding)
            .describe(
              '`start_lost`: a job had not started, and the sweep started it. `start_refused`: a job cannot start, and failed. `end_lost`: an execution had ended, and the sweep recorded its end. `upload_lost`: a file had arrived, and the sweep resumed its job. `operation_removed`: the operation was removed, and its job failed.',
            ),
          found_at: time,
          job_id: jobId,
          job: operatorJob.describe('The job as it is now; absent after it has expired.').optional(),
        }),
      )
      .max(MAX_FINDINGS),
  })
  .meta({ id: 'Findings' });
