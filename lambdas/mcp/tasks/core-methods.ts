/** Defines the task methods of 2025-11-25. `tasks/result` is also streamed, to clients that accept a stream. */
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { isTerminal } from '../../jobs/job.ts';
import { jobsCursor } from '../../jobs/jobs-cursor.ts';
import { type WaitDependencies, waitForEnd } from '../../jobs/wait.ts';
import { Scope } from '../../shared/caller.ts';
import { ErrorCode } from '../../shared/errors.ts';
import type { ProtocolMethod } from '../protocol-method.ts';
import { toCoreTask } from '../task-mapping.ts';
import type { TaskJobs } from './task-jobs.ts';
import { defineTaskMethod, taskParams } from './task-method.ts';
import { resultNotReady, resultOf } from './task-result.ts';

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
        return resultOf(tasks, job);
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
