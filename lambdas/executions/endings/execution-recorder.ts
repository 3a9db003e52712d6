/** Records the progress and the end of executions of external state machines on their jobs. */
import { checkResult } from '../../definition/check-result.ts';
import {
  isStateMachineOperation,
  type OperationDefinition,
  type StateMachineOperation,
} from '../../definition/operation-definition.ts';
import type { Workspace } from '../../definition/step-context.ts';
import {
  executionName,
  isTerminal,
  type Job,
  type JobError,
  JobStatus,
  leadingJobId,
  logKeysOf,
} from '../../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../../jobs/job-store.ts';
import { AppError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { log } from '../../shared/observability/log.ts';
import { placeResult } from '../../workspace/place-result.ts';
import { executionArn } from '../execution-arn.ts';
import { executionFailure } from '../execution-failure.ts';
import type { ExecutionProgress } from '../execution-progress.ts';
import type { ExecutionFailed, ExecutionState, ExecutionSucceeded, Executions } from '../executions.ts';

export interface ExecutionRecorderDependencies {
  readonly jobs: JobStore;
  readonly executions: Executions;
  readonly executionProgress: ExecutionProgress;
  readonly workspace: Workspace;
  readonly operations: readonly OperationDefinition[];
}

/** The fields in use of EventBridge's "Step Functions Execution Status Change". */
export interface StatusChanged {
  readonly detail: {
    readonly executionArn: string;
    readonly name: string;
    readonly status: ExecutionState['status'];
    /** Missing when input and output exceed 248 KiB together. */
    readonly output?: string | null;
    /** Missing in some failure events. */
    readonly error?: string | null;
    readonly cause?: string | null;
  };
}

export class ExecutionRecorder {
  readonly #dependencies: ExecutionRecorderDependencies;

  constructor(dependencies: ExecutionRecorderDependencies) {
    this.#dependencies = dependencies;
  }

  /** Handles a status event. It ignores executions that are not named like a job, without a read. */
  async statusChanged({ detail }: StatusChanged): Promise<void> {
    const { jobs, executions } = this.#dependencies;
    const jobId = leadingJobId(detail.name);
    const job = jobId === undefined ? undefined : await jobs.find(jobId);
    const operation = job && this.operationOf(job);
    // The idempotency key may have created another job since. An execution of any state machine can have the name of a job.
    if (!job || !operation || executionName(job) !== detail.name) return;
    if (executionArn(job) !== detail.executionArn) return;
    const isComplete = detail.status === 'RUNNING' || (detail.output ?? detail.error) != null;
    const state = isComplete ? (detail as ExecutionState) : await executions.find(job);
    if (state) await this.record(job, operation, state);
  }

  /** @returns the operation of a job with an external state machine; undefined for jobs whose steps record themselves */
  operationOf({ operation }: Pick<Job, 'operation'>): StateMachineOperation | undefined {
    return this.#dependencies.operations
      .filter(isStateMachineOperation)
      .find(({ name }) => name === operation);
  }

  /** Records a state of the execution. Repeated and unordered calls are safe: a job that has ended does not change. */
  async record(job: Job, operation: StateMachineOperation, execution: ExecutionState): Promise<void> {
    try {
      if (execution.status === 'RUNNING') await this.#running(job);
      else if (execution.status === 'SUCCEEDED') await this.#succeeded(job, operation, execution);
      else await this.#failed(job, execution);
    } catch (error) {
      // The job was cancelled, or another function recorded the same state.
      if (!(error instanceof TransitionRefused)) throw error;
    }
  }

  async #running(job: Job): Promise<void> {
    const { jobs, executions, executionProgress } = this.#dependencies;
    // The job ended before its execution started. External steps do not notice it, so stop the execution.
    if (job.status === JobStatus.cancelled || job.status === JobStatus.failed) {
      return executions.stop(job, 'The job ended before its execution started.');
    }
    if (job.status === JobStatus.pending) await jobs.recordProgress(job, { message: 'Running.' });
    else await executionProgress.refresh(job);
  }

  async #succeeded(
    job: Job,
    operation: StateMachineOperation,
    { output = 'null' }: ExecutionSucceeded,
  ): Promise<void> {
    const { jobs, workspace, executionProgress } = this.#dependencies;
    const { jobId, retentionSeconds } = job;
    if (isTerminal(job.status)) return;
    // The start event can arrive after the end event.
    if (job.status === JobStatus.pending) await this.record(job, operation, { status: 'RUNNING' });
    try {
      const result = checkResult(operation, JSON.parse(output) as Json);
      const placed = await placeResult(result, workspace, jobId);
      const { timeline } = (await executionProgress.snapshot(job)) ?? {};
      await jobs.complete(jobId, undefined, { ...placed, ...(timeline && { timeline }) }, retentionSeconds);
    } catch (error) {
      if (!(error instanceof AppError) || error.retryable) throw error;
      const { code, message, retryable, cause } = error;
      log.error('The output of a state machine does not match its operation', { ...logKeysOf(job), cause });
      await jobs.fail(jobId, { code, message, retryable }, { retentionSeconds });
    }
  }

  async #failed(job: Job, { status, error, cause }: ExecutionFailed): Promise<void> {
    const { jobs, executionProgress } = this.#dependencies;
    const { jobId, retentionSeconds } = job;
    if (isTerminal(job.status)) return;
    const { step = job.step, timeline } = (await executionProgress.snapshot(job)) ?? {};
    const failure: JobError = { ...executionFailure({ status, error }), ...(step && { step }) };
    await jobs.fail(jobId, failure, {
      ...(step && { step }),
      ...(timeline && { timeline }),
      retentionSeconds,
    });
    log.error('An execution failed', { ...logKeysOf(job), status, error, cause });
  }
}
