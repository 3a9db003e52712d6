/** Describes what operators see of jobs and deliveries. */
import * as z from 'zod';
import { Finding, MAX_FINDINGS } from '../../../executions/endings/sweep-findings.ts';
import { nextCursor, time } from './common.ts';
import {
  createdAt,
  endedAt,
  expiresAt,
  jobId,
  jobStatus,
  operatedTimeline,
  operation,
  receipt,
  retriedFrom,
  startedAt,
  trace,
  updatedAt,
} from './job.ts';
import {
  deliveredEventRef,
  deliveryId,
  deliveryStatus,
  endpointOrCallbacks,
  nextAttemptAt,
  queuedAt,
} from './webhooks.ts';

export const owner = z.string().min(1).max(2048).meta({
  id: 'Owner',
  description: 'The owner of the job: an ARN of IAM, or `<issuer>#<name>` of access tokens.',
});

export const operatorJob = z
  .strictObject({
    job_id: jobId,
    owner,
    operation,
    status: jobStatus,
    progress: z.number().min(0).max(1).describe('The finished part of the work.').optional(),
    step: z.string().describe('The step that runs, or ran last.').optional(),
    error: z
      .strictObject({
        code: z.string().describe('Stable, for programs.'),
        step: z.string().describe('The step that failed; absent when no step had begun.').optional(),
        retryable: z.boolean().describe('Whether the same job may succeed when it is started again.'),
      })
      .describe('Why the job failed.')
      .optional(),
    retried_from: retriedFrom,
    timeline: operatedTimeline.optional(),
    trace: trace.optional(),
    receipt: receipt.optional(),
    created_at: createdAt,
    started_at: startedAt,
    updated_at: updatedAt.optional(),
    ended_at: endedAt,
    expires_at: expiresAt,
  })
  .meta({
    id: 'OperatorJob',
    description:
      'A job as operators see it. It omits input, subject, message, questions, answers, results, files, log, and the texts of errors.',
  });

export const operatorJobPage = z
  .strictObject({
    jobs: z.array(operatorJob).max(100).describe('The jobs of this page.'),
    next_cursor: nextCursor.optional(),
  })
  .meta({ id: 'OperatorJobPage' });

export const operatorDelivery = z
  .strictObject({
    delivery_id: deliveryId,
    job_id: jobId.describe('Absent for a test event.').optional(),
    owner,
    endpoint_id: endpointOrCallbacks,
    event: deliveredEventRef,
    status: deliveryStatus,
    attempt_count: z.int().min(0).describe('The number of all attempts.'),
    last_attempt: z
      .strictObject({
        at: time.describe('When the attempt began.'),
        latency_ms: z.int().min(0).describe('How long it took, in milliseconds.'),
        http_status: z.int().describe('Absent when the receiver did not respond.').optional(),
        error: z.string().describe('Why there was no response.').optional(),
      })
      .describe('The last attempt; absent before the first.')
      .optional(),
    next_attempt_at: nextAttemptAt,
    created_at: queuedAt,
    expires_at: expiresAt,
  })
  .meta({
    id: 'OperatorDelivery',
    description: 'A delivery as operators see it, without URLs and the texts of responses.',
  });

export const deadLetters = z
  .strictObject({
    queues: z
      .array(
        z.strictObject({
          name: z
            .enum(['answers', 'deliveries', 'events', 'executions'])
            .describe(
              '`answers`: answers whose execution was not resumed.\n\n`deliveries`: deliveries that failed in every attempt.\n\n`events`: events that were not published.\n\n`executions`: executions that were not started or stopped.',
            ),
          messages: z.int().min(0).describe('Approximate, as SQS counts.'),
        }),
      )
      .describe('Each dead-letter queue.'),
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
              '`start_lost`: a job had not started, and the sweep started it.\n\n`start_refused`: a job cannot start, and failed.\n\n`end_lost`: an execution had ended, and the sweep recorded its end.\n\n`upload_lost`: a file had arrived, and the sweep resumed its job.\n\n`operation_removed`: the operation was removed, and its job failed.',
            ),
          found_at: time.describe('When the sweep found it.'),
          job_id: jobId,
          job: operatorJob.describe('The job as it is now; absent after it has expired.').optional(),
        }),
      )
      .max(MAX_FINDINGS)
      .describe('Newest first.'),
  })
  .meta({ id: 'Findings' });
