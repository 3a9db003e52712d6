/** Errors about a job that callers name. */
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Job } from './job.ts';

export function jobNotFound(): AppError {
  return new AppError(
    ErrorCode.jobNotFound,
    'There is no such job: the id is wrong, or the job has expired. list_jobs shows the jobs there are.',
  );
}

export function jobAlreadyEnded({ status }: Job): AppError {
  const message = `The job has already ended as ${status}. check_job shows its result.`;
  return new AppError(ErrorCode.jobAlreadyEnded, message, { details: { status } });
}
