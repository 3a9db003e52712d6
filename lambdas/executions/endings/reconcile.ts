/**
 * Repairs open jobs after lost starts and lost events: the execution did not start, or its start, its end or the arrival of a
 * file produced no event.
 */

import { executionName, type Job, JobStatus } from '../../jobs/job.ts';
import type { JobStore, OpenJob } from '../../jobs/job-store.ts';
import { type ExecutionEnd, type Executions, isOver } from '../executions.ts';
import { type AcceptUploadDependencies, acceptUpload } from '../input/accept-upload.ts';
import type { ExecutionRecorder } from './execution-recorder.ts';
import { recordExecutionEnded } from './record-failure.ts';

export interface ReconcileDependencies extends AcceptUploadDependencies {
  readonly executions: Executions;
  /** Records executions of external state machines. */
  readonly recorder: ExecutionRecorder;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** Starts and end events take moments: leave younger jobs and ends alone. */
const GRACE_MS = 60_000;

/**
 * Makes one call to Step Functions and one read per open job that is older than a minute.
 * @throws AggregateError after all jobs, when some failed
 */
export async function reconcile({ now = Date.now, ...dependencies }: ReconcileDependencies): Promise<void> {
  const { jobs } = dependencies;
  const failures: unknown[] = [];
  for await (const open of jobs.openBefore(new Date(now() - GRACE_MS).toISOString())) {
    await reconcileOne(dependencies, open, now() - GRACE_MS).catch((error: unknown) => {
      console.error({ message: 'Failed to reconcile an open job', jobId: open.jobId, error });
      failures.push(error);
    });
  }
  if (failures.length > 0)
    throw new AggregateError(
      failures,
      `Failed to reconcile ${failures.length} jobs. Read the log for each cause.`,
    );
}

async function reconcileOne(
  { jobs, executions, recorder, workspace }: Omit<ReconcileDependencies, 'now'>,
  open: OpenJob,
  beforeMs: number,
): Promise<void> {
  const execution = await executions.find(open);
  if (execution) {
    if (isOver(execution) && execution.stoppedAtMs > beforeMs) return;
    const operation = recorder.operationOf(open);
    if (operation) {
      const job = await findSame(jobs, open);
      if (job) await recorder.record(job, operation, execution);
    } else if (isOver(execution)) await recordEnd(jobs, open, execution.status);
    else if (await acceptUpload({ jobs, workspace }, open.jobId))
      console.warn({ message: 'The event of an upload was lost; resuming its job', jobId: open.jobId });
    return;
  }
  const job = await findSame(jobs, open);
  if (!job) return;
  if (job.status !== JobStatus.pending) return recordEnd(jobs, open, 'ABORTED');
  console.warn({ message: 'The start of a job was lost; starting it', jobId: job.jobId });
  await executions.start(job);
}

/** @returns undefined when the idempotency key has created a new job since */
async function findSame(jobs: JobStore, { jobId, createdAt }: OpenJob): Promise<Job | undefined> {
  const job = await jobs.find(jobId);
  return job?.createdAt === createdAt ? job : undefined;
}

async function recordEnd(jobs: JobStore, open: OpenJob, status: ExecutionEnd['status']): Promise<void> {
  console.warn({ message: 'The end event of an execution was lost', jobId: open.jobId, status });
  await recordExecutionEnded(jobs, { detail: { name: executionName(open), status } });
}
