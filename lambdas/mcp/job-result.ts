/** Builds the tool result for a job: a lean view, and the same as a text for clients that show only text. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { type OperationDefinition, type ResultFile, stepNames } from '../definition/operation-definition.ts';
import { presentResult } from '../definition/present-result.ts';
import { stepsToRetry } from '../executions/retry/plan-retry.ts';
import { isTerminal, type Job, JobStatus, Notified } from '../jobs/job.ts';
import { type JobView, percentOf } from '../jobs/job-view.ts';
import type { PollIntervals } from '../jobs/poll-intervals.ts';
import { viewTimeline } from '../jobs/timeline-view.ts';
import type { Caller } from '../shared/caller.ts';
import { cutText } from '../shared/cut-text.ts';
import { ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { linkFiles, logFiles, RESULT_FILE, resultFiles } from '../workspace/job-files.ts';
import { jobViewWithUpload } from '../workspace/job-view-with-upload.ts';
import type { WorkspaceLinks } from '../workspace/workspace-links.ts';
import { describeInputRequests, inputGuidance } from './describe-input-requests.ts';
import { describeFiles, viewFile } from './file-view.ts';
import { describeError, type ToolResult, toCallToolResult } from './tool.ts';

/** Accepts any string. A malformed id and an unknown one give the same error, so that neither reveals more. */
export const jobIdArgument = z.string();

/** Schema of `input_requests` in a job's view. */
export const inputRequestsOutput = z
  .record(
    z.string(),
    z.object({
      message: z.string(),
      schema: z.looseObject({}).optional().describe('Schema of the content for answer_job.'),
      url: z.string().optional().describe('Page for the user to open; then accept without content.'),
      upload: z
        .object({
          method: z.literal('PUT'),
          max_bytes: z.number(),
          size: z.number().optional().describe('Exact size of the file in bytes.'),
          url: z.string().optional().describe('URL to PUT the file to; a secret.'),
          url_expires_at: z.string().optional(),
        })
        .optional()
        .describe('File to PUT. The job resumes when it arrives; do not call answer_job.'),
    }),
  )
  .optional()
  .describe('Open questions by key; the job waits for their answers.');

/** Schema of a job in the payload of an event. `result` is open, because it differs by operation. */
export const jobOutput = z.looseObject({
  job_id: z.string(),
  status: z.enum(JobStatus),
  progress: z.number().min(0).max(1).describe('0 to 1; never decreases.'),
  result: z.unknown().describe('Result of the operation once completed; else null.'),
  error: z
    .looseObject({ code: z.string(), message: z.string(), retryable: z.boolean() })
    .nullable()
    .describe('Why the job failed; else null.'),
  input_requests: inputRequestsOutput,
});

/** What `check_job` adds on request. Each poll enters the model's context, so by default it has only what changes. */
export const jobExtras = ['links', 'log', 'details', 'timeline'] as const;
export type JobExtra = (typeof jobExtras)[number];

/** Text enters the model's context verbatim. A longer result is cut in the text; `structuredContent` has all of it. */
const MAX_RESULT_TEXT_CHARACTERS = 2_000;

/** Guidance for a job that has not ended. It is in every poll, so it is short. */
const CHECK_AGAIN = 'Call check_job again.';

const CHECK_STARTED = 'Call check_job with this job_id and wait_seconds.';

const NOTIFIED: Readonly<Record<Notified, string>> = {
  [Notified.end]:
    'You may end your turn: you will be notified when the job ends, but not when it needs input.',
  [Notified.endOrInput]: 'You may end your turn: you will be notified when the job ends or needs input.',
};

/** Where the owner is notified, a poll only makes up for a lost notification. */
const NOTIFIED_LOOK_MS = 60_000;

/** Returns what to do after the start of a job that has not ended. */
export function startedGuidance({ notified }: Pick<Job, 'notified'>): string {
  return notified ? NOTIFIED[notified] : CHECK_STARTED;
}

/** Returns the milliseconds until a model that has started a job should look at it; undefined after it has ended. */
export function nextLookMs(job: Job, polls: PollIntervals): number | undefined {
  const ms = polls.next(job);
  return ms !== undefined && job.notified ? Math.max(ms, NOTIFIED_LOOK_MS) : ms;
}

interface JobResultOptions {
  /** Undefined when the catalogue no longer contains it. */
  readonly operation: OperationDefinition | undefined;
  readonly workspace: WorkspaceLinks;
  readonly polls: PollIntervals;
  readonly caller: Pick<Caller, 'scopes'>;
  /** @default none */
  readonly include?: readonly JobExtra[] | undefined;
  /** The caller has given the id of the job, so that the text omits it: an id takes some 25 tokens. @default false */
  readonly isNamedByCaller?: boolean;
}

/** Returns the tool result for a job's owner. It has the URL of an upload that the job waits for. */
export async function jobResult(job: Job, options: JobResultOptions): Promise<ToolResult> {
  const { operation, workspace, polls, caller, include = [] } = options;
  const view = await jobViewWithUpload(job, workspace, caller, polls.next(job));
  const log = include.includes('log') ? logFiles(job) : [];
  const stored = [...resultFiles(job, operation), ...log];
  const files = include.includes('links') ? await linkFiles(stored, workspace) : stored.map(viewFile);
  const { structured, details } = selectFields(job, view, include);
  const timeline = include.includes('timeline') && viewTimeline(job, stepNames(operation));
  const added = { ...details, ...(timeline && { timeline }) };
  return {
    structured: { ...structured, ...added, ...(files.length > 0 && { files }) },
    text: [
      describeJob(job, view, options),
      ...Object.entries(added).map(([name, value]) => `${name}: ${asText(value)}`),
      ...(structured.log_tail ? ['Last lines:', ...structured.log_tail] : []),
      ...describeFiles(files),
    ].join('\n'),
    next: guidanceFor(job, view, stored, options),
    content: contentOf(job, operation),
  };
}

/** Separates the fields of every result from those that a caller requests: it knows some, and needs others rarely. */
function selectFields({ logTail }: Job, view: JobView, include: readonly JobExtra[]) {
  const { job_id, status, progress, result, error, input_requests, log_tail, ...rest } = view;
  const isCancelled = status === JobStatus.cancelled;
  const lines = include.includes('log') && logTail?.length ? logTail : log_tail;
  const { step, message } = rest;
  return {
    structured: {
      job_id,
      status,
      progress,
      ...(isCancelled && { ...(step && { step }), ...(message && { message }) }),
      result,
      error,
      ...(input_requests && { input_requests }),
      ...(lines && { log_tail: lines }),
    },
    details: include.includes('details') ? rest : {},
  };
}

/** @returns undefined when nothing is left to do */
function guidanceFor(
  job: Job,
  { input_requests = {} }: JobView,
  files: readonly ResultFile[],
  { include = [], operation }: Pick<JobResultOptions, 'include' | 'operation'>,
): string | undefined {
  if (!isTerminal(job.status)) {
    return inputGuidance(input_requests) ?? (job.notified ? NOTIFIED[job.notified] : CHECK_AGAIN);
  }
  if (job.status === JobStatus.failed) {
    const canRead = hasLog(job) && !include.includes('log');
    const sentences = [
      ...(canRead ? ['Call read_log for the whole log.'] : []),
      ...retryGuidance(job, operation),
    ];
    return sentences.join(' ') || undefined;
  }
  const sentences = [
    ...(job.resultObject ? [`Read the result in parts from the resource job://${job.jobId}/result.`] : []),
    ...(files.length > 0 && !include.includes('links') ? ['Call get_file for a download URL.'] : []),
  ];
  return sentences.join(' ') || undefined;
}

/** Suggests a retry only where the same work can succeed: the retry of a failing script would run the same script. */
function retryGuidance({ error, ...job }: Job, operation: OperationDefinition | undefined): string[] {
  if (!error?.retryable || !operation || operation.retired || operation.retry === 'never') return [];
  const step = stepsToRetry(operation, { ...job, error }).at(-1);
  return [`Call retry_job to run it again${step ? ` from ${step}` : ''}.`];
}

/** Returns the result of a task whose job has ended. A failed job is a failed tool call (`isError`). */
export function toFinalResult({ status }: Job, toolResult: ToolResult): CallToolResult {
  const result = toCallToolResult(toolResult);
  return status === JobStatus.failed ? { ...result, isError: true } : result;
}

/** Returns the text of a result for a model: the operation's own text, or JSON. */
export function textOf(operation: OperationDefinition | undefined, result: Json): string {
  return presentResult(operation, 'text', result) ?? JSON.stringify(result);
}

/** @returns undefined for a result in the workspace: it is too large to load here */
function contentOf({ status, result }: Job, operation: OperationDefinition | undefined) {
  return status === JobStatus.completed && result !== undefined
    ? presentResult(operation, 'content', result)
    : undefined;
}

function describeJob(
  job: Job,
  { input_requests, error }: JobView,
  { operation, isNamedByCaller }: Pick<JobResultOptions, 'operation' | 'isNamedByCaller'>,
): string {
  const name = isNamedByCaller ? 'The job' : `Job ${job.jobId}`;
  switch (job.status) {
    case JobStatus.completed:
      return job.resultObject
        ? `${name} completed. Its result has ${job.resultObject.size} bytes: see ${RESULT_FILE}.`
        : `${name} completed.\nResult: ${boundResult(textOf(operation, job.result ?? null))}`;
    case JobStatus.failed:
      return `${name} failed${error?.step ? ` in step ${error.step}` : ''}${error ? `: ${describeError(error)}` : '.'}`;
    case JobStatus.cancelled:
      return `${name} was cancelled at ${percentOf(job)} %${job.step ? `, in step ${job.step}` : ''}: ${job.message}`;
    default:
      return input_requests && Object.keys(input_requests).length > 0
        ? describeInputRequests(name, input_requests)
        : `${name} is ${job.status} at ${percentOf(job)} %.`;
  }
}

function boundResult(text: string): string {
  if (text.length <= MAX_RESULT_TEXT_CHARACTERS) return text;
  const shown = cutText(text, MAX_RESULT_TEXT_CHARACTERS);
  return `${shown}…\nThese are the first ${shown.length} of ${text.length} characters; get_file returns ${RESULT_FILE}.`;
}

/** A step that prints nothing has no log. The record does not have the log of a step that crashed. */
function hasLog({ logs = {}, error }: Job): boolean {
  return Object.keys(logs).length > 0 || error?.code === ErrorCode.stepCrashed;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
