/** Waits for a job on behalf of a caller. */
import type { OwnerSlots } from '../shared/aws/owner-slots.ts';
import { measureWait } from '../shared/observability/request-metrics.ts';
import { isTerminal, type Job, JobStatus } from './job.ts';
import type { JobStore } from './job-store.ts';

/** Short pauses first, for fast work, then one read per second. */
const PAUSES_MS = [200, 300, 500] as const;
const LONGEST_PAUSE_MS = 1_000;

/** Time for the reads of a wait: its slot is held no longer than the wait and this time. */
const READS_MS = 5_000;

export interface WaitDependencies {
  readonly jobs: JobStore;
  /** Limits the waits of an owner. */
  readonly waits: Pick<OwnerSlots, 'take'>;
  /** Receives the job as each read of a wait returns it, and first as the caller has it. */
  readonly onRead?: (job: Job) => void;
}

/**
 * Reads a job until it has ended, needs input, or `waitMs` has passed. Does not wait when too many calls of its owner do.
 * @param waitMs milliseconds; 0 reads nothing.
 * @returns the job as last read; undefined when it has expired.
 */
export async function waitForEndOrInput(
  dependencies: WaitDependencies,
  job: Job,
  waitMs: number,
): Promise<Job | undefined> {
  return waitWhile(runsWithoutInput, dependencies, job, waitMs);
}

/** Same as `waitForEndOrInput`, but keeps waiting while the job needs input: another client may answer. */
export async function waitForEnd(
  dependencies: WaitDependencies,
  job: Job,
  waitMs: number,
): Promise<Job | undefined> {
  return waitWhile(({ status }) => !isTerminal(status), dependencies, job, waitMs);
}

async function waitWhile(
  shouldWait: (job: Job) => boolean,
  { jobs, waits, onRead }: WaitDependencies,
  job: Job,
  waitMs: number,
): Promise<Job | undefined> {
  if (waitMs <= 0 || !shouldWait(job)) return job;
  const release = await waits.take(job.owner, waitMs + READS_MS);
  if (!release) return job;
  const sinceMs = Date.now();
  try {
    return await readWhile(shouldWait, jobs, job, waitMs, onRead);
  } finally {
    measureWait(sinceMs);
    await release();
  }
}

async function readWhile(
  shouldWait: (job: Job) => boolean,
  jobs: JobStore,
  job: Job,
  waitMs: number,
  onRead: WaitDependencies['onRead'],
): Promise<Job | undefined> {
  const end = Date.now() + waitMs;
  let latest: Job | undefined = job;
  for (let reads = 0; latest && shouldWait(latest) && Date.now() < end; reads++) {
    onRead?.(latest);
    const pauseMs = Math.min(PAUSES_MS[reads] ?? LONGEST_PAUSE_MS, end - Date.now());
    // The caller watches the job as it has read it itself: a second write of the same look would be refused.
    const watched = reads > 0 && jobs.watch(latest);
    await Promise.all([new Promise((resolve) => setTimeout(resolve, pauseMs)), watched]);
    latest = await jobs.get(job.owner, job.jobId);
  }
  return latest;
}

function runsWithoutInput({ status }: Job): boolean {
  return !isTerminal(status) && status !== JobStatus.inputRequired;
}
