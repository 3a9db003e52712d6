/**
 * Streams tasks for `subscriptions/listen` as server-sent events. Sends each task as it is, then each of its changes. Ends
 * when all tasks have ended, or before the function times out. A client that reconnects receives every task again, so it
 * misses nothing.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ProtocolErrorCode } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { isTerminal, type Job } from '../../jobs/job.ts';
import { type Caller, requireScopes, Scope } from '../../shared/caller.ts';
import { log } from '../../shared/observability/log.ts';
import { errorResponse, streamEvents } from '../event-stream.ts';
import { holdSlot, type StreamSlots, subscriptionMessages } from '../held-stream.ts';
import { toMethodError } from '../method-error.ts';
import { type ElicitationModes, elicitationModes, TASKS_EXTENSION } from '../protocol-method.ts';
import type { TaskJobs } from './task-jobs.ts';
import { tasksNotDeclared } from './tasks-not-declared.ts';

const METHOD = 'subscriptions/listen';
/** Each poll costs one read of the table, for any number of tasks. */
const POLL_INTERVAL_MS = 1_000;
/** The most that one read returns. The acknowledgement lists the tasks that are watched. */
const MAX_TASKS = 100;

const request = z.looseObject({
  id: z.union([z.string(), z.number()]),
  method: z.literal(METHOD),
  params: z.looseObject({
    notifications: z.looseObject({ taskIds: z.unknown() }),
    _meta: z.looseObject({
      'io.modelcontextprotocol/clientCapabilities': z.looseObject({
        extensions: z.record(z.string(), z.unknown()).optional(),
        elicitation: z.looseObject({}).optional(),
      }),
    }),
  }),
});
const ids = z.array(z.string());

type ListenRequest = z.output<typeof request>;

/** @returns undefined for any other request, and for one without `taskIds`: the SDK handles both */
export function readListenRequest(body: unknown): ListenRequest | undefined {
  const { data } = request.safeParse(body);
  return data?.params.notifications.taskIds === undefined ? undefined : data;
}

export interface ListenContext {
  readonly tasks: TaskJobs;
  /** Limits the streams of an owner, together with its other waits. */
  readonly waits: StreamSlots;
  readonly caller: Caller;
  /** Epoch milliseconds; the stream ends before then. */
  readonly endsAtMs: number;
}

/** Returns the stream, or an error response. The SDK has validated the request, except for its task fields. */
export async function listen({ id, params }: ListenRequest, context: ListenContext): Promise<Response> {
  const { extensions = {}, elicitation } = params._meta['io.modelcontextprotocol/clientCapabilities'];
  if (!Object.hasOwn(extensions, TASKS_EXTENSION)) return errorResponse(id, tasksNotDeclared(), 400);
  const { success, data: taskIds } = ids.safeParse(params.notifications.taskIds);
  if (!success)
    return errorResponse(id, {
      code: ProtocolErrorCode.InvalidParams,
      message: 'notifications.taskIds must be a list of task ids.',
    });
  try {
    requireScopes(context.caller, [Scope.jobsRead]);
  } catch (error) {
    return errorResponse(id, toMethodError(METHOD, error));
  }
  const { waits, caller, endsAtMs } = context;
  const release = await holdSlot(waits, caller.owner, endsAtMs - Date.now());
  if (!release) return errorResponse(id, toMethodError(METHOD, waits.exhausted()));
  return streamEvents(frames(id, taskIds, elicitationModes(elicitation), context), release);
}

async function* frames(
  id: string | number,
  taskIds: readonly string[],
  elicits: ElicitationModes,
  { tasks, caller: { owner }, endsAtMs }: ListenContext,
): AsyncGenerator<string> {
  const { notify, end } = subscriptionMessages(id);
  const first = await tasks.findAll(owner, taskIds.slice(0, MAX_TASKS));
  const open = new Map(first.map(({ jobId }) => [jobId, 0]));
  yield notify('notifications/subscriptions/acknowledged', { notifications: { taskIds: [...open.keys()] } });

  for (let found: readonly Job[] = first; ; found = await readTasks(tasks, owner, [...open.keys()])) {
    for (const job of found) {
      if (open.get(job.jobId) === job.version) continue;
      open.set(job.jobId, job.version);
      if (isTerminal(job.status)) open.delete(job.jobId);
      yield notify('notifications/tasks', await tasks.detail(job, elicits));
    }
    if (open.size === 0 || Date.now() + POLL_INTERVAL_MS >= endsAtMs) break;
    yield '';
    await delay(POLL_INTERVAL_MS);
  }
  yield end();
}

/** Returns the jobs; none when the read fails: the next poll returns the same changes. */
async function readTasks(
  tasks: TaskJobs,
  owner: string,
  taskIds: readonly string[],
): Promise<readonly Job[]> {
  try {
    return await tasks.findAll(owner, taskIds);
  } catch (error) {
    log.error('Could not read the tasks of a subscription', { error });
    return [];
  }
}
