/** What becomes of a job whose state machine is the operator's own: as its execution goes, which alone tells of it. */
import { checkedResult } from '../../definition/check-result.ts';
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import {
  isStateMachineOperation,
  type StateMachineOperation,
} from '../../definition/operation-definition.ts';
import type { Workspace } from '../../definition/step-context.ts';
import { executionName, isJobId, isTerminal, type Job, type JobError, JobStatus } from '../../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../../jobs/job-store.ts';
import { AppError } from '../../shared/errors.ts';
import type { Json } from '../../shared/json.ts';
import { placeResult } from '../../workspace/place-result.ts';
import { executionArn } from '../execution-arn.ts';
import { executionFailure } from '../execution-failure.ts';
import type { Observer } from '../execution-progress.ts';
import type { ExecutionFailed, ExecutionState, ExecutionSucceeded, Executions } from '../executions.ts';

export interface ExecutionRecorderDependencies {
  readonly jobs: JobStore;
  readonly executions: Executions;
  readonly observer: Observer;
  readonly workspace: Workspace;
  readonly operations: readonly OperationDefinition[];
}

/** The part that matters of EventBridge's "Step Functions Execution Status Change". */
export interface StatusChanged {
  readonly detail: {
    readonly executionArn: string;
    readonly name: string;
    readonly status: ExecutionState['status'];
    /** Left out when input and output are above 248 KiB together. */
    readonly output?: string | null;
    /** Not in every event of a failure. */
    readonly error?: string | null;
    readonly cause?: string | null;
  };
}

const JOB_ID_LENGTH = 36;

export class ExecutionRecorder {
  readonly #dependencies: ExecutionRecorderDependencies;

  constructor(dependencies: ExecutionRecorderDependencies) {
    this.#dependencies = dependencies;
  }

  /** Most executions of such a machine may be none of ours: what is not named after a job costs nothing. */
  async statusChanged({ detail }: StatusChanged): Promise<void> {
    const { jobs, executions } = this.#dependencies;
    const jobId = detail.name.slice(0, JOB_ID_LENGTH);
    const job = isJobId(jobId) ? await jobs.find(jobId) : undefined;
    const operation = job && this.operationOf(job);
    // The same idempotency key may have made another job since; and anybody may name an execution like a job of another machine.
    if (!job || !operation || executionName(job) !== detail.name) return;
    if (executionArn(job) !== detail.executionArn) return;
    const isWhole = detail.status === 'RUNNING' || (detail.output ?? detail.error) != null;
    const state = isWhole ? (detail as ExecutionState) : await executions.find(job);
    if (state) await this.record(job, operation, state);
  }

  /** @returns undefined when the job's steps are ours, and record themselves how they are doing. */
  operationOf({ operation }: Pick<Job, 'operation'>): StateMachineOperation | undefined {
    return this.#dependencies.operations
      .filter(isStateMachineOperation)
      .find(({ name }) => name === operation);
  }

  /** Once or often, in any order: what has ended stays as it is. */
  async record(job: Job, operation: StateMachineOperation, execution: ExecutionState): Promise<void> {
    try {
      if (execution.status === 'RUNNING') await this.#goesOn(job);
      else if (execution.status === 'SUCCEEDED') await this.#succeeded(job, operation, execution);
      else await this.#failed(job, execution);
    } catch (error) {
      // It was cancelled, or somebody else was told as well.
      if (!(error instanceof TransitionRefused)) throw error;
    }
  }

  async #goesOn(job: Job): Promise<void> {
    const { jobs, executions, observer } = this.#dependencies;
    // Cancelled before there was an execution to stop: no step of ours is there to see it.
    if (job.status === JobStatus.cancelled || job.status === JobStatus.failed) {
      return executions.stop(job, 'The job had ended before it was started.');
    }
    if (job.status === JobStatus.pending) await jobs.follow(job, { message: 'Running.' });
    else await observer.observe(job);
  }

  async #succeeded(
    job: Job,
    operation: StateMachineOperation,
    { output = 'null' }: ExecutionSucceeded,
  ): Promise<void> {
    const { jobs, workspace } = this.#dependencies;
    const { jobId, retentionSeconds } = job;
    if (isTerminal(job.status)) return;
    // The event of its start may come later than that of its end, or just now.
    if (job.status === JobStatus.pending) await this.record(job, operation, { status: 'RUNNING' });
    try {
      const result = checkedResult(operation, JSON.parse(output) as Json);
      const placed = await placeResult(result, workspace, jobId);
      await jobs.complete(jobId, undefined, placed, retentionSeconds);
    } catch (error) {
      if (!(error instanceof AppError) || error.retryable) throw error;
      const { code, message, retryable, cause } = error;
      console.error({ message: 'A state machine put out what its operation does not promise', jobId, cause });
      await jobs.fail(jobId, { code, message, retryable }, { retentionSeconds });
    }
  }

  async #failed(job: Job, { status, error, cause }: ExecutionFailed): Promise<void> {
    const { jobs, observer } = this.#dependencies;
    const { jobId, retentionSeconds } = job;
    if (isTerminal(job.status)) return;
    const { step = job.step } = (await observer.look(job)) ?? {};
    const failure: JobError = { ...executionFailure({ status, error }), ...(step && { step }) };
    await jobs.fail(jobId, failure, { ...(step && { step }), retentionSeconds });
    console.error({
      message: 'An execution did not succeed',
      jobId,
      status,
      error,
      cause: cause?.slice(0, 1_000),
    });
  }
}
