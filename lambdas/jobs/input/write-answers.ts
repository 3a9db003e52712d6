/** Writes answers with one conditional write on the version that was read. Concurrent answers apply one after the other. */
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { log } from '../../shared/observability/log.ts';
import { type Job, openRequests } from '../job.ts';
import { type JobStore, TransitionRefused } from '../job-store.ts';

/** Answers by question key. */
export type Answers = NonNullable<Job['answers']>;

/** Each attempt reads the job again. More lost races mean that another caller answers question after question. */
const TRIES = 5;

/**
 * @param read returns the job and all its answers; undefined: writes nothing
 * @returns the job; it resumes when no question is open
 * @throws AppError CONFLICT when other callers answer at the same time, and what `read` throws
 */
export async function writeAnswers(
  jobs: JobStore,
  read: () => Promise<{ readonly job: Job; readonly answers: Answers } | undefined>,
): Promise<Job | undefined> {
  for (let tries = 0; tries < TRIES; tries++) {
    const next = await read();
    if (!next) return undefined;
    const { job, answers } = next;
    const isComplete = openRequests({ ...job, answers }).length === 0;
    try {
      return await jobs.answer(job, answers, isComplete);
    } catch (error) {
      if (!(error instanceof TransitionRefused)) throw error;
      log.debug('The job changed while answers were written; trying again', { tries });
    }
  }
  throw new AppError(
    ErrorCode.conflict,
    'The job changed while your answers were written. Call check_job and answer the questions that are still open.',
    { retryable: true },
  );
}
