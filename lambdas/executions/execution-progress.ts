/** Reads the progress of external state machines from their execution history, at most every 2 s per job. */
import { isStateMachineOperation, type OperationDefinition } from '../definition/operation-definition.ts';
import { type Job, JobStatus, logKeysOf } from '../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import type { TimelineEvent } from '../jobs/timeline.ts';
import { log } from '../shared/observability/log.ts';
import type { EnteredStates, ExecutionHistory } from './execution-history.ts';

export interface ExecutionProgressDependencies {
  readonly jobs: JobStore;
  readonly history: ExecutionHistory;
  readonly operations: readonly OperationDefinition[];
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** The progress of an execution at one moment. */
export interface ExecutionSnapshot {
  readonly step: string;
  /** 0..1. */
  readonly progress: number;
  readonly message: string;
  readonly timeline: readonly TimelineEvent[];
}

/** The interval at which the engine's own steps write progress. */
const INTERVAL_MS = 2_000;
/** Maximum number of jobs in memory. Beyond it, the job that was read longest ago drops out. */
const MAX_REMEMBERED = 10_000;

export class ExecutionProgress {
  readonly #dependencies: ExecutionProgressDependencies;
  /** Names of operations with external state machines. */
  readonly #external: ReadonlySet<string>;
  /** Epoch milliseconds of the last read, by job. */
  readonly #readAt = new Map<string, number>();

  constructor(dependencies: ExecutionProgressDependencies) {
    this.#dependencies = dependencies;
    this.#external = new Set(dependencies.operations.filter(isStateMachineOperation).map(({ name }) => name));
  }

  /**
   * Updates a job with an external state machine: one read of its execution per two seconds, and one write when it has
   * progressed. Returns other jobs unchanged at no cost.
   * @returns the current job. It never throws: on a failure it returns the job as read.
   */
  async refresh(job: Job): Promise<Job> {
    if (!this.#external.has(job.operation) || !isUnderWay(job) || this.#wasReadRecently(job)) return job;
    const seen = await this.snapshot(job);
    if (!seen) return job;
    try {
      return await this.#dependencies.jobs.recordProgress(job, seen);
    } catch (error) {
      // Another reader updated the job, or the job has ended.
      if (error instanceof TransitionRefused && error.job?.owner === job.owner) return error.job;
      log.warn('Failed to write the progress of an execution', { ...logKeysOf(job), error });
      return job;
    }
  }

  /**
   * Reads the progress without an interval and without a write.
   * @param job a job with an external state machine
   * @returns undefined when the job already has this progress, or the read failed
   */
  async snapshot(job: Job): Promise<ExecutionSnapshot | undefined> {
    try {
      const found = await this.#dependencies.history.enteredStates(job);
      return found && snapshotOf(found, job);
    } catch (error) {
      log.warn('Failed to read the history of an execution', { ...logKeysOf(job), error });
      return undefined;
    }
  }

  #wasReadRecently({ jobId, updatedAt }: Job): boolean {
    const { now = Date.now } = this.#dependencies;
    const last = Math.max(Date.parse(updatedAt), this.#readAt.get(jobId) ?? 0);
    if (now() - last < INTERVAL_MS) return true;
    this.#readAt.delete(jobId);
    this.#readAt.set(jobId, now());
    const [oldest = ''] = this.#readAt.keys();
    if (this.#readAt.size > MAX_REMEMBERED) this.#readAt.delete(oldest);
    return false;
  }
}

function isUnderWay({ status }: Job): boolean {
  return status === JobStatus.pending || status === JobStatus.running;
}

/**
 * Progress is the number of completed states divided by all states. It counts states that the execution will skip, so the
 * execution can end well below 1. It does not count the current state, so progress stays below 1 until the end.
 * @returns undefined when the job already has this progress
 */
function snapshotOf({ states, entered, entries }: EnteredStates, job: Job): ExecutionSnapshot | undefined {
  const [step] = entered;
  if (step === undefined) return undefined;
  const progress = Math.max(job.progress, (entered.length - 1) / states.length);
  if (job.status === JobStatus.running && progress === job.progress && step === job.step) return undefined;
  return { step, progress, message: `Running ${step}.`, timeline: timelineOf(entries, job) };
}

/**
 * Returns the span of each state, from its first entry until the execution left it for the last time. The record has those
 * states that a page of history no longer shows.
 */
function timelineOf(
  entries: EnteredStates['entries'],
  { timeline = [] }: Pick<Job, 'timeline'>,
): readonly TimelineEvent[] {
  const spans = new Map<string, { began?: number; ended?: number | undefined }>();
  for (const { step, ...event } of timeline) spans.set(step, { ...spans.get(step), ...event });
  for (const [index, { state, atMs }] of entries.entries())
    spans.set(state, { began: spans.get(state)?.began ?? atMs, ended: entries[index + 1]?.atMs });
  return [...spans].flatMap(([step, { began, ended }]) => [
    ...(began === undefined ? [] : [{ step, began }]),
    ...(ended === undefined ? [] : [{ step, ended }]),
  ]);
}
