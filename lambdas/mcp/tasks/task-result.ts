/** Returns the result of an ended task of 2025-11-25, or its error. */
import { ProtocolError, ProtocolErrorCode, RELATED_TASK_META_KEY } from '@modelcontextprotocol/server';
import { type Job, JobStatus } from '../../jobs/job.ts';
import { protocolErrorOf, toCoreTask } from '../task-mapping.ts';
import type { TaskJobs } from './task-jobs.ts';

/** @throws ProtocolError for a task that was cancelled, and for a failure that is not a tool result */
export async function resultOf(tasks: TaskJobs, job: Job): Promise<Record<string, unknown>> {
  if (job.status === JobStatus.cancelled) throw cancelled(job);
  const error = protocolErrorOf(job);
  if (error) throw new ProtocolError(error.code, error.message, error.data);
  const { _meta, ...result } = await tasks.result(job);
  return { ...result, _meta: { ..._meta, ...relatedTask(job) } };
}

/** Returns the metadata that names the task of a message. */
export function relatedTask({ jobId }: Pick<Job, 'jobId'>) {
  return { [RELATED_TASK_META_KEY]: { taskId: jobId } };
}

/** Returns the error of a job that has not ended: the client must call again. */
export function resultNotReady(job: Job, pollIntervalMs: number | undefined): ProtocolError {
  const remedy =
    job.status === JobStatus.inputRequired
      ? toCoreTask(job).statusMessage
      : `It is ${job.status} at ${Math.round(job.progress * 100)} %: poll tasks/get, then call tasks/result again.`;
  return new ProtocolError(ProtocolErrorCode.InternalError, `The result is not ready yet. ${remedy}`, {
    code: 'RESULT_NOT_READY',
    retryable: true,
    retry_after_ms: pollIntervalMs,
  });
}

function cancelled({ message }: Job): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.InternalError,
    `The task was cancelled and has no result. ${message}`,
    {
      code: 'TASK_CANCELLED',
    },
  );
}
