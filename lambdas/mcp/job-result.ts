/** The answer about one job: its view, the links to its files, and the sentence for the model. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { OperationDefinition } from '../definition/operation-definition.ts';
import { type Job, JobStatus } from '../jobs/job.ts';
import type { PollIntervals } from '../jobs/poll-intervals.ts';
import type { Caller } from '../shared/caller.ts';
import type { Json } from '../shared/json.ts';
import { linkFiles } from '../workspace/job-files.ts';
import { viewForOwner } from '../workspace/job-view-with-upload.ts';
import type { FileLink, WorkspaceLinks } from '../workspace/workspace-links.ts';
import { describeRequests } from './describe-requests.ts';
import { type ToolAnswer, toResult } from './tool.ts';

/** Any string: what is no job id is answered as a job that is not there, so that neither says more than the other. */
export const jobIdArgument = z.string().describe('The job_id that the start tool answered with.');

/** What a job has asked for, as its view has it. */
export const inputRequestsOutput = z
  .record(
    z.string(),
    z.object({
      message: z.string(),
      schema: z.looseObject({}).optional().describe('Of the answer that answer_job is to give.'),
      url: z.string().optional().describe('A page for the user to open; then accept without content.'),
      upload: z
        .object({
          method: z.literal('PUT'),
          max_bytes: z.number(),
          size: z.number().optional().describe('Bytes that the file has to have.'),
          url: z.string().optional().describe('Where to PUT the file; a secret.'),
          url_expires_at: z.string().optional(),
        })
        .optional()
        .describe('A file to PUT, which is the answer: the job goes on when it is there.'),
    }),
  )
  .optional()
  .describe('What has to be answered before the job can go on, by key.');

/** What a tool that answers about a job promises. The result differs by operation, so it stays open here. */
export const jobOutput = z.looseObject({
  job_id: z.string(),
  status: z.enum(JobStatus),
  progress: z.number().min(0).max(1).describe('0 to 1; never falls.'),
  result: z.unknown().describe('What the operation returned, once completed; else null.'),
  error: z
    .looseObject({ code: z.string(), message: z.string(), retryable: z.boolean() })
    .nullable()
    .describe('Why the job failed; null unless it did.'),
  input_requests: inputRequestsOutput,
  operation: z.string().optional(),
  step: z.string().optional(),
  message: z.string().optional(),
  poll_after_ms: z.number().optional().describe('Milliseconds to wait before asking again.'),
  expires_at: z.string().optional().describe('When the record is deleted.'),
});

/** Longer results are left to `structuredContent` and links: text goes into the model's context word for word. */
const MAX_RESULT_TEXT_CHARACTERS = 2_000;

/** An answer about a job to its owner, with a URL for each of its files, and for the file that it waits for. */
export async function answerJob(
  job: Job,
  {
    operation,
    workspace,
    polls,
    caller,
  }: {
    /** Undefined when the catalogue has it no more. */
    readonly operation: OperationDefinition | undefined;
    readonly workspace: WorkspaceLinks;
    readonly polls: PollIntervals;
    readonly caller: Pick<Caller, 'scopes'>;
  },
): Promise<ToolAnswer> {
  const links = await linkFiles(job, operation, workspace);
  const view = await viewForOwner(job, workspace, caller, polls.next(job));
  return {
    structured: { ...view, ...(links.length > 0 && { files: links }) },
    text: view.input_requests
      ? describeRequests(view, view.input_requests)
      : describeJob(job, operation, links),
    content: contentOf(job, operation),
    links,
    // Not a URL for each: these are long, and a model would read every one of them.
    ...(hasLog(job) && {
      resources: [{ uri: `job://${job.jobId}/log`, name: 'log', mimeType: 'text/plain' }],
    }),
  };
}

/** The result of a task whose job has ended: a job that has failed is a tool that has. */
export function toEndResult({ status }: Job, answer: ToolAnswer): CallToolResult {
  const result = toResult(answer);
  return status === JobStatus.failed ? { ...result, isError: true } : result;
}

/** A result as a model reads it. */
export function textOf(operation: OperationDefinition | undefined, result: Json): string {
  return operation?.text?.(result as never) ?? JSON.stringify(result);
}

/** None of a result that is kept in the workspace: it is too large to be looked at here. */
function contentOf({ status, result }: Job, operation: OperationDefinition | undefined) {
  return status === JobStatus.completed && result !== undefined
    ? operation?.content?.(result as never)
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
          ? `Its result of ${job.resultObject.size} bytes is in result.json, linked here, and the resource job://${job.jobId}/result.`
          : `Result: ${result.length > MAX_RESULT_TEXT_CHARACTERS ? 'see structuredContent.result.' : result}`,
        ...(files ? [`Files: ${files}.`] : []),
      ].join('\n');
    }
    case JobStatus.failed:
      return [
        `${name} failed${job.error?.step ? ` in step ${job.error.step}` : ''}: ${job.error?.code}: ${job.error?.message}`,
        ...(job.logTail?.length ? ['Last lines:', ...job.logTail] : []),
        ...(hasLog(job) ? [`The whole log is the resource job://${job.jobId}/log.`] : []),
      ].join('\n');
    case JobStatus.cancelled:
      return `${name} was cancelled at ${percent(job)}${job.step ? `, in step ${job.step}` : ''}: ${job.message}`;
    default:
      return `${name} is ${job.status} at ${percent(job)}. ${job.message ?? ''} Call check_job again with this job_id.`;
  }
}

/** A step that printed nothing has none. */
function hasLog({ logs = {} }: Job): boolean {
  return Object.keys(logs).length > 0;
}

function percent({ progress }: Job): string {
  return `${Math.round(progress * 100)} %`;
}
