/**
 * Streams `tasks/result` of 2025-11-25 until the task ends: its progress, its questions, and its result. A stream ends before
 * the function times out. The client then resumes it with `Last-Event-ID`, which holds all that another instance needs.
 */
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { isTerminal, type Job, JobStatus, openRequests } from '../../jobs/job.ts';
import { jobNotFound } from '../../jobs/job-errors.ts';
import { type Caller, requireScopes, Scope } from '../../shared/caller.ts';
import { Cursor } from '../../shared/cursor.ts';
import { log } from '../../shared/observability/log.ts';
import { errorResponse, eventOf, resumeEvent, streamEvents } from '../event-stream.ts';
import { holdSlot, MAX_RESUMABLE_MS, type StreamSlots } from '../held-stream.ts';
import { toMethodError } from '../method-error.ts';
import { CallProgress } from '../progress.ts';
import type { ElicitationModes } from '../protocol-method.ts';
import { canElicit, toElicitation } from '../task-mapping.ts';
import { elicitationId } from './elicitation-answer.ts';
import type { TaskJobs } from './task-jobs.ts';
import { relatedTask, resultNotReady, resultOf } from './task-result.ts';

const METHOD = 'tasks/result';
/** Each poll costs one read of the table. */
const POLL_INTERVAL_MS = 1_000;
/** How long a client waits before it resumes a stream. */
const RETRY_MS = 1_000;
/** How long a client waits that has no free slot. */
const BUSY_RETRY_MS = 3_000;
/** The first revision whose clients resume the stream of a request. */
const RESUMABLE_SINCE = '2025-11-25';

/** Bounded, because an event id repeats it. */
const identifier = z.union([z.string().max(256), z.number()]);
const request = z.looseObject({
  id: identifier,
  method: z.literal(METHOD),
  params: z.looseObject({
    taskId: z.string().max(64),
    _meta: z.looseObject({ progressToken: identifier.optional() }).optional(),
  }),
});

/** Where a stream is. */
const position = z.object({
  /** Of the request. */
  id: identifier,
  taskId: z.string().max(64),
  progressToken: identifier.optional(),
  /** When the request came, in epoch milliseconds. */
  sinceMs: z.number(),
  /** Keys of the questions that the client has received. */
  asked: z.array(z.string().max(256)).max(100),
  /** The client has received the response. */
  ended: z.boolean().optional(),
});
type Position = z.output<typeof position>;
const eventId = new Cursor(position);

export interface StreamContext {
  readonly tasks: TaskJobs;
  /** Limits the streams of an owner, together with its other waits. */
  readonly waits: StreamSlots;
  readonly caller: Caller;
  readonly elicits: ElicitationModes;
  /** The revision that the client has negotiated. */
  readonly version: string | null;
  /** Epoch milliseconds; the stream ends before then. */
  readonly endsAtMs: number;
}

/** @returns undefined for any other request, and for a malformed one: the SDK handles both */
export function readResultRequest(body: unknown): Position | undefined {
  const { data } = request.safeParse(body);
  if (!data) return undefined;
  const { id, params } = data;
  const { taskId, _meta } = params;
  return { id, taskId, progressToken: _meta?.progressToken, sinceMs: Date.now(), asked: [] };
}

/** @returns undefined when the header is not an event id of a stream that continues */
export function readLastEventId(header: string | null): Position | undefined {
  try {
    const last = eventId.decode(header ?? '');
    return last.ended ? undefined : last;
  } catch {
    return undefined;
  }
}

/** Returns the result of an ended task, else a stream, or an error response. */
export async function streamResult(start: Position, context: StreamContext): Promise<Response> {
  const { tasks, waits, caller, version } = context;
  const { id, taskId } = start;
  const endsAtMs = resumes(version)
    ? Math.min(context.endsAtMs, Date.now() + MAX_RESUMABLE_MS)
    : context.endsAtMs;
  try {
    requireScopes(caller, [Scope.jobsRead]);
    const job = await tasks.find(caller.owner, taskId);
    if (isTerminal(job.status)) {
      return Response.json({ jsonrpc: '2.0', id, result: await resultOf(tasks, job) });
    }
    const release = await holdSlot(waits, caller.owner, endsAtMs - Date.now());
    if (release) return streamEvents(events(start, job, { ...context, endsAtMs }), release);
    if (!resumes(version)) throw waits.exhausted();
    return streamEvents(
      ReadableStream.from([resumeEvent(eventId.encode(start), BUSY_RETRY_MS)]),
      async () => {},
    );
  } catch (error) {
    return errorResponse(id, toMethodError(METHOD, error));
  }
}

/** Same as `streamResult`, for a client that resumes a stream: it reads events, and no JSON. */
export async function resumeResult(start: Position, context: StreamContext): Promise<Response> {
  const response = await streamResult(start, { ...context, version: RESUMABLE_SINCE });
  if (!response.headers.get('content-type')?.startsWith('application/json')) return response;
  const message = (await response.json()) as object;
  return streamEvents(ReadableStream.from([lastEvent(start, message)]), async () => {});
}

function resumes(version: string | null): boolean {
  return version !== null && version >= RESUMABLE_SINCE;
}

async function* events(
  start: Position,
  first: Job,
  { tasks, caller, elicits, endsAtMs, version }: StreamContext,
): AsyncGenerator<string> {
  const { taskId, progressToken, sinceMs } = start;
  const progress = progressToken === undefined ? undefined : new CallProgress(progressToken, sinceMs);
  const mayAnswer = caller.scopes.includes(Scope.jobsWrite);
  let { asked } = start;
  if (resumes(version)) yield resumeEvent(eventId.encode(start), RETRY_MS);
  for (let job = first; ; ) {
    if (isTerminal(job.status)) return yield await responseEvent(start, tasks, job);
    const open = job.status === JobStatus.inputRequired && mayAnswer ? openRequests(job) : [];
    for (const [key, question] of open) {
      if (asked.includes(key) || !canElicit(elicits, question)) continue;
      asked = [...asked, key];
      const params = { ...toElicitation(question), _meta: relatedTask(job) };
      yield eventOf(
        { id: elicitationId(job, key), method: 'elicitation/create', params },
        eventId.encode({ ...start, asked }),
      );
    }
    yield eventOfProgress(progress, job);
    if (Date.now() + POLL_INTERVAL_MS >= endsAtMs) {
      // Without a response, the client resumes.
      if (!resumes(version)) yield failureEvent(start, resultNotReady(job, tasks.pollIntervalMs(job)));
      return;
    }
    await delay(POLL_INTERVAL_MS);
    try {
      const [found] = await tasks.findAll(caller.owner, [taskId]);
      if (!found) return yield failureEvent(start, jobNotFound());
      job = found;
    } catch (error) {
      log.error('Could not read a task; the next poll tries again', { job_id: taskId, error });
    }
  }
}

/** Returns an empty event when there is nothing to report. */
function eventOfProgress(progress: CallProgress | undefined, job: Job): string {
  const { method, params } = progress?.next(job) ?? {};
  return method ? eventOf({ method, params: { ...params, _meta: relatedTask(job) } }) : '';
}

async function responseEvent(start: Position, tasks: TaskJobs, job: Job): Promise<string> {
  try {
    return lastEvent(start, { id: start.id, result: await resultOf(tasks, job) });
  } catch (error) {
    return failureEvent(start, error);
  }
}

function failureEvent(start: Position, error: unknown): string {
  const { code, message, data } = toMethodError(METHOD, error);
  return lastEvent(start, { id: start.id, error: { code, message, data } });
}

/** Some clients resume a stream after an error, too. Its event id tells that nothing follows. */
function lastEvent(start: Position, response: object): string {
  return eventOf(response, eventId.encode({ ...start, ended: true }));
}
