/** Describes what the listings of tools leave out, because each listed text costs tokens. */
import * as z from 'zod';
import { bytes, sha256, time } from '../../lambdas/api/reference/schemas/common.ts';
import {
  createdAt,
  endedAt,
  expiresAt,
  inputRequest,
  jobError,
  jobId,
  jobStatus,
  jobSummary,
  operation,
  startedAt,
  storedObject,
  timeline,
  updatedAt,
} from '../../lambdas/api/reference/schemas/job.ts';
import {
  attemptError,
  deliveredEvent,
  deliveryId,
  deliveryStatus,
  endpointOrCallbacks,
  nextAttemptAt,
} from '../../lambdas/api/reference/schemas/webhooks.ts';
import type { ENGINE_TOOLS } from '../../lambdas/definition/engine-tools.ts';

const next = z.string().describe('What to do next, for the model.').optional();

const willCallback = z.literal(true).describe('Present when the job has a `callback_url`.').optional();

const pollAfterMs = z.int().describe('Milliseconds to wait before the next `check_job`.').optional();

/** What a tool returns that starts a job. */
export const startedJob = z.object({
  job_id: jobId.describe('Pass it to `check_job`.'),
  status: z.literal('pending').describe('The job is stored, and its execution starts.'),
  message: z.string().describe('What has started, for people.'),
  will_callback: willCallback,
  poll_after_ms: pollAfterMs,
  next,
});

const file = z.object({
  name: z.string().describe('Pass it to `get_file`.'),
  size: bytes,
  content_type: z.string().describe('The media type, such as `application/gzip`.'),
  sha256,
});

const url = z.string().describe('Where to GET the file. It needs no token, so it is a secret.');

const urlExpiresAt = time.describe('When the URL stops working.');

/** @param text begins the description of a property that the argument `include` adds */
function included<Schema extends z.ZodType>(extra: string, schema: Schema, text = schema.description) {
  const meaning = text ? `${text.charAt(0).toLowerCase()}${text.slice(1)}` : '';
  return schema.describe(`With \`${extra}\`: ${meaning}`).optional();
}

const checkedJob = z.object({
  job_id: jobId,
  status: jobStatus,
  progress: z.number().min(0).max(1).describe('The finished part of the work. Never falls.'),
  result: z.unknown().describe('What the operation returned: any JSON. Null before the end.'),
  error: jobError.nullable().describe('Why the job failed; null unless it failed.'),
  input_requests: z
    .record(z.string(), inputRequest)
    .describe('The open questions by key, while the status is `input_required`.')
    .optional(),
  log_tail: z.array(z.string()).describe('The last lines that a failed step printed.').optional(),
  next,
  files: z
    .array(file.extend({ url: included('links', url), url_expires_at: included('links', urlExpiresAt) }))
    .describe('Artifacts, and a result above 64 KiB. With `log`, the logs of the steps too.')
    .optional(),
  step: z
    .string()
    .describe('With `details`, or of a cancelled job: the step that runs, or ran last.')
    .optional(),
  message: z
    .string()
    .describe('With `details`, or of a cancelled job: what the job does, or did last.')
    .optional(),
  operation: included('details', operation),
  created_at: included('details', createdAt),
  started_at: included('details', startedAt.unwrap()),
  updated_at: included('details', updatedAt),
  ended_at: included('details', endedAt.unwrap()),
  expires_at: included('details', expiresAt),
  poll_after_ms: included('details', pollAfterMs.unwrap()),
  result_object: included('details', storedObject, 'where a result above 64 KiB is in the workspace bucket.'),
  timeline: included('timeline', timeline, 'when each step began, waited and ended.'),
});

const delivery = z.object({
  delivery_id: deliveryId,
  endpoint_id: endpointOrCallbacks,
  event: deliveredEvent,
  status: deliveryStatus,
  attempts: z
    .array(
      z.object({
        at: time.describe('When the attempt began.'),
        latency_ms: z.int().min(0).describe('How long it took, in milliseconds.'),
        http_status: z.int().describe('Absent when the receiver did not respond.').optional(),
        error: attemptError.optional(),
      }),
    )
    .describe('The last twenty, without the texts of the responses.'),
  next_attempt_at: nextAttemptAt,
});

const nextCursor = z.string().describe('There may be more: pass it as `cursor`.').optional();

const results: Readonly<Record<(typeof ENGINE_TOOLS)[number], z.ZodObject>> = {
  answer_job: z.object({}),
  cancel_job: z.object({}),
  check_job: checkedJob,
  get_file: z.object({
    files: z
      .array(file.extend({ url, url_expires_at: urlExpiresAt }))
      .describe('The file. `log` can be several: one for each step.')
      .optional(),
    result: z
      .unknown()
      .describe('Instead of `files`: the result of the job, for `result.json` up to 64 KiB.')
      .optional(),
  }),
  list_deliveries: z.object({
    deliveries: z.array(delivery).max(100).describe('Newest first.'),
    has_more: z.boolean().describe('Whether older deliveries are not listed.'),
    next,
  }),
  list_jobs: z.object({
    jobs: z.array(jobSummary).max(100).describe('Newest first.'),
    next_cursor: nextCursor,
    next,
  }),
  read_log: z.object({
    job_id: jobId,
    status: jobStatus,
    steps: z.array(z.string()).describe('The names of the steps with a log.'),
    text: z.string().describe('At most 16 KiB of the log.'),
    start: z.int().min(0).describe('Where the text begins, in bytes.'),
    end: z.int().min(0).describe('Where the text ends, in bytes: pass it as `after` to read on.'),
    size: z.int().min(0).describe('Bytes of the log so far.'),
    next,
  }),
  // Besides the job.
  retry_job: z.object({
    message: z.string().describe('At which step the new job begins, for people.'),
    retried_from: jobId.describe('The job that the new job retries.'),
    will_callback: willCallback,
    poll_after_ms: pollAfterMs,
  }),
};

/** Tools that return a job as `check_job` does. Their own results are what they add. */
export const returnsJob: ReadonlySet<string> = new Set(['answer_job', 'cancel_job', 'retry_job']);

/** @returns undefined for the tool of an operation */
export function resultOf(tool: string): z.ZodObject | undefined {
  return (results as Readonly<Record<string, z.ZodObject>>)[tool];
}

/** @param items name of the list in the result. @returns what the tool of a listing returns */
export function listingResult(items: string): z.ZodObject {
  const entry = z.object({
    name: z.string().describe('The name that inputs take.'),
    size: bytes,
    updated_at: time.describe('When the file was last written.'),
  });
  return z.object({
    [items]: z.array(entry).max(100).describe('By name.'),
    next_cursor: nextCursor,
    next,
  });
}

/** Properties of the results of samples, by tool and path, whose schemas have no description. */
export const resultMeanings: Readonly<Record<string, string>> = {
  'start_deploy.environment': 'Where the release is current now.',
  'read_project_file.path': 'The path of the file in the project.',
  'read_project_file.sha256': 'SHA-256 of the whole file, in hexadecimal.',
  'read_project_file.range': 'Which bytes `content` has; absent for a file that is too large to show.',
  'read_project_file.range.start': 'The first byte.',
  'read_project_file.range.end': 'The byte after the last one.',
  'read_project_file.encoding': 'How `content` is written: `base64` for bytes that are not text.',
  'read_project_file.content': 'The bytes of the range. Absent for a file that is too large to show.',
  'read_project_file.file': 'Key of a copy in the workspace, for a file that is too large to show.',
  'search_project.matches[].file': 'The path of the file in the project.',
  'search_project.matches[].line': 'The number of the line, from 1.',
  'search_project.matches[].before': 'The lines before, with `context`.',
  'search_project.matches[].after': 'The lines after, with `context`.',
  'search_project.total': 'Number of matching lines.',
  'search_project.files_searched': 'Number of files that were searched.',
  'search_project.all.key': 'The key in the workspace.',
  'search_project.all.size': 'Bytes.',
  'search_project.all.sha256': 'SHA-256, in hexadecimal.',
};

/** What replaces the short texts of listings, by path or by tool and path. */
export const argumentTexts: Readonly<Record<string, string>> = {
  wait_seconds:
    'Seconds that the call waits for the end of the job or a question: 0 to 50, or less when the operation limits it. Default: `0`. Every client can wait 20.',
  'check_job.include':
    'What to add to the result.\n`links`: URLs of the files.\n`log`: the last lines of the log.\n`details`: operation, step, message and times.\n`timeline`: when each step began, waited and ended.',
  'answer_job.answers':
    'Content for the open question, as its schema says: `{"approve": true}`. For several questions, or to refuse: `{"<key>": {"action": "accept", "content": {…}}}`. The action is `accept`, `decline` or `cancel`.',
  'read_log.tail': 'Only the last lines: 1 to 1,000. Default without `after`: `100`.',
  'read_log.after': 'The byte to begin at, 0 for the start. Not together with `tail`.',
};

/** By path, for arguments whose listing has no description. */
export const argumentMeanings: Readonly<Record<string, string>> = {
  case_sensitive: 'Whether upper and lower case differ.',
  cursor: 'The `next_cursor` of the previous page. Leave it out for the first page.',
  file: 'A glob that selects files.',
  from_step: 'An earlier step to begin at. The default is the step that failed.',
  include: 'What to add to the result. `links`: URLs of the files.',
  job_id: 'The id that a start returned.',
  limit: 'Entries on a page.',
  job_options: 'Options that every start has.',
  'job_options.callback_events':
    'The events to send to `callback_url`. The default is how the job ends, and its questions.',
  'job_options.callback_url': 'A public https URL that receives events of this job.',
  'job_options.idempotency_key':
    'Up to 255 characters. Another start with the same key and arguments returns the same job.',
  'job_options.retention_seconds':
    'Seconds to keep the job after its end: 60 to 604,800 (a week). Default: `86400`, a day.',
  name: 'The name of the file.',
  operation: 'Only jobs of this operation.',
  project: 'The name of the project.',
  range: 'The part of the file to read.',
  'range.end': 'The byte after the last one.',
  'range.start': 'The first byte.',
  status: 'Only jobs with this status.',
  step: 'Only the log of this step.',
};
