/** Retries ended jobs: a new job with the same input begins at the step that failed, or at an earlier one. */
import {
  isStateMachineOperation,
  longestRunMs,
  type OperationDefinition,
} from '../../definition/operation-definition.ts';
import { hashInput, isJobId, isTerminal, type Job, jobIdForRetry, workPrefix } from '../../jobs/job.ts';
import { jobNotFound } from '../../jobs/job-errors.ts';
import type { NewJob } from '../../jobs/job-store.ts';
import { checkLimits } from '../../jobs/limits.ts';
import { type Caller, requireScopes, SENDING_SCOPES } from '../../shared/caller.ts';
import { AppError, ErrorCode } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { beginStart } from '../../shared/observability/request-metrics.ts';
import { toJson } from '../../shared/well-formed.ts';
import { inStartSpan, type SubmitDependencies, startPending } from '../submit.ts';
import { planRetry, type RetryPlan } from './plan-retry.ts';
import { type ReuseDependencies, reuseResults } from './reuse-results.ts';

export interface RetryDependencies extends SubmitDependencies, ReuseDependencies {
  readonly operations: readonly OperationDefinition[];
}

/** Retries without a step that a retry passes over, each with one read. A later one must be named. */
const MAX_PASSED_OVER = 10;

/**
 * Creates the job that retries an ended one. Repeated calls return the same new job, also calls at the same time. Where a file
 * or a result of an earlier step is gone, the new job begins at that step, and its message says so. A retry that ended before it
 * ran a step has no results and files of its own: the new job then takes them from the job before it, and names that one.
 * @param fromStep the step to begin at. @default the step that failed
 * @throws AppError JOB_NOT_FOUND, JOB_NOT_ENDED, OPERATION_REMOVED, RETRY_NOT_ALLOWED, INVALID_ARGUMENTS, JOB_ALREADY_RETRIED,
 *   RESOURCE_EXHAUSTED, START_FAILED, or INSUFFICIENT_SCOPE for a job with a callback, which the new job has too
 */
export async function retryJob(
  dependencies: RetryDependencies,
  caller: Caller,
  jobId: string,
  fromStep: string | undefined,
): Promise<Job> {
  beginStart();
  const { owner } = caller;
  const { operations, jobs, limits } = dependencies;
  const named = isJobId(jobId) ? await jobs.get(owner, jobId) : undefined;
  if (!named) throw jobNotFound();
  if (named.callback) requireScopes(caller, SENDING_SCOPES);
  const before = ranNothing(named) ? await jobs.get(owner, named.retriedFrom ?? '') : undefined;
  const retried = before ?? named;
  const plan = planRetry(operations, retried, fromStep ?? (before && named.firstStep));
  const inputHash = hashInput([retried.jobId, plan.fromStep ?? null]);

  let newId = jobIdForRetry(named);
  let earlier = await jobs.get(owner, newId);
  for (let passed = 0; earlier && mayPassOver(earlier) && passed < MAX_PASSED_OVER; passed++) {
    newId = jobIdForRetry(earlier);
    earlier = await jobs.get(owner, newId);
  }
  if (earlier && earlier.error?.code !== ErrorCode.startFailed) {
    if (earlier.inputHash !== inputHash) throw alreadyRetried(earlier);
    return startPending(dependencies, earlier, false);
  }
  const [notified] = await Promise.all([
    dependencies.notifications?.of(owner, retried.operation, retried.callback?.events),
    checkLimits(jobs, limits, owner, retried.operation, Date.now()),
  ]);
  const created = await createFrom(dependencies, retried, plan, newId);
  const newJob = { ...created, inputHash, ...(notified && { notified }) };
  return inStartSpan(
    newJob,
    async (trace) => {
      const { job, created } = await jobs.create({ ...newJob, trace }).catch(async (error: unknown) => {
        // Another call at the same time gave another step.
        const winner = isReused(error) ? await jobs.get(owner, newId) : undefined;
        throw winner ? alreadyRetried(winner) : error;
      });
      return startPending(dependencies, job, created);
    },
    retried.trace,
  );
}

async function createFrom(
  dependencies: RetryDependencies,
  { jobId: retriedFrom, ...retried }: Job,
  { operation, steps, fromStep }: RetryPlan,
  jobId: string,
): Promise<Omit<NewJob, 'inputHash'>> {
  const { owner, input, subject, callback, handedOver, retentionSeconds } = retried;
  const common = {
    jobId,
    // A job that fails to start is created again under this id.
    idempotent: true,
    retriedFrom,
    owner,
    operation: operation.name,
    input,
    ...(subject && { subject }),
    ...(callback && { callback }),
    ...(handedOver !== undefined && { handedOver }),
    retentionSeconds,
    longestRunMs: longestRunMs(operation),
  };
  if (isStateMachineOperation(operation) || fromStep === undefined) {
    await checkRequired(dependencies, operation, input);
    return { ...common, message: `Retry of job ${retriedFrom}.` };
  }
  const needed = steps.slice(0, steps.indexOf(fromStep));
  const { results, lost } = await reuseResults(
    dependencies,
    operation,
    { ...retried, jobId: retriedFrom },
    needed,
  );
  const begin = Object.keys(results).length;
  if (begin === 0) await checkRequired(dependencies, operation, input);
  const firstStep = steps[begin] ?? fromStep;
  // The first step copies the files.
  const reused = JSON.parse(toJson(results).replaceAll(workPrefix(retriedFrom), workPrefix(jobId)));
  const from = lost
    ? `${lost}, so it begins at ${firstStep} and not at ${fromStep}`
    : `It begins at ${firstStep}`;
  return {
    ...common,
    firstStep,
    ...(begin > 0 && { reused }),
    progress: begin / steps.length,
    message: `Retry of job ${retriedFrom}. ${from}.`,
  };
}

/** @throws AppError RETRY_NOT_ALLOWED when an object is gone that the operation requires at its start */
async function checkRequired(
  { workspace }: Pick<RetryDependencies, 'workspace'>,
  operation: OperationDefinition,
  input: Json,
): Promise<void> {
  for (const { key, code, message } of operation.requires?.(Object(input)) ?? []) {
    if (await workspace.has(key)) continue;
    throw new AppError(ErrorCode.retryNotAllowed, message, { details: { code } });
  }
}

/** Whether a job is a retry that ended before its first step, perhaps while it copied files. */
function ranNothing({ status, startedAt, retriedFrom, firstStep }: Job): boolean {
  return (
    isTerminal(status) && startedAt === undefined && retriedFrom !== undefined && firstStep !== undefined
  );
}

/** A retry that failed to start is created again under its id. The execution of another one may still copy files for its id. */
function mayPassOver(job: Job): boolean {
  return ranNothing(job) && job.error?.code !== ErrorCode.startFailed;
}

function isReused(error: unknown): boolean {
  return error instanceof AppError && error.code === ErrorCode.idempotencyKeyReused;
}

function alreadyRetried({ jobId, firstStep }: Job): AppError {
  const from = firstStep ? ` from ${firstStep}` : '';
  return new AppError(
    ErrorCode.jobAlreadyRetried,
    `The job was already retried${from}, as job ${jobId}. Retry that job instead.`,
    { details: { job_id: jobId } },
  );
}
