/** Describes what the listings of tools leave out, because each listed text costs tokens. */
import * as z from 'zod';
import type { ENGINE_TOOLS } from '../../lambdas/definition/engine-tools.ts';

const next = z.string().describe('What to do next, for the model.').optional();

/** What a tool returns that starts a job. */
export const startedJob = z.object({
  job_id: z.string().describe('Pass it to `check_job`.'),
  status: z.string().describe('`pending`.'),
  message: z.string(),
  will_callback: z.literal(true).describe('Present when the call has a `callback_url`.').optional(),
  poll_after_ms: z.int().describe('Milliseconds to wait before the first `check_job`.').optional(),
  next,
});

const job = z.object({
  job_id: z.string(),
  status: z
    .string()
    .describe('`pending`, `running`, `input_required`, `completed`, `failed` or `cancelled`.'),
  progress: z.number().describe('0 to 1. It never falls.'),
  result: z.unknown().describe('What the operation returned once completed; else null.'),
  error: z
    .unknown()
    .describe('Why the job failed, as `{code, message, step, retryable, details}`; else null.'),
  input_requests: z
    .unknown()
    .describe('The open questions by key, while the status is `input_required`.')
    .optional(),
  files: z
    .unknown()
    .describe(
      'Artifacts and results, as `{name, size, content_type}`; with `include: ["links"]`, also `url`.',
    )
    .optional(),
  log_tail: z.unknown().describe('The last lines that a failed step printed.').optional(),
  next,
});

const cursor = z.string().describe('There may be more: pass it as `cursor`.').optional();

const results: Readonly<Record<(typeof ENGINE_TOOLS)[number], z.ZodObject>> = {
  answer_job: job,
  cancel_job: job,
  check_job: job.extend({
    step: z.string().describe('With `details`: the step that runs, or ran last.').optional(),
    message: z.string().describe('With `details`.').optional(),
    created_at: z.string().describe('With `details`, like all times.').optional(),
    timeline: z.unknown().describe('With `timeline`: when each step began, waited and ended.').optional(),
  }),
  get_file: z.object({
    files: z
      .unknown()
      .describe('The files, as `{name, url, content_type, size, sha256, url_expires_at}`.')
      .optional(),
    result: z
      .unknown()
      .describe('The result of the job, when `name` is `result.json` and it is small.')
      .optional(),
  }),
  list_deliveries: z.object({
    deliveries: z
      .unknown()
      .describe('The deliveries of the job: endpoint, event, status and the outcome of each attempt.'),
    has_more: z.boolean().describe('Whether older deliveries are not listed.'),
    next,
  }),
  list_jobs: z.object({
    jobs: z.unknown().describe('Newest first: `job_id`, `operation`, its subject, `status` and times.'),
    next_cursor: cursor,
    next,
  }),
  read_log: z.object({
    job_id: z.string(),
    status: z.string(),
    steps: z.unknown().describe('The names of the steps with a log.'),
    text: z.string().describe('At most 16 KiB of the log.'),
    start: z.int().describe('Where the text begins, in bytes.'),
    end: z.int().describe('Where the text ends: pass it as `after` to read on.'),
    size: z.int().describe('Bytes of the log so far.'),
    next,
  }),
  retry_job: job.extend({
    message: z.string(),
    retried_from: z.string().describe('The job that the new job retries.'),
    will_callback: z.literal(true).describe('Present when the job has a `callback_url`.').optional(),
  }),
};

/** @returns undefined for the tool of an operation */
export function resultOf(tool: string): z.ZodObject | undefined {
  return (results as Readonly<Record<string, z.ZodObject>>)[tool];
}

/** By path, for arguments whose listing has no description. */
export const argumentMeanings: Readonly<Record<string, string>> = {
  cursor: 'The `next_cursor` of the previous page.',
  file: 'A glob that selects files.',
  from_step: 'An earlier step to begin at. The default is the step that failed.',
  include: 'What to add to the result.',
  job_id: 'The id that a start returned.',
  job_options: 'Options that every start has.',
  'job_options.callback_events':
    'The events to send to `callback_url`. The default is how the job ends, and its questions.',
  'job_options.callback_url': 'A public https URL that receives events of this job.',
  'job_options.idempotency_key':
    'Up to 255 characters. Another start with the same key and arguments returns the same job.',
  'job_options.retention_seconds':
    'How long to keep the job after its end: 60 to 604,800. The default is a day.',
  name: 'The name of the file.',
  operation: 'Only jobs of this operation.',
  project: 'The name of the project.',
  range: 'The part of the file to read.',
  'range.end': 'The byte after the last one.',
  'range.start': 'The first byte.',
  status: 'Only jobs with this status.',
  step: 'Only the log of this step.',
};
