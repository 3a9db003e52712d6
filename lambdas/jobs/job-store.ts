/**
 * Stores jobs in DynamoDB. Every write is one conditional write, and no other code writes the table. So every text that steps,
 * sandboxes and APIs put on a record is bounded and cleaned here, and each change of a job's life has its log line here.
 */
import { setTimeout as delay } from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateScan,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { batchGet } from '../shared/aws/batch-get.ts';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import { log } from '../shared/observability/log.ts';
import { countUse, sumUsage, type Usage } from '../shared/usage.ts';
import { boundRecord, boundTimelineEvents } from './bound-record.ts';
import {
  firstVersion,
  type InputRequest,
  isTerminal,
  type Job,
  type JobError,
  JobStatus,
  type JobSummary,
  logKeysOf,
  type StoredObject,
} from './job.ts';
import { fromItem, toItem, toSeconds } from './job-item.ts';
import { JobsTable } from './jobs-table.ts';
import { MAX_TIMELINE_BYTES, type TimelineEvent, timelineBytes } from './timeline.ts';
import { type Change, transitionTo } from './transition.ts';
import { type LookedAt, needsSubscribedWatch, needsWatch, type Watched, watchUpdate } from './watch.ts';

/** The job's state does not allow a write. `job` is the current record; undefined when there is none. */
export class TransitionRefused extends Error {
  override readonly name = 'TransitionRefused';
  readonly job: Job | undefined;

  constructor(to: JobStatus, job: Job | undefined) {
    super(
      job
        ? `A ${job.status} job at progress ${job.progress} cannot become ${to}.`
        : `No job found to become ${to}.`,
    );
    this.job = job;
  }
}

export interface JobStoreOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** The fields of a job that its creator sets. */
export type NewJob = Pick<
  Job,
  | 'jobId'
  | 'owner'
  | 'operation'
  | 'input'
  | 'subject'
  | 'inputHash'
  | 'idempotent'
  | 'callback'
  | 'notified'
  | 'handedOver'
  | 'retriedFrom'
  | 'firstStep'
  | 'reused'
  | 'message'
  | 'answers'
  | 'retentionSeconds'
  | 'trace'
> & {
  /** 0..1. @default 0 */
  readonly progress?: number;
  /** Longest time that the operation can run, in milliseconds. With the retention it bounds a job that never ends. */
  readonly longestRunMs: number;
};

const SUMMARY_ATTRIBUTES: readonly (keyof JobSummary)[] = [
  'jobId',
  'operation',
  'status',
  'createdAt',
  'startedAt',
  'endedAt',
  'expiresAt',
  'subject',
  'retriedFrom',
];

/** A position in an owner's list. It omits the owner, which always comes from the caller's credentials. */
export type ListPosition = Pick<Job, 'jobId' | 'createdAt'>;

/** Attributes that the end of a job adds to its record. */
export interface JobEnd {
  readonly step?: string;
  readonly logTail?: readonly string[];
  readonly logs?: Job['logs'];
  /** The whole timeline of an external state machine. @default what the record has */
  readonly timeline?: readonly TimelineEvent[];
  /** What the steps have used, that of the last invocation included. @default what the record has */
  readonly stepUsage?: Usage;
}

/** The longest that a caller waits for the write of its look. It continues, and can be lost: then a later look repeats it. */
const LOOK_WAIT_MS = 100;
const LOOK_TIMEOUT_MS = 2_000;
/** After a failed write of a look, this long no look is written: a table that throttles has more important writes. */
const LOOK_PAUSE_MS = 5_000;

/** A job in the index of open jobs. */
export type OpenJob = Pick<Job, 'jobId' | 'operation' | 'idempotent' | 'createdAt' | 'awaitsUpload'>;

export class JobStore {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #now: () => number;
  /** No look is written before this time. Epoch milliseconds. */
  #looksAt = 0;

  constructor({ client, tableName, now = Date.now }: JobStoreOptions) {
    this.#client = client;
    this.#tableName = tableName;
    this.#now = now;
  }

  /**
   * Creates a job, or finds the job of the same idempotency key. It replaces a job that failed to start.
   * @throws AppError IDEMPOTENCY_KEY_REUSED when the job of the key has a different input.
   */
  async create(newJob: NewJob): Promise<{ readonly job: Job; readonly created: boolean }> {
    const { longestRunMs, ...fields } = newJob;
    const now = this.#now();
    const createdAt = new Date(now).toISOString();
    const job: Job = boundRecord({
      progress: 0,
      ...fields,
      status: JobStatus.pending,
      version: firstVersion({ ...fields, createdAt }),
      createdAt,
      updatedAt: createdAt,
      expiresAt: toSeconds(now + longestRunMs) + newJob.retentionSeconds,
    });
    const isNew = 'attribute_not_exists(jobId)';
    const isGone = 'expiresAt <= :now';
    const neverStarted = '#error.#code = :startFailed';
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#tableName,
          Item: toItem({ ...job, openOwner: job.owner }),
          ConditionExpression: `${isNew} OR ${isGone} OR ${neverStarted}`,
          ExpressionAttributeNames: { '#error': 'error', '#code': 'code' },
          ExpressionAttributeValues: toItem({
            ':now': toSeconds(now),
            ':startFailed': ErrorCode.startFailed,
          }),
        }),
      );
      logChange('Job created', job, { retried_from: job.retriedFrom });
      return { job, created: true };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
    const existing = await this.get(job.owner, job.jobId);
    if (existing?.inputHash !== job.inputHash) {
      throw new AppError(
        ErrorCode.idempotencyKeyReused,
        'This idempotency_key was used with different arguments. Repeat those arguments or choose a new key.',
      );
    }
    return { job: existing, created: false };
  }

  /**
   * One read.
   * @returns the job; undefined when it does not exist, has expired or has another owner
   */
  async get(owner: string, jobId: string): Promise<Job | undefined> {
    const job = await this.find(jobId);
    return job && job.owner === owner && job.expiresAt > toSeconds(this.#now()) ? job : undefined;
  }

  /** One batch read per 100 jobs. @returns the owner's jobs among them */
  async getAll(owner: string, jobIds: readonly string[]): Promise<readonly Job[]> {
    const keys = [...new Set(jobIds)].map((jobId) => toItem({ jobId }));
    const items = await batchGet(this.#client, this.#tableName, keys);
    const now = toSeconds(this.#now());
    return items.map(fromItem).filter((job) => job.owner === owner && job.expiresAt > now);
  }

  /**
   * One read for any owner, expired jobs included. Do not use it for a caller: it is for functions that maintain all jobs.
   * Strongly consistent, so that it finds a job that has just started.
   */
  async find(jobId: string): Promise<Job | undefined> {
    countUse('reads');
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#tableName, Key: toItem({ jobId }), ConsistentRead: true }),
    );
    return Item && fromItem(Item);
  }

  /**
   * One read.
   * @returns the end of the watch; undefined when the job has ended or a later invocation has taken over
   */
  async readLease(jobId: string, lease: string): Promise<Pick<Watched, 'watchedUntil'> | undefined> {
    countUse('reads');
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#tableName,
        Key: toItem({ jobId }),
        // A stale read could show the lease of the previous step and stop a healthy one.
        ConsistentRead: true,
        ProjectionExpression: '#status, #lease, #watchedUntil',
        ExpressionAttributeNames: { '#status': 'status', '#lease': 'lease', '#watchedUntil': 'watchedUntil' },
      }),
    );
    if (!Item) return undefined;
    const { status, lease: holder, watchedUntil } = unmarshall(Item);
    return !isTerminal(status) && holder === lease ? { watchedUntil } : undefined;
  }

  /**
   * Notes that somebody looks at a job, so that its steps write their progress often. Writes at most once a minute a job, and
   * nothing for a job whose steps do not run or have just written. Never fails, and takes 100 ms at most.
   * @param job as read
   */
  async watch(job: LookedAt): Promise<void> {
    if (needsWatch(job, this.#now())) await this.#writeLook(job);
  }

  /** The same for a subscriber that receives each `job.progress` of a job. */
  async watchSubscribed(job: LookedAt): Promise<void> {
    if (needsSubscribedWatch(job, this.#now())) await this.#writeLook(job);
  }

  /**
   * Starts a step: the job runs, and the invocation named in `lease` owns it until another one begins. An attempt after a
   * crash keeps the progress of the previous attempt.
   * @param ended the step before, and when it ended in epoch milliseconds
   * @param continues whether the step continues after an API call. It is then no new attempt.
   * @throws TransitionRefused when the job has ended or does not exist.
   */
  async begin(
    jobId: string,
    {
      step,
      progress,
      lease,
      message = `Running ${step}.`,
      ended,
      continues = false,
      leaseBefore,
      ...attributes
    }: {
      readonly step: string;
      readonly progress: number;
      readonly lease: string;
      readonly message?: string;
      readonly ended?: { readonly step: string; readonly ended: number };
      readonly continues?: boolean;
      /** Requires that this attempt held the job until now; null: none did. @default any */
      readonly leaseBefore?: string | null;
      readonly stepUsage?: Usage;
      readonly stepFunction?: Job['stepFunction'];
    },
  ): Promise<Job> {
    const write = (reached: number) =>
      this.#change(jobId, JobStatus.running, {
        set: { step, lease, progress: reached, message, attemptBegan: this.#now(), ...attributes },
        append: continues ? [] : [...(ended ? [ended] : []), { step, began: this.#now() }],
        add: { attempts: 1, transitions: 1 },
        where: { progressStays: true, ...(leaseBefore !== undefined && { leaseBefore }) },
      });
    const job = await write(progress).catch((error: unknown) => {
      const reached = error instanceof TransitionRefused ? error.job?.progress : undefined;
      if (reached === undefined || reached <= progress) throw error;
      return write(reached);
    });
    if (!continues) logChange('Step started', job, { step });
    return job;
  }

  /**
   * Writes the progress of a step.
   * @returns the job after the write
   * @throws TransitionRefused when the job has ended or the invocation lost the lease.
   */
  async report(
    jobId: string,
    lease: string,
    {
      progress,
      message,
      used,
    }: { readonly progress: number; readonly message?: string; readonly used?: Usage },
  ): Promise<Job> {
    return this.#change(jobId, JobStatus.running, {
      set: { progress, ...(message !== undefined && { message }) },
      add: used,
      where: { lease, progressStays: true },
    });
  }

  /**
   * Records the failure of an attempt that its state retries, and takes its lease away. Repeating it changes nothing.
   * @throws TransitionRefused when the job has ended or the invocation lost the lease.
   */
  async recordFailedAttempt(
    jobId: string,
    lease: string,
    {
      step,
      code,
      message,
      used,
    }: Pick<JobError, 'code' | 'message'> & { readonly step: string; readonly used?: Usage },
  ): Promise<void> {
    const leaseAfter = `${lease} failed`;
    const job = await this.#change(jobId, JobStatus.running, {
      set: { message: `${step} failed and is retried: ${message}`, lease: leaseAfter },
      add: used,
      append: [{ step, failed: this.#now(), code, message }],
      where: { lease },
    }).catch((error: unknown) => {
      if (error instanceof TransitionRefused && error.job?.lease === leaseAfter) return undefined;
      throw error;
    });
    if (job) logChange('Attempt failed; its state retries it', job, { step, code });
  }

  /**
   * Writes progress that was read from the execution of an external state machine.
   * @param job as read
   * @throws TransitionRefused when the job has ended or has changed since.
   */
  async recordProgress(
    { jobId, version }: Pick<Job, 'jobId' | 'version'>,
    seen: Partial<Pick<Job, 'progress' | 'step' | 'timeline'>> & { readonly message: string },
  ): Promise<Job> {
    return this.#change(jobId, JobStatus.running, { set: seen, where: { version } });
  }

  /**
   * Records the questions of a step. Its execution waits for the answers.
   * @param job as read
   * @throws TransitionRefused when the job has ended or has changed since.
   */
  async requireInput(
    job: Pick<Job, 'jobId' | 'version'>,
    lease: string,
    {
      used,
      ...asked
    }: {
      readonly step: string;
      readonly inputRequests: Readonly<Record<string, InputRequest>>;
      readonly awaitsUpload?: true;
      readonly taskToken: string;
      readonly message: string;
      readonly used?: Usage;
    },
  ): Promise<void> {
    // The new lease keeps remains of the step's attempt from writing the job.
    const { step } = asked;
    const changed = await this.#change(job.jobId, JobStatus.inputRequired, {
      set: { ...asked, lease },
      append: [{ step, asked: this.#now() }],
      add: sumUsage([used, { waits: 1, transitions: 1 }]),
      where: { version: job.version },
    });
    logChange('Job waits for answers', changed, { step });
  }

  /**
   * Writes answers. After the last answer the job resumes.
   * @param job as read
   * @throws TransitionRefused when the job waits for no answer or has changed since.
   */
  async answer(
    {
      jobId,
      version,
      owner,
      step,
      awaitsUpload,
    }: Pick<Job, 'jobId' | 'version' | 'owner' | 'step' | 'awaitsUpload'>,
    answers: NonNullable<Job['answers']>,
    isComplete: boolean,
  ): Promise<Job> {
    const job = await this.#change(jobId, isComplete ? JobStatus.running : JobStatus.inputRequired, {
      set: {
        answers,
        ...(isComplete && { message: 'Answers received; resuming.' }),
        // Written only when it changes: each write of it writes the index too.
        ...(isComplete && awaitsUpload && { awaitsUpload: false }),
      },
      append: isComplete && step !== undefined ? [{ step, answered: this.#now() }] : [],
      where: { owner, version, statuses: [JobStatus.inputRequired] },
    });
    logChange(isComplete ? 'All answers received' : 'Answer received', job, { step });
    return job;
  }

  /**
   * Completes the job. The invocation of the last step passes its `lease`; the recorder of external executions passes none.
   * @throws TransitionRefused when the job does not run or the invocation lost the lease.
   */
  async complete(
    jobId: string,
    lease: string | undefined,
    end: JobEnd & ({ readonly result: Json } | { readonly resultObject: StoredObject }),
    retentionSeconds: number,
  ): Promise<Job> {
    return this.#end(jobId, JobStatus.completed, retentionSeconds, {
      set: { ...end, progress: 1, message: 'Completed.' },
      where: { lease },
    });
  }

  /**
   * Fails the job. The invocation of a step passes its `lease`; functions that maintain all jobs pass none.
   * @throws TransitionRefused when the job has ended or the invocation lost the lease.
   */
  async fail(
    jobId: string,
    error: JobError,
    {
      retentionSeconds,
      lease,
      used,
      ...end
    }: JobEnd & { readonly retentionSeconds: number; readonly lease?: string; readonly used?: Usage },
  ): Promise<Job> {
    return this.#end(jobId, JobStatus.failed, retentionSeconds, {
      set: { ...end, error, message: error.message },
      add: used,
      where: { lease },
    });
  }

  /** Ends the job as cancelled because an answer refused it. @throws TransitionRefused as `report` does. */
  async refuse(
    jobId: string,
    lease: string,
    end: JobEnd & { readonly message: string },
    retentionSeconds: number,
  ): Promise<Job> {
    return this.#end(jobId, JobStatus.cancelled, retentionSeconds, { set: { ...end }, where: { lease } });
  }

  /** Fails a job whose execution did not start. @throws TransitionRefused when the execution started after all. */
  async failStart(job: Pick<Job, 'jobId' | 'retentionSeconds'>, error: JobError): Promise<Job> {
    return this.#end(job.jobId, JobStatus.failed, job.retentionSeconds, {
      set: { error, message: error.message },
      where: { statuses: [JobStatus.pending] },
    });
  }

  /** Cancels the owner's job. @throws TransitionRefused; its `job` is undefined when the owner has no such job. */
  async cancel(
    owner: string,
    job: Pick<Job, 'jobId' | 'retentionSeconds'>,
    message = 'Cancelled on request.',
  ): Promise<Job> {
    return this.#end(job.jobId, JobStatus.cancelled, job.retentionSeconds, {
      set: { message },
      where: { owner },
    });
  }

  /**
   * One query: the owner's jobs, newest first, without their start and their subject. A page can hold fewer jobs than `limit`,
   * even none, and still have a `next`.
   */
  async list(
    owner: string,
    {
      limit,
      after,
      ...filter
    }: {
      readonly limit: number;
      readonly after?: ListPosition;
      readonly operation?: string;
      readonly status?: JobStatus;
    },
  ): Promise<{ readonly jobs: readonly JobSummary[]; readonly next?: ListPosition }> {
    const filters = Object.entries(filter).filter(([, value]) => value !== undefined);
    const { Items = [], LastEvaluatedKey } = await this.#client.send(
      new QueryCommand({
        TableName: this.#tableName,
        IndexName: JobsTable.ownerIndex.name,
        KeyConditionExpression: '#owner = :owner',
        FilterExpression: ['expiresAt > :now', ...filters.map(([name]) => `#${name} = :${name}`)].join(
          ' AND ',
        ),
        ExpressionAttributeNames: {
          '#owner': 'owner',
          ...Object.fromEntries(filters.map(([name]) => [`#${name}`, name])),
        },
        ExpressionAttributeValues: toItem({
          ':owner': owner,
          ':now': toSeconds(this.#now()),
          ...Object.fromEntries(filters.map(([name, value]) => [`:${name}`, value])),
        }),
        ScanIndexForward: false,
        Limit: limit,
        ExclusiveStartKey: after && toItem({ owner, createdAt: after.createdAt, jobId: after.jobId }),
      }),
    );
    const jobs = Items.map((item) => unmarshall(item) as JobSummary);
    if (!LastEvaluatedKey) return { jobs };
    const { jobId, createdAt } = unmarshall(LastEvaluatedKey) as ListPosition;
    return { jobs, next: { jobId, createdAt } };
  }

  /**
   * One batch read per 100 jobs.
   * @returns the summaries of the owner's jobs among them, complete and as they are now, in the same order
   */
  async summaries(owner: string, jobs: readonly Pick<Job, 'jobId'>[]): Promise<readonly JobSummary[]> {
    const keys = jobs.map(({ jobId }) => toItem({ jobId }));
    const items = await batchGet(this.#client, this.#tableName, keys, ['owner', ...SUMMARY_ATTRIBUTES]);
    const byId = new Map(items.map((item) => unmarshall(item)).map((job) => [job.jobId, job]));
    const now = toSeconds(this.#now());
    return jobs.flatMap(({ jobId }) => {
      const { owner: holder, ...summary } = byId.get(jobId) ?? {};
      return holder === owner && summary.expiresAt > now ? [summary as JobSummary] : [];
    });
  }

  /**
   * One query: the operations of an owner's open jobs. The index lags behind new jobs by moments.
   * @param atMost maximum number of jobs to count
   */
  async openOperations(owner: string, atMost: number): Promise<readonly string[]> {
    const { Items = [] } = await this.#client.send(
      new QueryCommand({
        TableName: this.#tableName,
        IndexName: JobsTable.openIndex.name,
        KeyConditionExpression: 'openOwner = :owner',
        ExpressionAttributeValues: toItem({ ':owner': owner }),
        Limit: atMost,
      }),
    );
    return Items.map((item) => unmarshall(item).operation);
  }

  /**
   * Lists the open jobs of all owners that were created before a time, for functions that maintain all jobs.
   * @param before ISO 8601
   */
  async *openBefore(before: string): AsyncGenerator<OpenJob> {
    const pages = paginateScan(
      { client: this.#client },
      {
        TableName: this.#tableName,
        IndexName: JobsTable.openIndex.name,
        FilterExpression: 'createdAt < :before',
        ExpressionAttributeValues: toItem({ ':before': before }),
      },
    );
    for await (const { Items = [] } of pages) {
      for (const item of Items) yield unmarshall(item) as OpenJob;
    }
  }

  /**
   * One query: the number of jobs that an owner started since a time. The index lags behind new jobs by moments.
   * @param since ISO 8601
   * @param atMost maximum number of jobs to count
   */
  async countStarted(owner: string, since: string, atMost: number): Promise<number> {
    const { Count = 0 } = await this.#client.send(
      new QueryCommand({
        TableName: this.#tableName,
        IndexName: JobsTable.ownerIndex.name,
        KeyConditionExpression: '#owner = :owner AND createdAt >= :since',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ExpressionAttributeValues: toItem({ ':owner': owner, ':since': since }),
        Select: 'COUNT',
        Limit: atMost,
      }),
    );
    return Count;
  }

  /** Ends a job: removes it from the open index and starts its retention. */
  async #end(
    jobId: string,
    to: JobStatus,
    retentionSeconds: number,
    { set, add, where }: Change,
  ): Promise<Job> {
    const now = this.#now();
    const job = await this.#change(jobId, to, {
      set: { ...set, endedAt: new Date(now).toISOString(), expiresAt: toSeconds(now) + retentionSeconds },
      add,
      where,
    });
    const { step, error, createdAt } = job;
    logChange(`Job ${to}`, job, { step, code: error?.code, duration_ms: now - Date.parse(createdAt) });
    return job;
  }

  /** A conditional write without an event: version and time of the job stay. */
  async #writeLook({ jobId }: Pick<Job, 'jobId'>): Promise<void> {
    const now = this.#now();
    if (now < this.#looksAt) return;
    const abortSignal = AbortSignal.timeout(LOOK_TIMEOUT_MS);
    const write = this.#client
      .send(
        new UpdateItemCommand({ TableName: this.#tableName, Key: toItem({ jobId }), ...watchUpdate(now) }),
        { abortSignal },
      )
      .catch((error: unknown) => {
        // The job has ended, or another look has just been written.
        if (error instanceof ConditionalCheckFailedException) return;
        this.#looksAt = now + LOOK_PAUSE_MS;
        log.debug('A look at a job was not written', { ...logKeysOf({ jobId }), error });
      });
    await Promise.race([write, delay(LOOK_WAIT_MS, undefined, { ref: false })]);
  }

  /** The conditional write of every transition. */
  async #change(jobId: string, to: JobStatus, change: Change): Promise<Job> {
    const updatedAt = new Date(this.#now()).toISOString();
    const append = boundTimelineEvents(change.append ?? []);
    try {
      const { Attributes } = await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#tableName,
          Key: toItem({ jobId }),
          ...transitionTo(to, { ...change, set: boundRecord(change.set ?? {}), append }, updatedAt),
          ReturnValues: 'ALL_NEW',
        }),
      );
      return fromItem(Attributes ?? {});
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const job = await this.find(jobId);
      if (job && !hasRoom(job, append)) return this.#change(jobId, to, withShortTimeline(change, job));
      log.debug('A write of a job was refused', { ...logKeysOf({ jobId }), to, status: job?.status });
      const { owner = job?.owner } = change.where ?? {};
      throw new TransitionRefused(to, job?.owner === owner ? job : undefined);
    }
  }
}

/** Logs a change of a job's life: one line that a search by job id finds. Progress has no line: see docs/reference/logs.md. */
function logChange(
  what: string,
  job: Job,
  about: { readonly step?: string; readonly code?: string; readonly [name: string]: unknown },
): void {
  log.info(what, { ...logKeysOf(job), ...about });
}

function hasRoom({ timelineBytes: bytes = 0 }: Job, events: readonly TimelineEvent[]): boolean {
  return events.length === 0 || bytes + timelineBytes(events) <= MAX_TIMELINE_BYTES;
}

/** @param job as read. @returns the same change with the whole timeline, which the store shortens */
function withShortTimeline(
  { set, append = [], where, ...change }: Change,
  { timeline = [], version }: Job,
): Change {
  return { ...change, set: { ...set, timeline: [...timeline, ...append] }, where: { version, ...where } };
}
