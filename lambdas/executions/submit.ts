/** Submits jobs: writes the record first, then starts the execution, or queues its start. */
import { randomUUID } from 'node:crypto';
import { longestRunMs, type OperationDefinition } from '../definition/operation-definition.ts';
import { hashInput, type Job, JobStatus, type JobSubject, jobIdForKey, type Notified } from '../jobs/job.ts';
import type { JobStore } from '../jobs/job-store.ts';
import { checkLimits, type JobLimits } from '../jobs/limits.ts';
import { DEFAULT_RETENTION_SECONDS } from '../jobs/retention.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { addMetric } from '../shared/observability/metrics.ts';
import { beginStart, endStart, measureStart } from '../shared/observability/request-metrics.ts';
import type { JobTrace } from '../shared/observability/trace-context.ts';
import { currentTrace, inSpan } from '../shared/observability/tracing.ts';
import { type Executions, StartRefused } from './executions.ts';
import { failStart, startFailed } from './fail-start.ts';
import type { ExecutionQueue } from './queue/execution-queue.ts';

/** Step Functions passes the input and the steps' results through every state, at most 256 KiB together. */
const MAX_INPUT_BYTES = 64 * 1024;

/** A job to submit. */
export interface Submission {
  readonly owner: string;
  readonly operation: OperationDefinition;
  /** Validated by the operation's schema. */
  readonly input: Json;
  readonly callback?: Job['callback'];
  /** The synchronous call that becomes the job: its id, its intermediate result and the answers of its caller. */
  readonly call?: {
    readonly jobId: string;
    readonly handedOver?: Json;
    readonly answers?: Job['answers'];
  };
  /** At most 255 characters. */
  readonly idempotencyKey?: string;
  /** @default DEFAULT_RETENTION_SECONDS */
  readonly retentionSeconds?: number;
}

export interface SubmitDependencies {
  readonly jobs: JobStore;
  readonly executions: Executions;
  readonly executionQueue: ExecutionQueue;
  readonly limits: JobLimits;
  /** Undefined: jobs do not count as notified. */
  readonly notifications: NotificationReader | undefined;
}

/** Reads what the owner of a new job receives without polling. It never throws. */
export interface NotificationReader {
  of(owner: string, operation: string, callbackEvents?: readonly string[]): Promise<Notified | undefined>;
}

/**
 * Makes two queries for the limits, one write and one StartExecution. At the same time as the limits, it makes at most one
 * query for notifications. A repeated call with the same idempotency key finds the same job. It starts the execution if an
 * earlier call did not. When Step Functions throttles the start, the job stays pending and a queue starts it.
 * @throws AppError INPUT_TOO_LARGE, RESOURCE_EXHAUSTED, IDEMPOTENCY_KEY_REUSED, or START_FAILED when no start can succeed. The
 *   job of this call then fails, and a repeated call with the same idempotency key creates it again.
 */
export async function submitJob(
  { jobs, executions, executionQueue, limits, notifications }: SubmitDependencies,
  {
    owner,
    operation,
    input,
    callback,
    call,
    idempotencyKey,
    retentionSeconds = DEFAULT_RETENTION_SECONDS,
  }: Submission,
): Promise<Job> {
  beginStart();
  const inputBytes = Buffer.byteLength(JSON.stringify(input));
  if (inputBytes > MAX_INPUT_BYTES) {
    throw new AppError(
      ErrorCode.inputTooLarge,
      `The arguments take ${inputBytes} bytes; the limit is ${MAX_INPUT_BYTES}. Put large data into the workspace bucket.`,
    );
  }
  const subject = subjectOf(operation, input);
  const keyed = idempotencyKey !== undefined;
  const jobId = keyed ? jobIdForKey(owner, operation.name, idempotencyKey) : (call?.jobId ?? randomUUID());
  const reading = notifications?.of(owner, operation.name, callback?.events);
  try {
    await checkLimits(jobs, limits, owner, operation.name, Date.now());
  } catch (error) {
    // A repeated call finds its job even when the owner has reached a limit.
    if (!keyed || !(await jobs.get(owner, jobId))) throw error;
  }
  const notified = await reading;
  return inStartSpan({ jobId, operation: operation.name }, async (trace) => {
    const { job, created } = await jobs.create({
      jobId,
      ...(keyed && { idempotent: true }),
      owner,
      operation: operation.name,
      input,
      ...(subject && { subject }),
      inputHash: hashRequest(input, callback, retentionSeconds),
      ...(callback && { callback }),
      ...(notified && { notified }),
      ...(call && { handedOver: call.handedOver, answers: call.answers }),
      retentionSeconds,
      longestRunMs: longestRunMs(operation),
      trace,
    });
    return startPending({ jobs, executions, executionQueue }, job, created);
  });
}

/**
 * Runs a function in the span of a job's start.
 * @param retried the trace of the job that the new one retries
 */
export function inStartSpan<T>(
  { jobId, operation }: Pick<Job, 'jobId' | 'operation'>,
  start: (trace: JobTrace) => Promise<T>,
  retried?: JobTrace,
): Promise<T> {
  const span = {
    name: `start ${operation}`,
    attributes: { job_id: jobId, operation },
    links: [retried],
  };
  return inSpan(currentTrace(), span, start);
}

/**
 * Starts the execution of a pending job, or queues its start. Does nothing for any other job.
 * @param created whether this call created the job
 * @throws AppError START_FAILED when no start can succeed
 */
export async function startPending(
  { jobs, executions, executionQueue }: Pick<SubmitDependencies, 'jobs' | 'executions' | 'executionQueue'>,
  job: Job,
  created: boolean,
): Promise<Job> {
  if (job.status !== JobStatus.pending) {
    endStart();
    return job;
  }
  try {
    await executions.start(job);
  } catch (error) {
    // The record is on disk. The reconciler starts a job that the queue does not take.
    if (!(error instanceof StartRefused)) {
      addMetric('StartsQueued', 1);
      await executionQueue.send(job, error);
    }
    // Only the call that created the job may fail it: another call with the key may have started it.
    else {
      const failure = created ? await failStart(jobs, job, error) : startFailed(job, error);
      if (failure) throw failure;
    }
  }
  if (created) measureStart(job);
  else endStart();
  return job;
}

/** @returns what the job is about; undefined when its input does not say */
function subjectOf({ subject: name }: OperationDefinition, input: Json): JobSubject | undefined {
  const value = name === undefined ? undefined : Object(input)[name];
  const isShown = ['string', 'number', 'boolean'].includes(typeof value) && value !== '';
  return name !== undefined && isShown ? { name, value: String(value) } : undefined;
}

/**
 * A different callback or retention is a different request: with the first job, the callback would never receive an event, and
 * the record would not last as long as promised. How long a caller waits is not part of it.
 */
function hashRequest(input: Json, callback: Job['callback'], retentionSeconds: number): string {
  const request = callback ? [input, callback.url, ...callback.events] : input;
  return hashInput(
    retentionSeconds === DEFAULT_RETENTION_SECONDS ? request : [request, { retentionSeconds }],
  );
}
