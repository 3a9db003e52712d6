/** Defines the errors for jobs that a caller names. */
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Job } from './job.ts';

export function jobNotFound(): AppError {
  return new AppError(
    ErrorCode.jobNotFound,
    'Job not found: the id is wrong or the job has expired. Call list_jobs to find your jobs.',
  );
}

export function jobAlreadyEnded({ status }: Job): AppError {
  const message = `The job has already ended as ${status}. Call check_job to read its result.`;
  return new AppError(ErrorCode.jobAlreadyEnded, message, { details: { status } });
}
