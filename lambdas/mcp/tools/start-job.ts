/** Provides what the tools that start jobs share: their arguments, and the result about the job. */
import * as z from 'zod';
import type { JobArgument } from '../../definition/job-arguments.ts';
import { maxStartWaitMs, type OperationDefinition } from '../../definition/operation-definition.ts';
import { eventTypes } from '../../events/event.ts';
import { type Submission, submitJob } from '../../executions/submit.ts';
import { type Job, JobStatus } from '../../jobs/job.ts';
import { DEFAULT_RETENTION_SECONDS, MAX_RETENTION_SECONDS } from '../../jobs/retention.ts';
import { waitForEndOrInput } from '../../jobs/wait.ts';
import { type Caller, requireScopes, SENDING_SCOPES } from '../../shared/caller.ts';
import { AppError, ErrorCode, OperationError } from '../../shared/errors.ts';
import { acceptUrl } from '../../shared/http/accept-url.ts';
import type { AddressPolicy } from '../../shared/http/address-guard.ts';
import type { Json } from '../../shared/json.ts';
import { setMetricSubject } from '../../shared/observability/metrics.ts';
import { beginStart } from '../../shared/observability/request-metrics.ts';
import { DEFAULT_EVENTS } from '../../webhooks/endpoints/endpoint.ts';
import { jobResult, nextLookMs, startedGuidance } from '../job-result.ts';
import type { OnProgress } from '../progress.ts';
import type { ToolResult } from '../tool.ts';
import type { ToolDependencies } from './dependencies.ts';
import { limitWait, listedWait, type Wait, waitArgument, withWaitLimit } from './wait-argument.ts';

const MIN_RETENTION_SECONDS = 60;

/** The rare arguments. Callers give them in `job_options`; callers of version 0.2 give them beside it. */
const jobOptions = {
  idempotency_key: z.string().min(1).max(255).optional(),
  retention_seconds: z.int().min(MIN_RETENTION_SECONDS).max(MAX_RETENTION_SECONDS).optional(),
  callback_url: z.string().min(1).optional(),
  callback_events: z.array(z.enum(eventTypes)).min(1).optional(),
};

/** What `tools/list` shows of them, for each tool. */
const listedJobOptions = z
  .object({
    idempotency_key: z.string().optional(),
    retention_seconds: z.int().optional(),
    callback_url: z.string().optional(),
    callback_events: z.array(z.string()).optional(),
  })
  .optional();

/**
 * Returns the schemas of a tool that starts jobs: that of its arguments, and what `tools/list` shows of it.
 * @param more further arguments. @default none
 */
export function startInput(
  { input: { shape } }: OperationDefinition,
  more: Readonly<Record<string, z.ZodType>> = {},
) {
  const common = { ...shape, ...more };
  const input = z.strictObject({
    ...common,
    wait_seconds: waitArgument,
    job_options: z.strictObject(jobOptions).default({}),
    ...jobOptions,
  } satisfies Record<JobArgument, z.ZodType>);
  return {
    input,
    listed: z.strictObject({ ...common, wait_seconds: listedWait, job_options: listedJobOptions }),
  };
}

/** Parsed arguments: those of the job apart from the operation's input. */
export interface StartArguments {
  readonly input: Json;
  readonly wait: Wait;
  readonly submission: Pick<Submission, 'callback' | 'idempotencyKey' | 'retentionSeconds'>;
}

type JobOptions = z.output<z.ZodObject<typeof jobOptions>>;

type ParsedArguments = JobOptions & {
  readonly wait_seconds: number;
  readonly job_options: JobOptions;
} & Readonly<Record<string, unknown>>;

/**
 * Checks what a schema cannot check.
 * @param ttlMs how long to keep a task; replaces `retention_seconds`
 * @throws AppError INSUFFICIENT_SCOPE, URL_REFUSED, INVALID_ARGUMENTS, or the code of an object that the operation requires
 */
export async function acceptStart(
  operation: OperationDefinition,
  args: ParsedArguments,
  caller: Caller,
  { workspace, addressPolicy }: Pick<ToolDependencies, 'workspace' | 'addressPolicy'>,
  ttlMs?: number,
): Promise<StartArguments> {
  beginStart();
  const { wait_seconds, job_options, ...rest } = args;
  const {
    idempotency_key,
    retention_seconds = DEFAULT_RETENTION_SECONDS,
    callback_url,
    callback_events,
    ...input
  } = mergeOptions(rest, job_options);
  if (callback_url !== undefined) requireScopes(caller, SENDING_SCOPES);
  setMetricSubject({ operation: operation.name });
  const callback = readCallback(callback_url, callback_events, addressPolicy);
  await requireObjects(operation, input, workspace);
  return {
    input: input as Json,
    wait: limitWait(wait_seconds, maxStartWaitMs(operation.execution)),
    submission: {
      callback,
      idempotencyKey: idempotency_key,
      retentionSeconds: ttlMs === undefined ? retention_seconds : retentionOf(ttlMs),
    },
  };
}

/** @throws AppError INVALID_ARGUMENTS for an option that is given twice, with two values */
function mergeOptions<Args extends JobOptions>(args: Args, options: JobOptions): Args {
  for (const [name, value] of Object.entries(options)) {
    const beside = args[name as keyof Args];
    if (beside === undefined || JSON.stringify(beside) === JSON.stringify(value)) continue;
    throw new AppError(
      ErrorCode.invalidArguments,
      `${name} and job_options.${name} have different values. Give it once, in job_options.`,
    );
  }
  return { ...args, ...options };
}

/** Returns the nearest allowed retention in seconds. The task tells its client the time that applies. */
function retentionOf(ttlMs: number): number {
  return Math.min(Math.max(Math.ceil(ttlMs / 1000), MIN_RETENTION_SECONDS), MAX_RETENTION_SECONDS);
}

/** @throws OperationError with the operation's code for a missing object */
export async function requireObjects(
  operation: OperationDefinition,
  input: Readonly<Record<string, unknown>>,
  workspace: ToolDependencies['workspace'],
): Promise<void> {
  for (const { key, code, message } of operation.requires?.(input) ?? []) {
    if (!(await workspace.has(key))) throw new OperationError(code, message);
  }
}

/** Submits a job and returns it when it ends or needs input, at the latest after the wait. */
export async function startJob(
  dependencies: ToolDependencies,
  caller: Caller,
  submission: Omit<Submission, 'owner'>,
  wait: Wait,
  onProgress?: OnProgress,
): Promise<ToolResult> {
  const { jobs, executionProgress, workspace, polls, waits } = dependencies;
  const { operation, callback } = submission;
  const job = await submitJob(dependencies, { ...submission, owner: caller.owner });
  const news = await waitForEndOrInput({ jobs, waits, onRead: onProgress }, job, wait.ms);
  const latest = news && (await executionProgress.refresh(news));
  const willCallBack = callback && { will_callback: true };
  if (latest && latest.status !== JobStatus.pending) {
    const { structured, ...result } = await jobResult(latest, { operation, workspace, polls, caller });
    const whole = { ...result, structured: { ...structured, ...willCallBack }, job: latest };
    return withWaitLimit(whole, wait);
  }
  const message = `${operation.title} started. Use check_job to monitor progress.`;
  const started = {
    structured: {
      job_id: job.jobId,
      status: job.status,
      message,
      ...willCallBack,
      poll_after_ms: nextLookMs(job, polls),
    },
    text: `${message} job_id: ${job.jobId}${callback ? ', will_callback: true' : ''}`,
    next: startedGuidance(job),
    job: latest ?? job,
  };
  return withWaitLimit(started, wait);
}

/**
 * Submits a job that its caller follows as a task of 2025-11-25.
 * @throws AppError as `acceptStart` and `submitJob` do
 */
export async function startTask(
  dependencies: ToolDependencies,
  operation: OperationDefinition,
  args: ParsedArguments,
  caller: Caller,
  ttlMs: number | undefined,
): Promise<Job> {
  const { input, submission } = await acceptStart(operation, args, caller, dependencies, ttlMs);
  return submitJob(dependencies, { owner: caller.owner, operation, input, ...submission });
}

/** @throws AppError URL_REFUSED, or INVALID_ARGUMENTS for `callback_events` without `callback_url` */
function readCallback(
  url: string | undefined,
  events: readonly string[] | undefined,
  policy: AddressPolicy,
): Job['callback'] {
  if (url !== undefined)
    return { url: acceptUrl('callback_url', url, policy), events: events ?? DEFAULT_EVENTS };
  if (events === undefined) return undefined;
  throw new AppError(
    ErrorCode.invalidArguments,
    'callback_events needs callback_url: give callback_url, or leave callback_events out.',
  );
}
