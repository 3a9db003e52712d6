/** Waits for a job on behalf of a caller. */
import { isTerminal, type Job, JobStatus } from './job.ts';
import type { JobStore } from './job-store.ts';

/** Short pauses first, for fast work, then one read per second. */
const PAUSES_MS = [200, 300, 500] as const;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Reads a job until it has ended, needs input, or `waitMs` has passed.
 * @param waitMs milliseconds; 0 reads nothing.
 * @returns the job as last read; undefined when it has expired.
 */
export async function waitForEndOrInput(jobs: JobStore, job: Job, waitMs: number): Promise<Job | undefined> {
  return waitWhile(runsWithoutInput, jobs, job, waitMs);
}

/** Same as `waitForEndOrInput`, but keeps waiting while the job needs input: another client may answer. */
export async function waitForEnd(jobs: JobStore, job: Job, waitMs: number): Promise<Job | undefined> {
  return waitWhile(({ status }) => !isTerminal(status), jobs, job, waitMs);
}

async function waitWhile(
  shouldWait: (job: Job) => boolean,
  jobs: JobStore,
  job: Job,
  waitMs: number,
): Promise<Job | undefined> {
  const end = Date.now() + waitMs;
  let latest: Job | undefined = job;
  for (let reads = 0; latest && shouldWait(latest) && Date.now() < end; reads++) {
    const pauseMs = Math.min(PAUSES_MS[reads] ?? LONGEST_PAUSE_MS, end - Date.now());
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    latest = await jobs.get(job.owner, job.jobId);
  }
  return latest;
}

function runsWithoutInput({ status }: Job): boolean {
  return !isTerminal(status) && status !== JobStatus.inputRequired;
}
