/** Answers on record: by one conditional write on what was read, so that of two who answer at once one is after the other. */
import { AppError, ErrorCode } from '../../shared/errors.ts';
import { type Job, openRequests } from '../job.ts';
import { type JobStore, TransitionRefused } from '../job-store.ts';

export type Answers = NonNullable<Job['answers']>;

/** Each try reads the job again: more than these, and somebody answers question after question just now. */
const TRIES = 5;

/**
 * @param read the job, and all that is answered then; undefined: nothing is to be recorded
 * @returns the job; it runs on once nothing is open any more
 * @throws AppError CONFLICT when others answer at the same time, and what `read` throws
 */
export async function recordAnswers(
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
    }
  }
  throw new AppError(
    ErrorCode.conflict,
    'The job changes just now. Check it, and answer what is still open.',
    { retryable: true },
  );
}
