/** Jobs behind the methods of tasks: found, ended and collected alike in both generations. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import type { OperationDefinition } from '../../definition/operation-definition.ts';
import { cancelJob } from '../../executions/cancel.ts';
import type { Observer } from '../../executions/execution-progress.ts';
import type { Executions } from '../../executions/executions.ts';
import { isJobId, isTerminal, type Job } from '../../jobs/job.ts';
import { jobNotFound } from '../../jobs/job-errors.ts';
import type { JobStore } from '../../jobs/job-store.ts';
import type { PollIntervals } from '../../jobs/poll-intervals.ts';
import type { Pace } from '../../shared/rate-limiter.ts';
import type { WorkspaceLinks } from '../../workspace/workspace-links.ts';
import { answerJob, toEndResult } from '../job-result.ts';
import type { ElicitationModes } from '../protocol-method.ts';
import { toDetailedTask } from '../task-mapping.ts';

export interface TaskJobsOptions {
  readonly operations: readonly OperationDefinition[];
  readonly jobs: JobStore;
  readonly executions: Executions;
  readonly observer: Observer;
  readonly workspace: WorkspaceLinks;
  readonly pace: Pace;
  readonly polls: PollIntervals;
}

/** A job that has ended waits for nothing that only some may see. */
const NOBODY = { scopes: [] };

export class TaskJobs {
  readonly #options: TaskJobsOptions;

  constructor(options: TaskJobsOptions) {
    this.#options = options;
  }

  /** One read; more of a state machine of the operator's own, which is looked at. @throws AppError JOB_NOT_FOUND, whether it is unknown or somebody else's; RESOURCE_EXHAUSTED */
  async find(owner: string, taskId: string): Promise<Job> {
    const { jobs, observer, pace } = this.#options;
    if (!isJobId(taskId)) throw jobNotFound();
    pace.check(owner, taskId);
    const job = await jobs.get(owner, taskId);
    if (!job) throw jobNotFound();
    return observer.observe(job);
  }

  /** One read for all of them, 100 at most; those that are not there, or somebody else's, are left out. */
  async findAll(owner: string, taskIds: readonly string[]): Promise<readonly Job[]> {
    const { jobs, observer } = this.#options;
    const found = await jobs.getAll(owner, taskIds.filter(isJobId));
    return Promise.all(found.map((job) => observer.observe(job)));
  }

  /** @throws AppError JOB_NOT_FOUND, JOB_ALREADY_ENDED */
  async cancel(owner: string, taskId: string): Promise<Job> {
    return cancelJob(this.#options, owner, taskId);
  }

  pollIntervalMs(job: Job): number | undefined {
    return this.#options.polls.next(job);
  }

  /** What the call would have been answered with, had it waited for the end: only of a job that has ended. */
  async result(job: Job): Promise<CallToolResult> {
    const { operations, workspace, polls } = this.#options;
    const operation = operations.find(({ name }) => name === job.operation);
    return toEndResult(job, await answerJob(job, { operation, workspace, polls, caller: NOBODY }));
  }

  /** A task of the extension as `tasks/get` and notifications show it. */
  async detail(job: Job, elicits: ElicitationModes) {
    const result = isTerminal(job.status) ? await this.result(job) : undefined;
    return toDetailedTask(job, this.pollIntervalMs(job), elicits, result);
  }
}
