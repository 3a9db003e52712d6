/** How far a job is whose state machine is the operator's own, and tells nobody: seen when somebody looks. */
import type { OperationDefinition } from '../definition/operation-definition.ts';
import { isStateMachineOperation } from '../definition/operation-definition.ts';
import { type Job, JobStatus } from '../jobs/job.ts';
import { type JobStore, TransitionRefused } from '../jobs/job-store.ts';
import type { ExecutionHistory, Passage } from './execution-history.ts';

export interface ObserverDependencies {
  readonly jobs: JobStore;
  readonly history: ExecutionHistory;
  readonly operations: readonly OperationDefinition[];
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** What a look at a job has shown. */
export interface Sight {
  readonly step: string;
  readonly progress: number;
  readonly message: string;
}

/** As often as a step of ours writes its progress. */
const INTERVAL_MS = 2_000;
/** Jobs remembered; beyond, the one that was looked at longest ago is forgotten. */
const MAX_REMEMBERED = 10_000;

export class Observer {
  readonly #dependencies: ObserverDependencies;
  readonly #observed: ReadonlySet<string>;
  /** Epoch milliseconds, by job. */
  readonly #lookedAt = new Map<string, number>();

  constructor(dependencies: ObserverDependencies) {
    this.#dependencies = dependencies;
    this.#observed = new Set(dependencies.operations.filter(isStateMachineOperation).map(({ name }) => name));
  }

  /**
   * A job whose steps are ours is as it was read, at no cost. For others one look at their execution in two seconds, and one
   * write when it has got on.
   * @returns the job as it is now. It never throws: what was read is true, if not the latest.
   */
  async observe(job: Job): Promise<Job> {
    if (!this.#observed.has(job.operation) || !isUnderWay(job) || this.#wasLookedAt(job)) return job;
    const seen = await this.look(job);
    if (!seen) return job;
    try {
      return await this.#dependencies.jobs.follow(job, seen);
    } catch (error) {
      // Somebody else has looked, or the job has ended.
      if (error instanceof TransitionRefused && error.job?.owner === job.owner) return error.job;
      console.warn({ message: 'What was seen of a job could not be written', jobId: job.jobId, error });
      return job;
    }
  }

  /**
   * The same at once, and without a write.
   * @param job of a machine of the operator's own
   * @returns undefined when it says so already, or nothing can be seen
   */
  async look(job: Job): Promise<Sight | undefined> {
    try {
      const passage = await this.#dependencies.history.passage(job);
      return passage && sightOf(passage, job);
    } catch (error) {
      console.warn({ message: 'A job could not be observed', jobId: job.jobId, error });
      return undefined;
    }
  }

  #wasLookedAt({ jobId, updatedAt }: Job): boolean {
    const { now = Date.now } = this.#dependencies;
    const last = Math.max(Date.parse(updatedAt), this.#lookedAt.get(jobId) ?? 0);
    if (now() - last < INTERVAL_MS) return true;
    this.#lookedAt.delete(jobId);
    this.#lookedAt.set(jobId, now());
    const [oldest = ''] = this.#lookedAt.keys();
    if (this.#lookedAt.size > MAX_REMEMBERED) this.#lookedAt.delete(oldest);
    return false;
  }
}

function isUnderWay({ status }: Job): boolean {
  return status === JobStatus.pending || status === JobStatus.running;
}

/**
 * As of steps: the states that were left, over all that the machine has. Those that it does not come by are counted as well,
 * so that it may end before it is near 1; and the state that it is in is not, so that it is below 1 until then.
 * @returns undefined when that is what the job says already
 */
function sightOf({ states, entered }: Passage, job: Job): Sight | undefined {
  const [step] = entered;
  if (step === undefined) return undefined;
  const progress = Math.max(job.progress, (entered.length - 1) / states.length);
  if (job.status === JobStatus.running && progress === job.progress && step === job.step) return undefined;
  return { step, progress, message: `Running ${step}.` };
}
