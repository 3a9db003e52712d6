/** Finds, cancels and returns the jobs behind tasks, the same for both protocol eras. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import { cancelJob } from '../../executions/cancel.ts';
import type { ExecutionProgress } from '../../executions/execution-progress.ts';
import type { Executions } from '../../executions/executions.ts';
import type { ExecutionQueue } from '../../executions/queue/execution-queue.ts';
import { answerOpenQuestions } from '../../jobs/input/answer.ts';
import type { Answers } from '../../jobs/input/write-answers.ts';
import { isJobId, isTerminal, type Job, logKeysOf } from '../../jobs/job.ts';
import { jobNotFound } from '../../jobs/job-errors.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import type { PollIntervals } from '../../jobs/poll-intervals.ts';
import { addLogKeys } from '../../shared/observability/log.ts';
import { measurePoll } from '../../shared/observability/request-metrics.ts';
import type { RateLimiter } from '../../shared/rate-limiter.ts';
import type { WorkspaceLinks } from '../../workspace/workspace-links.ts';
import { jobResult, toFinalResult } from '../job-result.ts';
import { measureResult } from '../measure-result.ts';
import type { ElicitationModes } from '../protocol-method.ts';
import { toDetailedTask } from '../task-mapping.ts';

export interface TaskJobsOptions {
  readonly operations: readonly OperationDefinition[];
  readonly jobs: JobStore;
  readonly executions: Executions;
  readonly executionQueue: ExecutionQueue;
  readonly executionProgress: ExecutionProgress;
  readonly workspace: WorkspaceLinks;
  readonly pollRateLimiter: RateLimiter;
  readonly polls: PollIntervals;
}

/** An ended job waits for no upload, so its result needs no scope. */
const NO_SCOPES = { scopes: [] };

export class TaskJobs {
  readonly #options: TaskJobsOptions;

  constructor(options: TaskJobsOptions) {
    this.#options = options;
  }

  /**
   * Costs one read; more for an external state machine, whose execution history it also reads.
   * @throws AppError JOB_NOT_FOUND, the same for an unknown job and another owner's; RESOURCE_EXHAUSTED
   */
  async find(owner: string, taskId: string): Promise<Job> {
    const { jobs, pollRateLimiter } = this.#options;
    if (!isJobId(taskId)) throw jobNotFound();
    await pollRateLimiter.pace(owner, taskId);
    const job = await jobs.get(owner, taskId);
    if (!job) throw jobNotFound();
    addLogKeys(logKeysOf(job));
    measurePoll(job);
    return this.#show(job);
  }

  /** Reads at most 100 jobs at once. Omits unknown jobs and those of other owners. */
  async findAll(owner: string, taskIds: readonly string[]): Promise<readonly Job[]> {
    const found = await this.#options.jobs.getAll(owner, taskIds.filter(isJobId));
    return Promise.all(found.map((job) => this.#show(job)));
  }

  async #show(found: Job): Promise<Job> {
    const { jobs, executionProgress } = this.#options;
    const [job] = await Promise.all([executionProgress.refresh(found), jobs.watch(found)]);
    return job;
  }

  /**
   * Answers open questions of a job, as `answerOpenQuestions` does.
   * @throws AppError JOB_NOT_FOUND, INVALID_ARGUMENTS, CONFLICT
   */
  async answer(owner: string, taskId: string, read: (open: readonly string[]) => Answers): Promise<void> {
    await answerOpenQuestions(this.#options, owner, taskId, read);
  }

  /** @throws AppError JOB_NOT_FOUND, JOB_ALREADY_ENDED */
  async cancel(owner: string, taskId: string): Promise<Job> {
    return cancelJob(this.#options, owner, taskId);
  }

  pollIntervalMs(job: Job): number | undefined {
    return this.#options.polls.next(job);
  }

  /** Returns what the call would have returned if it had waited for the end. Only for a job that has ended. */
  async result(job: Job): Promise<CallToolResult> {
    const { operations, workspace, polls } = this.#options;
    const operation = operations.find(({ name }) => name === job.operation);
    const result = await jobResult(job, { operation, workspace, polls, caller: NO_SCOPES });
    return measureResult(toFinalResult(job, result));
  }

  /** Returns a task of the extension, as `tasks/get` and notifications show it. */
  async detail(job: Job, elicits: ElicitationModes) {
    const result = isTerminal(job.status) ? await this.result(job) : undefined;
    return toDetailedTask(job, this.pollIntervalMs(job), elicits, result);
  }
}
