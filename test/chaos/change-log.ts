/** Follows every change of the jobs table: which events must arrive, and which changes the life of a job does not allow. */
import { isDeepStrictEqual } from 'node:util';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type EventType, eventOf } from '../../lambdas/events/event.ts';
import { isTerminal, type Job, JobStatus } from '../../lambdas/jobs/job.ts';
import { fromItem } from '../../lambdas/jobs/job-item.ts';
import type { Item, StreamRecord } from '../../local/dynamodb/stream-record.ts';

/** What is kept of a job: 10,000 whole records would take more memory than the cloud. */
export type FollowedJob = Pick<
  Job,
  'createdAt' | 'error' | 'input' | 'jobId' | 'owner' | 'result' | 'status' | 'step'
> & {
  readonly endedAt?: string;
};

export interface ExpectedEvent {
  readonly owner: string;
  readonly type: EventType;
}

const NEXT: Readonly<Record<JobStatus, readonly JobStatus[]>> = {
  pending: ['pending', 'running', 'failed', 'cancelled'],
  running: ['running', 'input_required', 'completed', 'failed', 'cancelled'],
  input_required: ['input_required', 'running', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
};

export class ChangeLog {
  readonly jobs = new Map<string, FollowedJob>();
  /** By id. */
  readonly events = new Map<string, ExpectedEvent>();
  /** Changes that must not happen. */
  readonly broken: string[] = [];
  ended = 0;
  /** The canary starts jobs too. */
  readonly #owners: ReadonlySet<string>;
  readonly #listeners: ((job: FollowedJob) => void)[] = [];

  /** @param owners whose jobs it follows */
  constructor(owners: readonly string[]) {
    this.#owners = new Set(owners);
  }

  /** Receives the record of each change, in the order of the changes of a job. */
  add({ dynamodb }: StreamRecord): void {
    const { OldImage, NewImage } = dynamodb;
    if (!NewImage) return;
    const before = OldImage && toJob(OldImage);
    const after = toJob(NewImage);
    const { jobId, status, createdAt, error, input, result, step } = after;
    // The user of `arn:aws:iam::000000000000:user/flooder`.
    const owner = after.owner.split('/').at(-1) ?? '';
    if (!this.#owners.has(owner)) return;
    if (before) this.#check(before, after);
    const event = eventOf(before, after);
    if (event) this.events.set(event.id, { owner, type: event.type });
    const { endedAt } = after as { readonly endedAt?: string };
    const job = { jobId, owner, status, createdAt, endedAt, error, input, result, step };
    this.jobs.set(jobId, job);
    if (isTerminal(status)) this.ended += 1;
    for (const listener of this.#listeners) listener(job);
  }

  /** Calls a listener with a job after each change. */
  onChange(listener: (job: FollowedJob) => void): void {
    this.#listeners.push(listener);
  }

  open(): FollowedJob[] {
    return [...this.jobs.values()].filter(({ status }) => !isTerminal(status));
  }

  #check(before: Job, after: Job): void {
    const change = `${after.jobId}: ${before.status} ${before.version} → ${after.status} ${after.version}`;
    if (before.createdAt !== after.createdAt) this.broken.push(`replaced ${change}`);
    if (!NEXT[before.status].includes(after.status)) this.broken.push(`not allowed ${change}`);
    if (after.version !== before.version + 1 && !isLook(before, after)) this.broken.push(`version ${change}`);
    if (after.progress < before.progress) this.broken.push(`progress fell ${change}`);
    if (after.status === JobStatus.completed && after.result === undefined && !after.resultObject)
      this.broken.push(`no result ${change}`);
  }
}

/** Whether a write only notes that somebody looks at the job: it is no new version. */
function isLook({ watchedUntil: _, ...before }: Job, { watchedUntil: _1, ...after }: Job): boolean {
  return isDeepStrictEqual(before, after);
}

function toJob(image: Item): Job {
  return fromItem(image as unknown as Record<string, AttributeValue>);
}
