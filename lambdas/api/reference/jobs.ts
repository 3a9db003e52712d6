/** Describes the routes of jobs, answer links and operations. */
import * as z from 'zod';
import { ErrorCode } from '../../shared/errors.ts';
import { MAX_DELIVERIES } from '../delivery-pages.ts';
import { logQuery } from '../job-log.ts';
import { answersBody, jobsQuery, MAX_JOBS, retryBody } from '../jobs.ts';
import { pageQuery } from '../paging.ts';
import type { OwnerRouteName } from '../routes.ts';
import {
  after,
  afterDays,
  failedJob,
  failedJobParts,
  JOB_ID,
  LONGEST_BUILD_SECONDS,
  question,
  runningJob,
} from './examples.ts';
import { cacheControl, etag, ifNoneMatch, referrerPolicy, retryAfter } from './headers.ts';
import { pageParameters } from './paging.ts';
import type { BodyDescription, ResponseDescription, RouteDescription } from './route-description.ts';
import { job, jobPage, linkedQuestions, logPage } from './schemas/job.ts';
import { deliveryPage } from './schemas/webhooks.ts';

const TOO_OFTEN = 'The caller polls this job more than once a second, again and again.';

const pollHeaders = { ETag: etag, 'Retry-After': retryAfter, 'Cache-Control': cacheControl };

const answers: BodyDescription = {
  schema: answersBody,
  properties: {
    answers:
      'Answers by the keys of `input_requests`; at least one. Each has an `action`: `accept`, `decline` or `cancel`. With `accept`, `content` is the answer, as the schema of the question says.',
  },
  examples: {
    yes: { value: { answers: { approve: { action: 'accept', content: { approve: true } } } } },
    no: { value: { answers: { approve: { action: 'decline' } } } },
  },
};

const secretAddress = { 'Cache-Control': cacheControl, 'Referrer-Policy': referrerPolicy };

const linked: ResponseDescription = {
  description: 'The questions that are open now. Empty once the last one is answered.',
  headers: secretAddress,
  schema: linkedQuestions,
  examples: {
    asked: { value: { operation: 'deploy', input_requests: { approve: question } } },
    answered: { value: { operation: 'deploy', input_requests: {} } },
  },
};

export const jobRouteDescriptions = {
  'GET /jobs': {
    operationId: 'listJobs',
    tags: ['Jobs'],
    summary: 'List jobs, newest first',
    query: {
      schema: jobsQuery([]),
      properties: {
        ...pageParameters('Jobs', MAX_JOBS),
        operation: { description: 'Lists only jobs of this operation.', example: 'build' },
        status: 'Lists only jobs with this status.',
      },
    },
    parameters: [
      {
        name: 'subject',
        in: 'query',
        description:
          'Lists only jobs about this value. The name of the parameter is a subject of the deployed operations: `project`, `table` or `connection` for the samples. A page of a filtered list can be empty and still have a `next_cursor`.',
        style: 'form',
        explode: true,
        schema: { type: 'object', additionalProperties: { type: 'string', minLength: 1 } },
        example: { project: 'hello-service' },
      },
    ],
    responses: {
      200: {
        description: "A page of the owner's jobs.",
        schema: jobPage,
        examples: {
          page: {
            value: {
              jobs: [
                {
                  job_id: JOB_ID,
                  operation: 'build',
                  project: 'hello-service',
                  status: 'completed',
                  created_at: after(0),
                  started_at: after(1),
                  ended_at: after(90),
                  expires_at: afterDays(1, 90),
                },
              ],
              next_cursor: 'eyJqb2JJZCI6Ijg4ZmE5NTczLTc0ODgtNDg0Yy05YzQ0LTMzNTVmNWRhMmM2YSJ9',
            },
          },
        },
      },
    },
  },

  'GET /jobs/{job_id}': {
    operationId: 'getJob',
    tags: ['Jobs'],
    summary: 'Read a job',
    description:
      'To poll, send the `ETag` of the last response as `If-None-Match`, and wait `Retry-After` seconds between requests. A response without `Retry-After` is the last one: the job has ended.',
    parameters: [ifNoneMatch],
    responses: {
      200: {
        description: 'The job.',
        headers: pollHeaders,
        schema: job,
        examples: {
          running: { value: runningJob },
          failed: { value: { ...failedJob, ...failedJobParts } },
        },
      },
      304: { description: 'The job has not changed since the caller read it.', headers: pollHeaders },
    },
    errors: { [ErrorCode.jobNotFound]: true, [ErrorCode.resourceExhausted]: TOO_OFTEN },
  },

  'GET /jobs/{job_id}/input': {
    operationId: 'getJobInput',
    tags: ['Jobs'],
    summary: 'Read the input of a job',
    responses: {
      200: {
        description: 'The arguments of the call. They never change.',
        schema: z.strictObject({
          input: z
            .unknown()
            .describe(
              'The arguments. A property that the operation marks as secret (`writeOnly`, or the format `password`) is "(hidden)". Absent when the deployment no longer has the operation.',
            )
            .optional(),
          execution_arn: z.string().describe('ARN of the Step Functions execution.').optional(),
        }),
        examples: {
          build: {
            value: {
              input: { project: 'hello-service' },
              execution_arn: `arn:aws:states:us-east-1:111122223333:execution:AsyncO-0a1b2c3d-build:${JOB_ID}`,
            },
          },
        },
      },
    },
    errors: { [ErrorCode.jobNotFound]: true },
  },

  'GET /jobs/{job_id}/log': {
    operationId: 'readJobLog',
    tags: ['Jobs'],
    summary: 'Read the log of a job, also while it runs',
    description:
      'Returns the logs of all steps in order, at most 256 KiB a call. A line `== step ==` precedes the log of each step. A line `-- attempt 2 --` precedes the output of a later attempt. A line can be read within 10 s of being printed.\n\nTo follow the log, pass `next_after` as `after` until `complete` is true. Wait `poll_after_ms` before each call; call at once when it is absent. An owner may read the log of a job ten times at once, then once a second.',
    query: {
      schema: logQuery,
      properties: {
        after: 'Where to read on: the `next_after` of an earlier call. The default is the start of the log.',
        step: 'Only the log of this step, without the line that names it.',
        tail: 'Begins this number of bytes before the end, at the start of a line when one begins there. Not together with `after`.',
      },
    },
    responses: {
      200: {
        description: 'A part of the log.',
        schema: logPage,
        examples: {
          growing: {
            value: {
              text: '== install ==\nadded 3 packages\n== compile ==\n',
              next_after: 'eyJzdGVwIjoiY29tcGlsZSIsIm9mZnNldCI6MTZ9',
              complete: false,
              poll_after_ms: 2000,
            },
          },
          complete: {
            value: {
              text: 'done\n',
              next_after: 'eyJzdGVwIjoidGVzdCIsIm9mZnNldCI6NX0',
              complete: true,
            },
          },
        },
      },
    },
    errors: {
      [ErrorCode.invalidCursor]: true,
      [ErrorCode.jobNotFound]: true,
      [ErrorCode.resourceExhausted]: TOO_OFTEN,
    },
  },

  'POST /jobs/{job_id}/answers': {
    operationId: 'answerJob',
    tags: ['Jobs'],
    summary: 'Answer the questions of a job',
    description:
      'For a job with the status `input_required`. Answer some of its `input_requests` or all of them; after the last answer, the job resumes. The first answer to a question counts. A request is accepted as a whole or not at all.',
    body: answers,
    responses: { 200: { description: 'The answers are recorded. The job as it is now.', schema: job } },
    errors: {
      [ErrorCode.conflict]: true,
      [ErrorCode.inputAlreadyAnswered]: true,
      [ErrorCode.inputNotRequired]: true,
      [ErrorCode.jobAlreadyEnded]: true,
      [ErrorCode.jobNotFound]: true,
    },
  },

  'POST /jobs/{job_id}/cancel': {
    operationId: 'cancelJob',
    tags: ['Jobs'],
    summary: 'Cancel a job',
    description: 'Ends an open job as `cancelled` and stops its execution. It does not undo finished work.',
    responses: { 200: { description: 'The cancelled job.', schema: job } },
    errors: { [ErrorCode.jobAlreadyEnded]: true, [ErrorCode.jobNotFound]: true },
  },

  'POST /jobs/{job_id}/retry': {
    operationId: 'retryJob',
    tags: ['Jobs'],
    summary: 'Retry an ended job',
    description:
      'Creates a new job with the same input, callback and retention. It begins at the step that failed, and reuses the results and files of the earlier steps. If such a file or result is gone, it begins at that step, and its `message` says so.\n\nA job has one retry: the same request returns the same new job. If the new job fails, retry the new job. A retry that ended before it ran a step does not count, and the next one replaces it.\n\nFor a job with a callback, the token also needs the scopes `webhooks:manage` and `jobs:read`.',
    body: {
      schema: retryBody,
      required: false,
      properties: {
        from_step:
          'An earlier step to begin at. The default is the step that failed. A completed job needs it. Leave it out for an external state machine.',
      },
      examples: { failed: { value: {} }, earlier: { value: { from_step: 'compile' } } },
    },
    responses: {
      202: {
        description: 'The new job, or the one that an earlier request created.',
        schema: job,
        examples: {
          retry: {
            value: {
              job_id: '1b4e28ba-2fa1-81d2-883f-0016d3cca427',
              operation: 'build',
              project: 'hello-service',
              status: 'pending',
              progress: 0.5,
              message: `Retry of job ${JOB_ID}. It begins at test.`,
              result: null,
              error: null,
              retried_from: JOB_ID,
              created_at: after(300),
              updated_at: after(300),
              expires_at: afterDays(1, 300 + LONGEST_BUILD_SECONDS),
              poll_after_ms: 2000,
            },
          },
        },
      },
    },
    errors: {
      [ErrorCode.jobAlreadyRetried]: true,
      [ErrorCode.jobNotEnded]: true,
      [ErrorCode.jobNotFound]: true,
      [ErrorCode.operationRemoved]: true,
      [ErrorCode.resourceExhausted]:
        'The owner has too many open jobs or recent starts, or Step Functions throttles reads of the earlier execution.',
      [ErrorCode.retryNotAllowed]: true,
      [ErrorCode.startFailed]: true,
    },
  },

  'GET /jobs/{job_id}/deliveries': {
    operationId: 'listJobDeliveries',
    tags: ['Jobs', 'Deliveries'],
    summary: 'List the deliveries of a job, in the order of its events',
    query: {
      schema: pageQuery(MAX_DELIVERIES),
      properties: { ...pageParameters('Deliveries', MAX_DELIVERIES) },
    },
    responses: { 200: { description: 'A page of deliveries.', schema: deliveryPage } },
    errors: { [ErrorCode.jobNotFound]: true },
  },

  'GET /answers/{token}': {
    operationId: 'readAnswerLink',
    tags: ['Answer links'],
    summary: 'Read the questions of an answer link',
    description: 'Returns the questions that the link covers and that are still open. It changes nothing.',
    responses: { 200: linked },
    errorHeaders: secretAddress,
    errors: {
      [ErrorCode.answerLinkInvalid]: true,
      [ErrorCode.inputAlreadyAnswered]: true,
      [ErrorCode.jobAlreadyEnded]: true,
    },
  },

  'POST /answers/{token}': {
    operationId: 'answerByLink',
    tags: ['Answer links'],
    summary: 'Answer the questions of an answer link',
    description:
      'Like `POST /jobs/{job_id}/answers`, for the questions that the link covers. The first answer to a question counts. The same link answers the remaining questions later.',
    body: answers,
    responses: { 200: linked },
    errorHeaders: secretAddress,
    errors: {
      [ErrorCode.answerLinkInvalid]: true,
      [ErrorCode.conflict]: true,
      [ErrorCode.inputAlreadyAnswered]: true,
      [ErrorCode.inputNotRequired]: true,
      [ErrorCode.jobAlreadyEnded]: true,
    },
  },

  'GET /operations': {
    operationId: 'listOperations',
    tags: ['Jobs'],
    summary: 'List the operations of this deployment',
    responses: {
      200: {
        description: 'The operations, in the order of the catalogue.',
        schema: z.strictObject({
          operations: z
            .array(
              z.strictObject({
                name: z.string().describe('The name that jobs have as `operation`.'),
                title: z.string().describe('For people.'),
                subject: z
                  .string()
                  .describe('The property of a job that says what the job is about.')
                  .optional(),
              }),
            )
            .describe('In the order of the catalogue.'),
        }),
        examples: {
          samples: {
            value: { operations: [{ name: 'build', title: 'Build', subject: 'project' }] },
          },
        },
      },
    },
  },
} satisfies Partial<Record<OwnerRouteName, RouteDescription>>;
