/** Defines the task methods of 2025-11-25. Clients answer questions with the tool `answer_job`: no connection stays open. */
import { ProtocolError, ProtocolErrorCode, RELATED_TASK_META_KEY } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { isTerminal, type Job, JobStatus } from '../../jobs/job.ts';
import { jobsCursor } from '../../jobs/jobs-cursor.ts';
import { type WaitDependencies, waitForEnd } from '../../jobs/wait.ts';
import { Scope } from '../../shared/caller.ts';
import { ErrorCode } from '../../shared/errors.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { protocolErrorOf, toCoreTask } from '../task-mapping.ts';
import type { TaskJobs } from './task-jobs.ts';
import { defineTaskMethod, taskParams } from './task-method.ts';

/** Below the 25 s that the function has besides the waits of tools, and below every client's timeout. */
const RESULT_WAIT_MS = 20_000;
const PAGE = 50;

export function createCoreMethods(
  tasks: TaskJobs,
  { jobs, waits }: WaitDependencies,
): readonly ProtocolMethod[] {
  return [
    defineTaskMethod({
      method: 'tasks/get',
      scope: Scope.jobsRead,
      params: taskParams,
      call: async ({ taskId }, owner) => {
        const job = await tasks.find(owner, taskId);
        return toCoreTask(job, tasks.pollIntervalMs(job));
      },
    }),
    defineTaskMethod({
      method: 'tasks/result',
      scope: Scope.jobsRead,
      params: taskParams,
      call: async ({ taskId }, owner) => {
        const found = await tasks.find(owner, taskId);
        // A job that never starts may expire during the wait.
        const job = (await waitForEnd({ jobs, waits }, found, RESULT_WAIT_MS)) ?? found;
        if (!isTerminal(job.status)) throw resultNotReady(job, tasks.pollIntervalMs(job));
        if (job.status === JobStatus.cancelled) throw cancelled(job);
        const error = protocolErrorOf(job);
        if (error) throw new ProtocolError(error.code, error.message, error.data);
        const { _meta, ...result } = await tasks.result(job);
        return { ...result, _meta: { ..._meta, [RELATED_TASK_META_KEY]: { taskId } } };
      },
    }),
    defineTaskMethod({
      method: 'tasks/list',
      scope: Scope.jobsRead,
      params: z.object({ cursor: z.string().optional() }),
      call: async ({ cursor }, owner) => {
        const after = cursor === undefined ? undefined : jobsCursor.decode(cursor);
        const page = await jobs.list(owner, { limit: PAGE, after });
        return {
          tasks: page.jobs.map((job) => toCoreTask(job)),
          ...(page.next && { nextCursor: jobsCursor.encode(page.next) }),
        };
      },
    }),
    defineTaskMethod({
      method: 'tasks/cancel',
      scope: Scope.jobsWrite,
      params: taskParams,
      call: async ({ taskId }, owner) => toCoreTask(await tasks.cancel(owner, taskId)),
    }),
  ];
}

/** Returns the error of a job that has not ended: the client must call again. */
function resultNotReady(job: Job, pollIntervalMs: number | undefined): ProtocolError {
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

const ttl = z.object({ ttl: z.number().nonnegative().optional() });

/**
 * Reads how long a caller wants to keep a task, from `params.task`.
 * @returns milliseconds; undefined when the caller did not set it
 * @throws ProtocolError -32602
 */
export function requestedTtlMs(task: unknown): number | undefined {
  const { success, data } = ttl.safeParse(task);
  if (success) return data.ttl;
  throw new ProtocolError(
    ProtocolErrorCode.InvalidParams,
    'task.ttl is invalid. Give milliseconds, 0 or more, or leave it out. The limits of retention_seconds apply.',
    { code: ErrorCode.invalidArguments },
  );
}

/** Returns the error of a tool without tasks: -32601, as the specification says. */
export function tasksNotOffered(tool: string): ProtocolError {
  return new ProtocolError(
    ProtocolErrorCode.MethodNotFound,
    `${tool} returns its result at once and cannot run as a task. Call it without params.task.`,
  );
}
