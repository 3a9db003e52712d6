/**
 * Brings executions in line with the records of queued jobs: starts pending jobs, stops cancelled ones, and ends those of removed
 * operations. A message can come twice: an execution's name is taken after the first start.
 */
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { isJobId, type Job, JobStatus, logKeysOf } from '../../jobs/job.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import { addLogKeys, log, withLogKeys } from '../../shared/observability/log.ts';
import { JOB_CANCELLED } from '../cancel.ts';
import { endRemoved } from '../endings/removed-operation.ts';
import { type Executions, StartRefused } from '../executions.ts';
import { failStart } from '../fail-start.ts';

export interface SettleQueuedDependencies {
  readonly jobs: JobStore;
  readonly executions: Executions;
  /** Names of the operations of this deployment. */
  readonly deployed: ReadonlySet<string>;
}

const message = z.object({ jobId: z.string().refine(isJobId) });

/** @returns the messages whose start or stop failed: SQS delivers them again */
export async function settleQueued(
  dependencies: SettleQueuedDependencies,
  records: readonly SQSRecord[],
): Promise<SQSBatchResponse> {
  const failures = await Promise.all(
    records.map(({ messageId, body }) =>
      withLogKeys({}, async () => {
        try {
          await settleOne(dependencies, body);
          return [];
        } catch (error) {
          log.warn('Failed to start or stop the execution of a queued job', { message_id: messageId, error });
          return [{ itemIdentifier: messageId }];
        }
      }),
    ),
  );
  return { batchItemFailures: failures.flat() };
}

async function settleOne(dependencies: SettleQueuedDependencies, body: string): Promise<void> {
  const { jobId } = message.parse(JSON.parse(body));
  addLogKeys({ job_id: jobId });
  const job = await dependencies.jobs.find(jobId);
  if (job) addLogKeys(logKeysOf(job));
  if (job?.status === JobStatus.pending) {
    if (dependencies.deployed.has(job.operation)) await start(dependencies, job);
    else await endRemoved(dependencies, job);
  } else if (job?.status === JobStatus.cancelled) await dependencies.executions.stop(job, JOB_CANCELLED);
}

async function start({ jobs, executions }: SettleQueuedDependencies, job: Job): Promise<void> {
  try {
    await executions.start(job);
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    await failStart(jobs, job, error);
  }
}
