/** Builds the tool result for a job: its view, links to its files, and a text for the model. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { OperationDefinition } from '../definition/operation-definition.ts';
import { presentResult } from '../definition/present-result.ts';
import { type Job, JobStatus } from '../jobs/job.ts';
import type { PollIntervals } from '../jobs/poll-intervals.ts';
import type { Caller } from '../shared/caller.ts';
import type { Json } from '../shared/json.ts';
import { linkFiles } from '../workspace/job-files.ts';
import { jobViewWithUpload } from '../workspace/job-view-with-upload.ts';
import type { FileLink, WorkspaceLinks } from '../workspace/workspace-links.ts';
import { describeInputRequests } from './describe-input-requests.ts';
import { type ToolResult, toCallToolResult } from './tool.ts';

/** Accepts any string. A malformed id and an unknown one give the same error, so that neither reveals more. */
export const jobIdArgument = z.string().describe('The job_id that the start tool returned.');

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

/** Output schema of tools that return a job. `result` is open, because it differs by operation. */
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
  operation: z.string().optional(),
  step: z.string().optional(),
  message: z.string().optional(),
  poll_after_ms: z.number().optional().describe('Milliseconds to wait before the next check_job.'),
  expires_at: z.string().optional().describe('When the record is deleted.'),
});

/** Text enters the model's context verbatim, so longer results appear only in `structuredContent` and links. */
const MAX_RESULT_TEXT_CHARACTERS = 2_000;

/** Returns the tool result for a job's owner. It has a URL for each file, and for an upload that the job waits for. */
export async function jobResult(
  job: Job,
  {
    operation,
    workspace,
    polls,
    caller,
  }: {
    /** Undefined when the catalogue no longer contains it. */
    readonly operation: OperationDefinition | undefined;
    readonly workspace: WorkspaceLinks;
    readonly polls: PollIntervals;
    readonly caller: Pick<Caller, 'scopes'>;
  },
): Promise<ToolResult> {
  const links = await linkFiles(job, operation, workspace);
  const view = await jobViewWithUpload(job, workspace, caller, polls.next(job));
  return {
    structured: { ...view, ...(links.length > 0 && { files: links }) },
    text: view.input_requests
      ? describeInputRequests(view, view.input_requests)
      : describeJob(job, operation, links),
    content: contentOf(job, operation),
    links,
    // One resource, not a URL for each step: URLs are long, and a model reads every one.
    ...(hasLog(job) && {
      resources: [{ uri: `job://${job.jobId}/log`, name: 'log', mimeType: 'text/plain' }],
    }),
  };
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
  operation: OperationDefinition | undefined,
  links: readonly FileLink[],
): string {
  const name = `Job ${job.jobId} (${job.operation})`;
  switch (job.status) {
    case JobStatus.completed: {
      const result = job.resultObject ? '' : textOf(operation, job.result ?? null);
      const files = links.map(({ name: file }) => file).join(', ');
      return [
        `${name} completed.`,
        job.resultObject
          ? `Its result has ${job.resultObject.size} bytes. Read the linked result.json, or the resource job://${job.jobId}/result.`
          : `Result: ${result.length > MAX_RESULT_TEXT_CHARACTERS ? 'see structuredContent.result.' : result}`,
        ...(files ? [`Files: ${files}.`] : []),
      ].join('\n');
    }
    case JobStatus.failed:
      return [
        `${name} failed${job.error?.step ? ` in step ${job.error.step}` : ''}: ${job.error?.code}: ${job.error?.message}`,
        ...(job.logTail?.length ? ['Last lines:', ...job.logTail] : []),
        ...(hasLog(job) ? [`Read the whole log from the resource job://${job.jobId}/log.`] : []),
      ].join('\n');
    case JobStatus.cancelled:
      return `${name} was cancelled at ${percent(job)}${job.step ? `, in step ${job.step}` : ''}: ${job.message}`;
    default:
      return `${name} is ${job.status} at ${percent(job)}. ${job.message ?? ''} Call check_job again with this job_id.`;
  }
}

/** A step that prints nothing has no log. */
function hasLog({ logs = {} }: Job): boolean {
  return Object.keys(logs).length > 0;
}

function percent({ progress }: Job): string {
  return `${Math.round(progress * 100)} %`;
}
