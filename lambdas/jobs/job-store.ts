/** Jobs in DynamoDB: every write is one conditional write, and nothing else writes the table. */
import {
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  paginateScan,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { AppError, ErrorCode } from '../shared/errors.ts';
import type { Json } from '../shared/json.ts';
import {
  firstVersion,
  type InputRequest,
  isTerminal,
  type Job,
  type JobError,
  JobStatus,
  type JobSummary,
  type StoredObject,
} from './job.ts';
import { fromItem, toItem, toSeconds } from './job-item.ts';
import { JobsTable } from './jobs-table.ts';
import { type Change, transitionTo } from './transition.ts';

/** A write that the job's state forbade. `job` is the record as it is; undefined when there is none. */
export class TransitionRefused extends Error {
  override readonly name = 'TransitionRefused';
  readonly job: Job | undefined;

  constructor(to: JobStatus, job: Job | undefined) {
    super(job ? `A ${job.status} job at ${job.progress} cannot become ${to}.` : `No job to become ${to}.`);
    this.job = job;
  }
}

export interface JobStoreOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

export type NewJob = Pick<
  Job,
  | 'jobId'
  | 'owner'
  | 'operation'
  | 'input'
  | 'inputHash'
  | 'idempotent'
  | 'callback'
  | 'handedOver'
  | 'answers'
  | 'retentionSeconds'
> & {
  /** The longest time in milliseconds that the operation can take: with the retention it bounds a job that never ends. */
  readonly longestRunMs: number;
};

/** A position in an owner's listing. The owner is not in it: it always comes from the caller's own credentials. */
export type ListPosition = Pick<Job, 'jobId' | 'createdAt'>;

/** What the end of a job adds to its record. */
export interface JobEnd {
  readonly step?: string;
  readonly logTail?: readonly string[];
  readonly logs?: Job['logs'];
}

/** What the index of open jobs holds of one. */
export type OpenJob = Pick<Job, 'jobId' | 'operation' | 'idempotent' | 'createdAt'>;

export class JobStore {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #now: () => number;

  constructor({ client, tableName, now = Date.now }: JobStoreOptions) {
    this.#client = client;
    this.#tableName = tableName;
    this.#now = now;
  }

  /**
   * Creates a job, or finds the one that the same idempotency key made. One that could not be started is made anew.
   * @throws AppError IDEMPOTENCY_KEY_REUSED when that one was made from another input.
   */
  async create(newJob: NewJob): Promise<{ readonly job: Job; readonly created: boolean }> {
    const { longestRunMs, ...fields } = newJob;
    const now = this.#now();
    const createdAt = new Date(now).toISOString();
    const job: Job = {
      ...fields,
      status: JobStatus.pending,
      version: firstVersion({ ...fields, createdAt }),
      progress: 0,
      createdAt,
      updatedAt: createdAt,
      expiresAt: toSeconds(now + longestRunMs) + newJob.retentionSeconds,
    };
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
      return { job, created: true };
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
    }
    const existing = await this.get(job.owner, job.jobId);
    if (existing?.inputHash !== job.inputHash) {
      throw new AppError(
        ErrorCode.idempotencyKeyReused,
        'This idempotency_key was used before with other arguments. Repeat those arguments, or choose a new key.',
      );
    }
    return { job: existing, created: false };
  }

  /**
   * One read: the owner's job, or undefined when there is none, it has expired, or it is somebody else's.
   */
  async get(owner: string, jobId: string): Promise<Job | undefined> {
    const job = await this.find(jobId);
    return job && job.owner === owner && job.expiresAt > toSeconds(this.#now()) ? job : undefined;
  }

  /** One batch read, of 100 jobs at most: those of the owner's that there are. */
  async getAll(owner: string, jobIds: readonly string[]): Promise<readonly Job[]> {
    const keys = [...new Set(jobIds)].map((jobId) => toItem({ jobId }));
    if (keys.length === 0) return [];
    const { Responses = {} } = await this.#client.send(
      new BatchGetItemCommand({ RequestItems: { [this.#tableName]: { Keys: keys, ConsistentRead: true } } }),
    );
    const now = toSeconds(this.#now());
    return (Responses[this.#tableName] ?? [])
      .map(fromItem)
      .filter((job) => job.owner === owner && job.expiresAt > now);
  }

  /**
   * One read, whoever owns the job and however old it is: for those who watch over all jobs, never for a caller. Strongly
   * consistent: a job that was just started must be found.
   */
  async find(jobId: string): Promise<Job | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({ TableName: this.#tableName, Key: toItem({ jobId }), ConsistentRead: true }),
    );
    return Item && fromItem(Item);
  }

  /** One read of whether an invocation still holds the job: it is open and no later invocation has begun. */
  async holds(jobId: string, lease: string): Promise<boolean> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#tableName,
        Key: toItem({ jobId }),
        // A stale read could show the step before, and stop a healthy one.
        ConsistentRead: true,
        ProjectionExpression: '#status, #lease',
        ExpressionAttributeNames: { '#status': 'status', '#lease': 'lease' },
      }),
    );
    if (!Item) return false;
    const { status, lease: holder } = unmarshall(Item);
    return !isTerminal(status) && holder === lease;
  }

  /**
   * A step begins: the job runs, held by the invocation named in `lease` until another begins. An attempt after a crash
   * finds the progress of the one before; what it had reached stays.
   * @throws TransitionRefused when the job has ended or is not there.
   */
  async begin(
    jobId: string,
    {
      step,
      progress,
      lease,
      message = `Running ${step}.`,
    }: {
      readonly step: string;
      readonly progress: number;
      readonly lease: string;
      readonly message?: string;
    },
  ): Promise<Job> {
    const write = (reached: number) =>
      this.#change(jobId, JobStatus.running, {
        set: { step, lease, progress: reached, message },
        where: { progressStays: true },
      });
    try {
      return await write(progress);
    } catch (error) {
      const reached = error instanceof TransitionRefused ? error.job?.progress : undefined;
      if (reached === undefined || reached <= progress) throw error;
      return write(reached);
    }
  }

  /** A step says how far it is. @throws TransitionRefused when the job has ended, or the invocation no longer holds it. */
  async report(
    jobId: string,
    lease: string,
    { progress, message }: { readonly progress: number; readonly message?: string },
  ): Promise<void> {
    await this.#change(jobId, JobStatus.running, {
      set: { progress, ...(message !== undefined && { message }) },
      where: { lease, progressStays: true },
    });
  }

  /**
   * Somebody has looked at how the execution of a job is doing that cannot say so itself: the job runs, and is so far.
   * @param job as it was read
   * @throws TransitionRefused when the job has ended, or has changed since.
   */
  async follow(
    { jobId, version }: Pick<Job, 'jobId' | 'version'>,
    seen: { readonly progress?: number; readonly step?: string; readonly message: string },
  ): Promise<Job> {
    return this.#change(jobId, JobStatus.running, { set: seen, where: { version } });
  }

  /**
   * A step needs answers: its execution waits until they are here.
   * @param job as it was read
   * @throws TransitionRefused when the job has ended, or has changed since.
   */
  async requireInput(
    job: Pick<Job, 'jobId' | 'version'>,
    lease: string,
    asked: {
      readonly step: string;
      readonly inputRequests: Readonly<Record<string, InputRequest>>;
      readonly taskToken: string;
      readonly message: string;
    },
  ): Promise<void> {
    // The lease: so that nothing that is left of the step moves the job on.
    await this.#change(job.jobId, JobStatus.inputRequired, {
      set: { ...asked, lease },
      where: { version: job.version },
    });
  }

  /**
   * The owner answers. With the last answer the job runs on.
   * @param job as it was read
   * @throws TransitionRefused when it waits for none, or has changed since.
   */
  async answer(
    { jobId, version, owner }: Pick<Job, 'jobId' | 'version' | 'owner'>,
    answers: NonNullable<Job['answers']>,
    isComplete: boolean,
  ): Promise<Job> {
    return this.#change(jobId, isComplete ? JobStatus.running : JobStatus.inputRequired, {
      set: { answers, ...(isComplete && { message: 'Answered: it goes on.' }) },
      where: { owner, version, statuses: [JobStatus.inputRequired] },
    });
  }

  /**
   * All is done. With a `lease`, said by the invocation that holds the job and has run its last step; without, by whoever
   * follows its execution.
   * @throws TransitionRefused when the job does not run, or the invocation no longer holds it.
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
   * The job cannot go on. With a `lease`, said by the invocation that holds it; without, by whoever watches over it.
   * @throws TransitionRefused when the job has ended, or the invocation no longer holds it.
   */
  async fail(
    jobId: string,
    error: JobError,
    {
      retentionSeconds,
      lease,
      ...end
    }: JobEnd & { readonly retentionSeconds: number; readonly lease?: string },
  ): Promise<Job> {
    return this.#end(jobId, JobStatus.failed, retentionSeconds, {
      set: { ...end, error, message: error.message },
      where: { lease },
    });
  }

  /** Whoever was asked has said no. @throws TransitionRefused as `report` does. */
  async refuse(
    jobId: string,
    lease: string,
    end: JobEnd & { readonly message: string },
    retentionSeconds: number,
  ): Promise<Job> {
    return this.#end(jobId, JobStatus.cancelled, retentionSeconds, { set: { ...end }, where: { lease } });
  }

  /** Its execution could not be started. @throws TransitionRefused when it was started all the same. */
  async failStart(job: Pick<Job, 'jobId' | 'retentionSeconds'>, error: JobError): Promise<Job> {
    return this.#end(job.jobId, JobStatus.failed, job.retentionSeconds, {
      set: { error, message: error.message },
      where: { statuses: [JobStatus.pending] },
    });
  }

  /** The owner wants it no more. @throws TransitionRefused; its `job` is undefined when the owner has no such job. */
  async cancel(owner: string, job: Pick<Job, 'jobId' | 'retentionSeconds'>): Promise<Job> {
    return this.#end(job.jobId, JobStatus.cancelled, job.retentionSeconds, {
      set: { message: 'Cancelled on request.' },
      where: { owner },
    });
  }

  /** One query: the owner's jobs, newest first. A page may be short of `limit` and still have a `next`. */
  async list(
    owner: string,
    { limit, after }: { readonly limit: number; readonly after?: ListPosition },
  ): Promise<{ readonly jobs: readonly JobSummary[]; readonly next?: ListPosition }> {
    const { Items = [], LastEvaluatedKey } = await this.#client.send(
      new QueryCommand({
        TableName: this.#tableName,
        IndexName: JobsTable.ownerIndex.name,
        KeyConditionExpression: '#owner = :owner',
        FilterExpression: 'expiresAt > :now',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ExpressionAttributeValues: toItem({ ':owner': owner, ':now': toSeconds(this.#now()) }),
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
   * One query: the operations of an owner's jobs that have not ended. It trails what was just started by moments.
   * @param atMost more are not counted
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
   * Every open job, whoever owns it, that was made before a time: for those who watch over all jobs.
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
   * One query: how many jobs an owner has started since a time. It trails what was just started by moments.
   * @param since ISO 8601
   * @param atMost more are not counted
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

  /** Ends a job: it leaves the open index, and is kept for its retention from now on. */
  async #end(jobId: string, to: JobStatus, retentionSeconds: number, { set, where }: Change): Promise<Job> {
    const now = this.#now();
    return this.#change(jobId, to, {
      set: { ...set, endedAt: new Date(now).toISOString(), expiresAt: toSeconds(now) + retentionSeconds },
      where,
    });
  }

  /** The one conditional write behind every transition. */
  async #change(jobId: string, to: JobStatus, change: Change): Promise<Job> {
    const updatedAt = new Date(this.#now()).toISOString();
    try {
      const { Attributes } = await this.#client.send(
        new UpdateItemCommand({
          TableName: this.#tableName,
          Key: toItem({ jobId }),
          ...transitionTo(to, change, updatedAt),
          ReturnValues: 'ALL_NEW',
        }),
      );
      return fromItem(Attributes ?? {});
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      const job = await this.find(jobId);
      const { owner = job?.owner } = change.where ?? {};
      throw new TransitionRefused(to, job?.owner === owner ? job : undefined);
    }
  }
}
