/**
 * Looks after open jobs that nobody else looks after: those whose start was lost between the record and the execution, those
 * whose execution is over, or has begun, although no event has said so, and those whose file is there although no event has.
 */

import { executionName, type Job, JobStatus } from '../../jobs/job.ts';
import type { JobStore, OpenJob } from '../../jobs/job-store.ts';
import { type ExecutionEnd, type Executions, isOver } from '../executions.ts';
import { type TakeUploadDependencies, takeUpload } from '../input/accept-upload.ts';
import type { ExecutionRecorder } from './execution-recorder.ts';
import { recordExecutionEnded } from './record-failure.ts';

export interface ReconcileDependencies extends TakeUploadDependencies {
  readonly executions: Executions;
  /** For jobs whose state machine is the operator's own. */
  readonly recorder: ExecutionRecorder;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** A start takes moments, and so does the event of an end: what is younger is on its way. */
const GRACE_MS = 60_000;

/**
 * One call to Step Functions and one read for each open job that is older than a minute.
 * @throws AggregateError once all have been looked at, when some could not be
 */
export async function reconcile({ now = Date.now, ...dependencies }: ReconcileDependencies): Promise<void> {
  const { jobs } = dependencies;
  const failures: unknown[] = [];
  for await (const open of jobs.openBefore(new Date(now() - GRACE_MS).toISOString())) {
    await reconcileOne(dependencies, open, now() - GRACE_MS).catch((error: unknown) => {
      console.error({ message: 'An open job could not be looked after', jobId: open.jobId, error });
      failures.push(error);
    });
  }
  if (failures.length > 0)
    throw new AggregateError(failures, `${failures.length} jobs could not be looked after.`);
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
    else if (await takeUpload({ jobs, workspace }, open.jobId))
      console.warn({ message: 'The arrival of a file was lost; its job goes on now', jobId: open.jobId });
    return;
  }
  const job = await findSame(jobs, open);
  if (!job) return;
  if (job.status !== JobStatus.pending) return recordEnd(jobs, open, 'ABORTED');
  console.warn({ message: 'The start of a job was lost; it is started now', jobId: job.jobId });
  await executions.start(job);
}

/** It may have been made anew since. */
async function findSame(jobs: JobStore, { jobId, createdAt }: OpenJob): Promise<Job | undefined> {
  const job = await jobs.find(jobId);
  return job?.createdAt === createdAt ? job : undefined;
}

async function recordEnd(jobs: JobStore, open: OpenJob, status: ExecutionEnd['status']): Promise<void> {
  console.warn({ message: 'The end of an execution was lost', jobId: open.jobId, status });
  await recordExecutionEnded(jobs, { detail: { name: executionName(open), status } });
}
