/** Describes jobs in responses and events. */
import * as z from 'zod';
import { type JobError, JobStatus, type StoredObject } from '../../../jobs/job.ts';
import type { JobView, QuestionView, UploadRequestView, viewSummary } from '../../../jobs/job-view.ts';
import type { AttemptView, StepView, TimelineView, WaitView } from '../../../jobs/timeline-view.ts';
import type { TraceView } from '../../../jobs/trace-view.ts';
import type { Receipt, ReceiptLine } from '../../../receipt/price-lines.ts';
import type { FileLink } from '../../../workspace/workspace-links.ts';
import { bytes, details, nextCursor, sha256, time, url } from './common.ts';
import { type SchemasOf, viewOf } from './view-of.ts';

export const jobId = z.string().meta({ id: 'JobId', format: 'uuid', description: 'The id of a job.' });

export const jobStatus = z.enum(JobStatus).meta({
  id: 'JobStatus',
  description:
    'A job that is `completed`, `failed` or `cancelled` has ended: its status never changes again.',
});

const subject = z.string().max(256).meta({
  id: 'JobSubject',
  description:
    'What the job is about, under the name of an input property of its operation, such as `project`.',
});

export const retriedFrom = jobId.describe('The job that this one retries.').optional();

export const operation = z.string().describe('The name of the operation.');

export const createdAt = time.describe('When the job was accepted.');

export const startedAt = time.describe('When its execution began; absent while it is `pending`.').optional();

export const updatedAt = time.describe('When the record last changed.');

export const endedAt = time.describe('When the job ended; absent before.').optional();

export const expiresAt = time.describe('When the record is deleted.');

const attempt = viewOf<AttemptView>()({
  started_at: time.describe('When the attempt began.'),
  ended_at: time.describe('When the attempt ended.').optional(),
  error: z
    .strictObject({
      code: z.string().describe('Stable, for programs.'),
      message: z.string().describe('At most 200 characters.'),
    })
    .describe('Why the attempt failed.')
    .optional(),
});

/** Operators do not see the message of an error. */
const operatedAttempt = attempt.extend({
  error: z
    .strictObject({ code: z.string().describe('Stable, for programs.') })
    .describe('Why the attempt failed.')
    .optional(),
});

const wait = viewOf<WaitView>()({
  asked_at: time.describe('When the step asked.'),
  answered_at: time.describe('When the answer or the file arrived.').optional(),
});

const stepProperties: SchemasOf<StepView> = {
  step: z.string().describe('The name of the step.'),
  status: z
    .enum([...Object.values(JobStatus), 'reused'])
    .describe(
      '`pending`: the step has not begun; after the end of the job, it never ran.\n\n`reused`: a retried job took the result from the earlier job.',
    ),
  started_at: time.describe('When its first attempt began.').optional(),
  ended_at: time.describe('When its last attempt ended.').optional(),
  attempts: z
    .array(attempt)
    .min(1)
    .describe(
      'Earliest first; present once the step has begun. After an answer, the step begins again as a new attempt. An attempt that crashed has the error `STEP_CRASHED`, and ends when the next one begins.',
    )
    .optional(),
  attempts_omitted: z
    .int()
    .min(1)
    .describe('Number of attempts that are left out after the first one. A timeline has at most 4,000 bytes.')
    .optional(),
  waits: z.array(wait).min(1).describe('Waits for answers or for a file.').optional(),
};

const timelineProperties: SchemasOf<TimelineView> = {
  queued_ms: z
    .int()
    .min(0)
    .describe('Milliseconds from the creation of the job to the begin of its first step; absent before.')
    .optional(),
  steps: z
    .array(
      z
        .strictObject(stepProperties)
        .meta({ id: 'TimelineStep', description: 'What happened to a step, and when.' }),
    )
    .describe(
      'All steps of the operation, in order. Of an external state machine: the top-level states that its execution has entered. Of a removed operation: the recorded steps.',
    ),
};

export const timeline = z.strictObject(timelineProperties).meta({
  id: 'Timeline',
  description: 'When the steps began, waited and ended. Only the routes of one job return it.',
});

export const operatedTimeline = z
  .strictObject({
    ...timelineProperties,
    steps: z
      .array(
        z.strictObject({
          ...stepProperties,
          attempts: z
            .array(operatedAttempt)
            .min(1)
            .describe('Earliest first; present once the step has begun.')
            .optional(),
        }),
      )
      .describe('The steps, in order.'),
  })
  .meta({ id: 'OperatorTimeline', description: 'A timeline without the messages of errors.' });

export const trace = viewOf<TraceView>()({
  trace_id: z.string().meta({
    pattern: '^[0-9a-f]{32}$',
    description: 'Of the request that created the job: from its `traceparent` when it had a valid one.',
  }),
  url: url
    .describe("X-Ray's page of the request and the execution. Absent when X-Ray does not keep the trace.")
    .optional(),
}).meta({
  id: 'Trace',
  description:
    'The distributed trace of the job. Only the routes of one job return it. Webhooks have the same trace id in the header `traceparent`.',
});

export const receipt = viewOf<Receipt>()({
  total_usd: z.number().min(0).describe('US dollars, with seven decimals.'),
  prices: z.string().meta({ format: 'date', description: 'The day of the price lists.' }),
  region: z
    .string()
    .describe('The region of the prices. It is us-east-1 for a region whose prices are unknown.'),
  lines: z
    .array(
      viewOf<ReceiptLine>()({
        what: z.string().describe('What was used, such as `Lambda: sandbox`.'),
        quantity: z.number().min(0).describe('How much of it, in `unit`.'),
        unit: z.string().describe('Such as `GB-seconds`.'),
        usd: z.number().min(0).describe('US dollars, with three significant digits.'),
        estimated: z.literal(true).describe('The quantity is an estimate and not a count.').optional(),
      }),
    )
    .describe('What makes up the total.'),
}).meta({
  id: 'Receipt',
  description:
    'What an ended job cost: list prices without free tier and discounts. Only the routes of one job return it. It does not count polls, downloads and deliveries to registered endpoints.',
});

const upload: SchemasOf<UploadRequestView['upload']> = {
  method: z.literal('PUT').describe('The HTTP method of the upload.'),
  max_bytes: z.int().describe('The largest size of the file, in bytes.'),
  size: z
    .int()
    .describe('The size that the file must have, in bytes, when the start announced it.')
    .optional(),
  url: url
    .describe(
      'Where to PUT the file. It is a secret, a new one for each response. Only callers with the scope `jobs:write` receive it, and events never have it.',
    )
    .optional(),
  url_expires_at: time
    .describe('The transfer must begin before this time, 15 minutes after the response.')
    .optional(),
};

const questions: readonly [z.ZodType<QuestionView>, z.ZodType<QuestionView>] = [
  z
    .strictObject({
      message: z.string().describe('The question and its reason, for people.'),
      schema: z
        .record(z.string(), z.json())
        .describe(
          "JSON Schema (draft 7) of the answer's `content`: an object of strings, numbers, booleans and enums.",
        ),
    })
    .meta({ title: 'A question' }),
  z
    .strictObject({
      message: z.string().describe('What to do on the page and why, for people.'),
      url: url.describe('The page that the user opens.'),
    })
    .meta({
      title: 'A page',
      description:
        'For secrets that must not pass through a client. Accept it without content when the user has opened the page. The operation itself finds out what the user did there.',
    }),
];

export const inputRequest = z
  .union([
    ...questions,
    viewOf<UploadRequestView>()({
      message: z.string().describe('Which file, and its purpose, for people.'),
      upload: z.strictObject(upload).meta({ id: 'Upload', description: 'How to send a file.' }),
    }).meta({
      title: 'A file',
      description:
        'PUT the file to the URL. Its arrival is the answer, and the job resumes. It takes no answers by `POST`.',
    }),
  ])
  .meta({ id: 'InputRequest', description: 'What a job waits for: an answer, a visit of a page or a file.' });

export const storedObject = viewOf<StoredObject>()({
  key: z.string().describe('The key in the workspace bucket.'),
  size: bytes,
  sha256,
}).meta({ id: 'StoredObject', description: 'An object of the workspace bucket.' });

export const jobError = viewOf<JobError>()({
  code: z.string().describe('Stable, for programs. An operation has codes of its own.'),
  message: z.string().describe('What happened and what to do, for people.'),
  step: z.string().describe('The step that failed; absent when no step had begun.').optional(),
  retryable: z.boolean().describe('Whether the same job may succeed when it is started again.'),
  details: details.optional(),
}).meta({ id: 'JobError', description: 'Why a job failed.' });

const file = viewOf<FileLink>()({
  name: z.string().describe('The name of the file, such as `hello-service.tar.gz`.'),
  url: url.describe('Where to GET the file. It needs no token, so it is a secret.'),
  content_type: z.string().describe('The media type, such as `application/gzip`.'),
  size: bytes,
  sha256,
  url_expires_at: time.describe('When the URL stops working.'),
}).meta({ id: 'File', description: 'A file of a job.' });

const view: SchemasOf<JobView> = {
  job_id: jobId,
  operation,
  status: jobStatus,
  progress: z.number().min(0).max(1).describe('The finished part of the work. Never falls.'),
  step: z.string().describe('The step that runs, or ran last.').optional(),
  message: z.string().describe('What the job does now or did last, for people.').optional(),
  input_requests: z
    .record(z.string(), inputRequest)
    .describe('Open questions by key; present while the status is `input_required`.')
    .optional(),
  result: z
    .unknown()
    .describe(
      'What the operation returned: any JSON. Null before the end, and when `result_object` has the result.',
    ),
  result_object: storedObject.describe('Where a result above 64 KiB is in the workspace bucket.').optional(),
  result_uri: z
    .string()
    .describe(
      'The MCP resource of the result. Only in an event that its result would make larger than 200 KiB; `result` is then null.',
    )
    .optional(),
  error: jobError.nullable().describe('Why the job failed; null unless it failed.'),
  log_tail: z.array(z.string()).describe('The last lines that a failed step printed.').optional(),
  retried_from: retriedFrom,
  created_at: createdAt,
  started_at: startedAt,
  updated_at: updatedAt,
  ended_at: endedAt,
  expires_at: expiresAt,
  poll_after_ms: z
    .int()
    .min(1)
    .describe('Milliseconds to wait before the next poll; absent once the job has ended.')
    .optional(),
};

export const job = z
  .object({
    ...view,
    files: z
      .array(file)
      .describe(
        'Results, artifacts and logs; never in events. The URLs work for 15 minutes. For new ones, ask again without `If-None-Match`.',
      )
      .optional(),
    timeline: timeline.optional(),
    trace: trace.optional(),
    receipt: receipt.optional(),
  })
  .catchall(subject)
  .meta({ id: 'Job', description: 'The same shape as in `check_job` and in events.' });

const summary: SchemasOf<Omit<ReturnType<typeof viewSummary>, never>> = {
  job_id: jobId,
  operation,
  status: jobStatus,
  retried_from: retriedFrom,
  created_at: createdAt,
  started_at: startedAt,
  ended_at: endedAt,
  expires_at: expiresAt,
};

export const jobSummary = z
  .object(summary)
  .catchall(subject)
  .meta({ id: 'JobSummary', description: 'A job in a list.' });

export const jobPage = z
  .strictObject({
    jobs: z.array(jobSummary).max(100).describe('Newest first.'),
    next_cursor: nextCursor.optional(),
  })
  .meta({ id: 'JobPage', description: 'A page of jobs.' });

export const logPage = z
  .strictObject({
    text: z.string().describe('At most 256 KiB, in complete characters.'),
    next_after: z.string().describe('Where to read on: pass it as `after`.'),
    complete: z.boolean().describe('Whether the job has ended and nothing follows.'),
    poll_after_ms: z
      .int()
      .min(0)
      .describe('Milliseconds to wait before the next call. Absent when more is there now, and at the end.')
      .optional(),
  })
  .meta({ id: 'LogPage', description: 'A part of a log.' });

export const linkedQuestions = z
  .strictObject({
    operation: z.string().describe('The operation of the job that asks.'),
    input_requests: z
      .record(z.string(), inputRequest)
      .describe('The open questions that the link covers, by key.'),
  })
  .meta({ id: 'LinkedQuestions', description: 'The questions of an answer link.' });
