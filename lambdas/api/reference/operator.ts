/** Describes the routes of operators. */
import { ErrorCode } from '../../shared/errors.ts';
import { MAX_JOBS, operatorJobsQuery } from '../operator/operator.ts';
import type { OperatorRouteName } from '../routes.ts';
import { after, afterDays, DELIVERY_ID, ENDPOINT_ID, JOB_ID, OWNER } from './examples.ts';
import { pageParameters } from './paging.ts';
import type { RouteDescription } from './route-description.ts';
import {
  deadLetters,
  findings,
  operatorDelivery,
  operatorJob,
  operatorJobPage,
  owner,
} from './schemas/operator.ts';

export const operatorRouteDescriptions: Readonly<Record<OperatorRouteName, RouteDescription>> = {
  'GET /operator/jobs': {
    operationId: 'listOperatorJobs',
    tags: ['Operators'],
    summary: 'List the open jobs of all owners, or all jobs of one owner',
    description:
      'Without `owner`: the open jobs of all owners, in no particular order. With `owner`: the jobs of that owner, newest first, without `progress`, `step`, `error` and `updated_at`.',
    query: {
      schema: operatorJobsQuery,
      properties: {
        ...pageParameters('Jobs', MAX_JOBS),
        owner: { description: 'Lists the jobs of this owner, open and ended.', schema: owner },
        operation: {
          description: 'Lists only jobs of this operation, which may be a removed one.',
          example: 'build',
        },
        status:
          'Lists only jobs with this status. Without `owner`, it must be `pending`, `running` or `input_required`.',
      },
    },
    responses: {
      200: {
        description: 'A page of jobs. A page of a filtered list can be empty and still have a `next_cursor`.',
        schema: operatorJobPage,
        examples: {
          page: {
            value: {
              jobs: [
                {
                  job_id: JOB_ID,
                  owner: OWNER,
                  operation: 'build',
                  status: 'running',
                  progress: 0.5,
                  step: 'test',
                  created_at: after(0),
                  started_at: after(1),
                  updated_at: after(30),
                  expires_at: afterDays(1, 90),
                },
              ],
            },
          },
        },
      },
    },
  },

  'GET /operator/jobs/{job_id}': {
    operationId: 'getOperatorJob',
    tags: ['Operators'],
    summary: 'Read the job of any owner, without its content',
    responses: { 200: { description: 'The job.', schema: operatorJob } },
    errors: { [ErrorCode.jobNotFound]: true },
  },

  'POST /operator/jobs/{job_id}/cancel': {
    operationId: 'cancelOperatorJob',
    tags: ['Operators'],
    summary: 'Cancel the job of any owner',
    description: 'The owner sees the message `Cancelled by an operator.` The act is logged.',
    responses: { 200: { description: 'The cancelled job.', schema: operatorJob } },
    errors: { [ErrorCode.jobAlreadyEnded]: true, [ErrorCode.jobNotFound]: true },
  },

  'GET /operator/dead-letters': {
    operationId: 'listDeadLetters',
    tags: ['Operators'],
    summary: 'Count the dead letters of each queue',
    responses: {
      200: {
        description: 'The number of messages in each queue, and the deliveries that some of them name.',
        schema: deadLetters,
        examples: {
          failed: {
            value: {
              queues: [
                { name: 'answers', messages: 0 },
                { name: 'deliveries', messages: 1 },
                { name: 'events', messages: 0 },
                { name: 'executions', messages: 0 },
              ],
              deliveries: [
                {
                  delivery_id: DELIVERY_ID,
                  job_id: JOB_ID,
                  owner: OWNER,
                  endpoint_id: ENDPOINT_ID,
                  event: { id: `${JOB_ID}.9`, type: 'job.completed' },
                  status: 'failed',
                  attempt_count: 10,
                  last_attempt: { at: afterDays(3), latency_ms: 12, http_status: 503 },
                  created_at: after(90),
                  expires_at: afterDays(7),
                },
              ],
            },
          },
        },
      },
    },
  },

  'GET /operator/findings': {
    operationId: 'listFindings',
    tags: ['Operators'],
    summary: 'List what the sweep found',
    description:
      'A sweep runs every two minutes. It repairs open jobs whose start, end or upload event was lost.',
    responses: {
      200: {
        description: 'The last hundred findings, newest first.',
        schema: findings,
        examples: {
          found: {
            value: {
              swept_at: after(600),
              findings: [{ finding: 'end_lost', found_at: after(481), job_id: JOB_ID }],
            },
          },
        },
      },
    },
  },

  'POST /operator/deliveries/{delivery_id}/replay': {
    operationId: 'replayOperatorDelivery',
    tags: ['Operators'],
    summary: 'Send the delivery of any owner again',
    description:
      'Like `POST /deliveries/{delivery_id}/replay`. The act is logged. A dead letter stays in its queue until you redrive or purge it.',
    responses: { 202: { description: 'The delivery, queued.', schema: operatorDelivery } },
    errors: {
      [ErrorCode.conflict]: true,
      [ErrorCode.deliveryHeld]: true,
      [ErrorCode.deliveryNotFound]: true,
      [ErrorCode.endpointInactive]: true,
    },
  },
};
