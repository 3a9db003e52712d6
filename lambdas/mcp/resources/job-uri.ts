/** Parses the URIs of a job's resources: `job://{job_id}/result`, `/log` and `/log/{step}`, with a range in the query. */
import * as z from 'zod';
import { isJobId } from '../../jobs/job.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';

/** The most that one read returns. */
export const MAX_READ_BYTES = 64 * 1024;

export interface JobUri {
  readonly jobId: string;
  readonly part: 'result' | 'log';
  /** The step of the log; absent: all steps. */
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
 * @returns undefined when it is not a URI of a job's resource
 * @throws AppError INVALID_ARGUMENTS for an invalid range
 */
export function parseJobUri(uri: string): JobUri | undefined {
  const [, jobId = '', part, step, search = ''] = PATH.exec(uri) ?? [];
  if (!isJobId(jobId) || (part === 'result' && step !== undefined)) return undefined;
  const { success, data: range } = query.safeParse(Object.fromEntries(new URLSearchParams(search)));
  if (!success || (part === 'result' && 'tail' in range)) {
    throw new AppError(
      ErrorCode.invalidArguments,
      `uri: "?${search}" is not a valid range. Use offset and length in bytes, at most ${MAX_READ_BYTES}; for a log also tail in lines.`,
    );
  }
  return { jobId, part: part === 'result' ? 'result' : 'log', ...(step !== undefined && { step }), range };
}

/** The entries of `resources/templates/list`. */
export const JOB_TEMPLATES = [
  {
    name: 'job_result',
    title: 'Result of a job',
    uriTemplate: 'job://{job_id}/result{?offset,length}',
    mimeType: 'application/json',
    description: 'Result of the operation, once the job has completed.',
  },
  {
    name: 'job_log',
    title: 'Log of a job',
    uriTemplate: 'job://{job_id}/log{?offset,length,tail}',
    mimeType: 'text/plain',
    description: 'Output of all steps, while the job runs too; tail is in lines.',
  },
  {
    name: 'job_step_log',
    title: 'Log of a step',
    uriTemplate: 'job://{job_id}/log/{step}{?offset,length,tail}',
    mimeType: 'text/plain',
    description: 'Output of one step, while it runs too; tail is in lines.',
  },
] as const;
