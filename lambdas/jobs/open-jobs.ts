/** Reads the open jobs of all owners for operators, without their content: inputs, questions, answers, messages and results. */
import { type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { batchGet } from '../shared/aws/batch-get.ts';
import { isTerminal, type Job, type JobStatus } from './job.ts';
import { toItem, toSeconds } from './job-item.ts';
import { JobsTable } from './jobs-table.ts';

/** The attributes of a job that concern its operation. */
const OPERATED_ATTRIBUTES = [
  'jobId',
  'owner',
  'operation',
  'status',
  'progress',
  'step',
  'error',
  'retriedFrom',
  'createdAt',
  'startedAt',
  'updatedAt',
  'endedAt',
  'expiresAt',
] as const satisfies readonly (keyof Job)[];

/** A job without its content. */
export type OperatedJob = Pick<Job, (typeof OPERATED_ATTRIBUTES)[number]>;

/** A position in the index of open jobs. */
export type OpenPosition = Pick<Job, 'owner' | 'createdAt' | 'jobId'>;

export interface OpenJobsOptions {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number;
}

/** Open jobs that a page is filtered from: one page of the index and one batch read. */
const JOBS_PER_SCAN = 100;
/** Bounds the time of a call, and its reads to a thousand jobs. A page may then hold fewer jobs than asked for, even none. */
const MAX_SCANS = 10;

export class OpenJobs {
  readonly #options: OpenJobsOptions;

  constructor(options: OpenJobsOptions) {
    this.#options = options;
  }

  /**
   * Lists open jobs in no particular order. The index lags behind new jobs by moments.
   * @returns a page of at most `limit` jobs; `next` when there may be more
   */
  async list({
    limit,
    after,
    operation,
    status,
  }: {
    readonly limit: number;
    readonly after?: OpenPosition;
    readonly operation?: string;
    readonly status?: JobStatus;
  }): Promise<{ readonly jobs: readonly OperatedJob[]; readonly next?: OpenPosition }> {
    const isFiltered = operation !== undefined || status !== undefined;
    const found: OperatedJob[] = [];
    let position = after;
    for (let scans = 0; scans < MAX_SCANS; scans++) {
      const page = await this.#scan(isFiltered ? JOBS_PER_SCAN : limit, position, operation);
      const jobs = await this.find(page.jobIds);
      // The index may still have jobs that have ended.
      const matching = jobs.filter((job) => (status ? job.status === status : !isTerminal(job.status)));
      const room = limit - found.length;
      found.push(...matching.slice(0, room));
      const last = found.at(-1);
      if (matching.length > room && last) return { jobs: found, next: positionOf(last) };
      position = page.next;
      if (!position || !isFiltered || found.length === limit) break;
    }
    return { jobs: found, ...(position && { next: position }) };
  }

  /** One batch read per 100 jobs. @returns the jobs that exist, in the same order */
  async find(jobIds: readonly string[]): Promise<readonly OperatedJob[]> {
    const { client, tableName, now = Date.now } = this.#options;
    const keys = [...new Set(jobIds)].map((jobId) => toItem({ jobId }));
    const items = await batchGet(client, tableName, keys, OPERATED_ATTRIBUTES);
    const byId = new Map(items.map((item) => unmarshall(item) as OperatedJob).map((job) => [job.jobId, job]));
    const nowSeconds = toSeconds(now());
    return jobIds.flatMap((jobId) => byId.get(jobId) ?? []).filter((job) => job.expiresAt > nowSeconds);
  }

  async #scan(limit: number, after: OpenPosition | undefined, operation: string | undefined) {
    const { client, tableName } = this.#options;
    const { Items = [], LastEvaluatedKey } = await client.send(
      new ScanCommand({
        TableName: tableName,
        IndexName: JobsTable.openIndex.name,
        Limit: limit,
        ...(operation !== undefined && {
          FilterExpression: '#operation = :operation',
          ExpressionAttributeNames: { '#operation': 'operation' },
          ExpressionAttributeValues: toItem({ ':operation': operation }),
        }),
        ExclusiveStartKey:
          after && toItem({ openOwner: after.owner, createdAt: after.createdAt, jobId: after.jobId }),
      }),
    );
    const jobIds = Items.map((item) => unmarshall(item).jobId as string);
    if (!LastEvaluatedKey) return { jobIds };
    const { openOwner: owner, createdAt, jobId } = unmarshall(LastEvaluatedKey);
    return { jobIds, next: { owner, createdAt, jobId } as OpenPosition };
  }
}

function positionOf({ owner, createdAt, jobId }: OperatedJob): OpenPosition {
  return { owner, createdAt, jobId };
}
