/** Defines `get_file`: returns download URLs of a job's files, which no other result has unless the caller asks. */
import * as z from 'zod';
import { isTerminal, type Job, JobStatus } from '../../jobs/job.ts';
import { Scope } from '../../shared/caller.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { linkFiles, logFiles, RESULT_FILE, resultFiles } from '../../workspace/job-files.ts';
import { describeFiles } from '../file-view.ts';
import { jobIdArgument } from '../job-result.ts';
import { defineTool, type Tool, type ToolResult } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';
import { findJob } from './find-job.ts';

/** Names the logs of all steps together. */
const LOG = 'log';
const MAX_NAME_CHARACTERS = 255;
/** File names in an error. */
const MAX_NAMED = 20;

export function getFileTool({ operations, jobs, pollRateLimiter, workspace }: ToolDependencies): Tool {
  return defineTool({
    name: 'get_file',
    title: 'Get file',
    description: `Returns a download URL, valid for 15 minutes, of a file of a job, ${RESULT_FILE} or ${LOG}.`,
    scope: Scope.jobsRead,
    annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    input: z.strictObject({ job_id: jobIdArgument, name: z.string().min(1).max(MAX_NAME_CHARACTERS) }),
    async call({ job_id: jobId, name }, { owner }) {
      const job = await findJob({ jobs, pollRateLimiter }, owner, jobId);
      const logs = logFiles(job);
      const results = resultFiles(
        job,
        operations.find((operation) => operation.name === job.operation),
      );
      const named = [...results, ...logs].filter((file) => file.name === name);
      const found = named.length === 0 && name === LOG ? logs : named.slice(0, 1);
      if (found.length === 0 && name === RESULT_FILE && job.status === JobStatus.completed)
        return smallResult(job);
      if (found.length === 0) throw noSuchFile(job, name, [...results, ...logs]);
      const files = await linkFiles(found, workspace);
      return { structured: { files }, text: describeFiles(files).join('\n') };
    },
  });
}

/** Returns a result that is on the job's record. It is at most 64 KiB, so it needs no URL. */
function smallResult({ result = null }: Job): ToolResult {
  return { structured: { result }, text: JSON.stringify(result) };
}

function noSuchFile(
  { jobId, status }: Job,
  name: string,
  files: readonly { readonly name: string }[],
): AppError {
  const names = files.slice(0, MAX_NAMED).map((file) => file.name);
  const choices = status === JobStatus.completed ? [...new Set([...names, RESULT_FILE])] : names;
  const remedy =
    choices.length > 0
      ? `Choose one of: ${choices.join(', ')}.`
      : isTerminal(status)
        ? 'It has no files.'
        : 'A job has files once it has ended: call check_job.';
  return new AppError(
    ErrorCode.resourceNotFound,
    `Job ${jobId} has the status ${status} and no file "${name}". ${remedy}`,
  );
}
