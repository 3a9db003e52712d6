/** Waiting for a job on behalf of a caller that is willing to. */
import { isTerminal, type Job, JobStatus } from './job.ts';
import type { JobStore } from './job-store.ts';

/** Soon at first, for work that takes no time, then one read a second. */
const PAUSES_MS = [200, 300, 500] as const;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Reads a job again until it has ended, needs answers, or the time is over.
 * @param waitMs milliseconds; 0 reads nothing.
 * @returns the job as last read; undefined when it has expired meanwhile.
 */
export async function waitForNews(jobs: JobStore, job: Job, waitMs: number): Promise<Job | undefined> {
  return waitWhile(mayGoOn, jobs, job, waitMs);
}

/** As `waitForNews`, but for nothing less than the end: somebody else may answer. */
export async function waitForEnd(jobs: JobStore, job: Job, waitMs: number): Promise<Job | undefined> {
  return waitWhile(({ status }) => !isTerminal(status), jobs, job, waitMs);
}

async function waitWhile(
  goesOn: (job: Job) => boolean,
  jobs: JobStore,
  job: Job,
  waitMs: number,
): Promise<Job | undefined> {
  const end = Date.now() + waitMs;
  let latest: Job | undefined = job;
  for (let reads = 0; latest && goesOn(latest) && Date.now() < end; reads++) {
    const pauseMs = Math.min(PAUSES_MS[reads] ?? LONGEST_PAUSE_MS, end - Date.now());
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    latest = await jobs.get(job.owner, job.jobId);
  }
  return latest;
}

/** Without its caller. */
function mayGoOn({ status }: Job): boolean {
  return !isTerminal(status) && status !== JobStatus.inputRequired;
}
