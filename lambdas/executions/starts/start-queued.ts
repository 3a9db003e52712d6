/** Starts the executions of queued jobs. A message can come twice: an execution's name is taken after the first start. */
import type { SQSBatchResponse, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { isJobId, JobStatus } from '../../jobs/job.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import { type Executions, StartRefused } from '../executions.ts';
import { failStart } from './fail-start.ts';

export interface StartQueuedDependencies {
  readonly jobs: JobStore;
  readonly executions: Executions;
}

const message = z.object({ jobId: z.string().refine(isJobId) });

/** @returns the messages whose start failed: SQS delivers them again */
export async function startQueued(
  dependencies: StartQueuedDependencies,
  records: readonly SQSRecord[],
): Promise<SQSBatchResponse> {
  const outcomes = await Promise.allSettled(records.map(({ body }) => startOne(dependencies, body)));
  const batchItemFailures = outcomes.flatMap((outcome, index) => {
    if (outcome.status === 'fulfilled') return [];
    const { messageId = '', body } = records[index] ?? {};
    console.warn({ message: 'Failed to start a queued job', body, error: outcome.reason });
    return [{ itemIdentifier: messageId }];
  });
  return { batchItemFailures };
}

async function startOne({ jobs, executions }: StartQueuedDependencies, body: string): Promise<void> {
  const { jobId } = message.parse(JSON.parse(body));
  const job = await jobs.find(jobId);
  // It was cancelled, or the reconciler started it.
  if (job?.status !== JobStatus.pending) return;
  try {
    await executions.start(job);
  } catch (error) {
    if (!(error instanceof StartRefused)) throw error;
    await failStart(jobs, job, error);
  }
}
