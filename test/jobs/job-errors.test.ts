/** Tests what the errors for a named job say. */
import type { Job } from '../../lambdas/jobs/job.ts';
import { jobAlreadyEnded, jobNotFound } from '../../lambdas/jobs/job-errors.ts';

test('a job that is not found has a remedy', () => {
  expect(jobNotFound()).toMatchObject({
    code: 'JOB_NOT_FOUND',
    message: 'Job not found: the id is wrong or the job has expired. Call list_jobs to find your jobs.',
  });
});

test('a job that has ended names its status', () => {
  expect(jobAlreadyEnded({ status: 'failed' } as Job)).toMatchObject({
    code: 'JOB_ALREADY_ENDED',
    message: 'The job has already ended as failed. Call check_job to read its result.',
    details: { status: 'failed' },
  });
});
