/** The addresses of what a job leaves behind: `job://{job_id}/result`, `/log` and `/log/{step}`, with ranges in the query. */
import * as z from 'zod';
import { isJobId } from '../../jobs/job.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';

/** What one read answers at most. */
export const MAX_READ_BYTES = 64 * 1024;

export interface JobUri {
  readonly jobId: string;
  readonly part: 'result' | 'log';
  /** Of the log; absent: all of them. */
  readonly step?: string;
  readonly range: ResourceRange;
}

export type ResourceRange = { readonly offset: number; readonly length: number } | { readonly tail: number };

const PATH = /^job:\/\/([^/?#]+)\/(result|log)(?:\/([a-z0-9_]+))?(?:\?([^#]*))?$/;

const whole = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

const query = z.union([
  z.strictObject({ tail: whole.pipe(z.number().min(1)) }),
  z.strictObject({
    offset: whole.default(0),
    length: whole.pipe(z.number().min(1).max(MAX_READ_BYTES)).default(MAX_READ_BYTES),
  }),
]);

/**
 * @returns undefined for what is no address of a job.
 * @throws AppError INVALID_ARGUMENTS for a query that is none
 */
export function readJobUri(uri: string): JobUri | undefined {
  const [, jobId = '', part, step, search = ''] = PATH.exec(uri) ?? [];
  if (!isJobId(jobId) || (part === 'result' && step !== undefined)) return undefined;
  const { success, data: range } = query.safeParse(Object.fromEntries(new URLSearchParams(search)));
  if (!success || (part === 'result' && 'tail' in range)) {
    throw new AppError(
      ErrorCode.invalidArguments,
      `uri: "?${search}" is no range. Give offset and length in bytes, ${MAX_READ_BYTES} at most, or of a log tail in lines.`,
    );
  }
  return { jobId, part: part === 'result' ? 'result' : 'log', ...(step !== undefined && { step }), range };
}

/** For `resources/templates/list`. */
export const JOB_TEMPLATES = [
  {
    name: 'job_result',
    title: 'Result of a job',
    uriTemplate: 'job://{job_id}/result{?offset,length}',
    mimeType: 'application/json',
    description: 'What the operation returned, once the job has completed.',
  },
  {
    name: 'job_log',
    title: 'Log of a job',
    uriTemplate: 'job://{job_id}/log{?offset,length,tail}',
    mimeType: 'text/plain',
    description: 'What all steps printed, once the job has ended; tail is in lines.',
  },
  {
    name: 'job_step_log',
    title: 'Log of a step',
    uriTemplate: 'job://{job_id}/log/{step}{?offset,length,tail}',
    mimeType: 'text/plain',
    description: 'What one step printed, once the job has ended; tail is in lines.',
  },
] as const;
